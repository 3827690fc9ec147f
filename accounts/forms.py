"""Forms of the account pages: the shape of what came in."""

from allauth.account import forms as allauth_forms
from allauth.account.utils import filter_users_by_email
from crispy_forms.helper import FormHelper
from django import forms
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import hooks
from accounts.models import User
from accounts.names import skeleton
from accounts.validators import NAME_MAX_LENGTH, NAME_MIN_LENGTH, clean_up, validate_display_name

_EMAIL = _("E-mail address")
_NAME_TAKEN = _("Somebody already uses this name or one that looks like it. Please choose another.")


class NameTakenError(Exception):
    """Somebody else took the name between the look and the write; the form says so."""


class DisplayNameField(forms.CharField):
    """A display name, tidied before it is judged."""

    def __init__(self, **options):
        super().__init__(
            label=_("Display name"),
            strip=True,
            validators=[validate_display_name],
            widget=forms.TextInput(
                attrs={
                    "autocomplete": "nickname",
                    "autocapitalize": "words",
                    "spellcheck": "false",
                    "minlength": NAME_MIN_LENGTH,
                    "maxlength": NAME_MAX_LENGTH,
                }
            ),
            **options,
        )

    def to_python(self, value):
        """Single spaces, and plain forms of the characters; what is far too long is only told to be so."""
        name = super().to_python(value)
        return clean_up(name) if len(name) <= 4 * NAME_MAX_LENGTH else name


class Trap(forms.TextInput):
    """The widget of a field that people do not see and that programs fill in."""


class SignupForm(allauth_forms.SignupForm):
    """Somebody new: a name others will see, an address nobody will, and a password if they want one.

    An address that has an account already is treated like a new one, down to the work done and the name taken.
    """

    field_order = ["display_name", "email", "password1"]

    display_name = DisplayNameField(
        help_text=_("Everybody sees this name beside what you write. It need not be your real name.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _EMAIL
        self.fields["email"].help_text = _(
            "Only for signing in and for news you ask for. Readers never see it; moderators can."
        )
        self.fields["password1"].help_text = _(
            "At least 10 characters. Leave it empty to sign in by a code sent to your address."
        )
        self.fields["website"].label = _("Leave this empty")
        self.fields["website"].widget = Trap(attrs={"tabindex": "-1", "autocomplete": "off"})

    def clean_display_name(self):
        """The name, if nobody has it."""
        name = self.cleaned_data["display_name"]
        if not User.objects.name_is_free(name):
            raise ValidationError(_NAME_TAKEN, code="taken")
        return name

    def clean(self):
        """The password must not resemble the name either; allauth compares it with the address only."""
        cleaned = super().clean()
        password = cleaned.get("password1")
        if password and not self.has_error("password1"):
            person = User(email=cleaned.get("email", ""), display_name=cleaned.get("display_name", ""))
            try:
                validate_password(password, person)
            except ValidationError as error:
                self.add_error("password1", error)
        return cleaned

    def try_save(self, request):
        """The new person, or allauth's answer to an address it knows; raises NameTakenError, form told."""
        if self.account_already_exists:
            return self._meet_again(request)
        try:
            with transaction.atomic():
                return super().try_save(request)
        except IntegrityError:
            # two at once: the other one has the address, or the name
            if User.objects.filter(email__iexact=self.cleaned_data["email"]).exists():
                self.account_already_exists = True
                return self._meet_again(request)
            self.add_error("display_name", ValidationError(_NAME_TAKEN, code="taken"))
            raise NameTakenError from None

    def _meet_again(self, request):
        if not self.cleaned_data["website"]:
            # as long as making an account takes, and with the same effect on the name
            make_password(self.cleaned_data.get("password1") or None)
            for holder in filter_users_by_email(self.cleaned_data["email"])[:1]:
                holder.hold_name(skeleton(self.cleaned_data["display_name"]))
        return super().try_save(request)


class LoginForm(allauth_forms.LoginForm):
    """Sign-in by password; its page offers the code first, by `code_form`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _EMAIL

    @property
    def code_form(self):
        """The form for a sign-in code, with the address typed so far."""
        return RequestLoginCodeForm(initial={"email": self.data.get("login", "")}, auto_id="code_%s")


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):
    """Asks for a sign-in code."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _EMAIL


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    """Asks for a code that allows a new password."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _EMAIL


class AddEmailForm(allauth_forms.AddEmailForm):
    """Asks for another address in place of the present one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New e-mail address")


class _NewPassword:
    """Our words around a new password, typed twice."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = _("At least 10 characters; not your name, not one that many people use.")
        self.fields["password2"].label = _("The same again")


class ChangePasswordForm(_NewPassword, allauth_forms.ChangePasswordForm):
    """A new password in place of the present one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Present password")


class SetPasswordForm(_NewPassword, allauth_forms.SetPasswordForm):
    """A first password."""


class ResetPasswordKeyForm(_NewPassword, allauth_forms.ResetPasswordKeyForm):
    """A new password in place of a forgotten one."""


class ProfileForm(forms.ModelForm):
    """A member's own display name; the one they leave stays theirs and goes to nobody else."""

    display_name = DisplayNameField(
        help_text=_("Everybody sees this name, also beside what you wrote before. Your old name stays yours.")
    )

    class Meta:
        model = User
        fields = ["display_name"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.old_key = self.instance.name_key
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean_display_name(self):
        """The name, if it is free or this member's own."""
        name = self.cleaned_data["display_name"]
        if not User.objects.name_is_free(name, person=self.instance):
            raise ValidationError(_NAME_TAKEN, code="taken")
        return name

    def save(self, commit=True):
        """Renames the member; raises NameTakenError, with the error in the form, if somebody was faster."""
        person = User.objects.get(pk=self.instance.pk)
        person.rename(self.cleaned_data["display_name"])
        try:
            with transaction.atomic():
                # Apps lock their rows before the person: a reply, which holds its thread, may wait for the person.
                for act in hooks.before_rename:
                    act(person)
                person.save(update_fields=["display_name", "name_key"])
                if person.name_key != self.old_key:
                    person.hold_name(self.old_key)
        except IntegrityError:
            self.add_error("display_name", ValidationError(_NAME_TAKEN, code="taken"))
            raise NameTakenError from None
        return person
