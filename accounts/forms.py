"""Forms of the account pages. They check input; the models change state."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.core import context, ratelimit
from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import hooks, unconfirmed
from accounts.addresses import canonical, checked
from accounts.models import User
from accounts.names import skeleton
from accounts.preferences import time_zones
from accounts.validators import NAME_MAX_LENGTH, clean_up, validate_display_name
from forum.ratelimit import hashed_address

_EMAIL = _("E-mail address")
_NAME_TAKEN = _("Somebody already uses this name or one that looks like it. Please choose another.")


class NameTakenError(Exception):
    """Raised when another user takes the name between the check and the write; the form has the error."""


class DisplayNameField(forms.CharField):
    """A field for a display name, which is normalized before it is validated."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Display name"),
            strip=True,
            validators=[validate_display_name],
            widget=forms.TextInput(
                attrs={
                    "autocomplete": "nickname",
                    "autocapitalize": "words",
                    "spellcheck": "false",
                }
            ),
            **options,
        )

    def to_python(self, value: object) -> str:
        """Return the normalized name (see `clean_up`); a far too long name is left as it is for the length check."""
        name = super().to_python(value) or ""
        return clean_up(name) if len(name) <= 4 * NAME_MAX_LENGTH else name


class Trap(forms.TextInput):
    """The widget of a honeypot field: hidden from people, filled in by bots."""


class SignupForm(allauth_forms.SignupForm):
    """The sign-up form: a public display name, a private e-mail address, and an optional password.

    An address that already has an account is treated like a new one: the form does the same work and reserves the name,
    so that the answer does not reveal whether the account exists. An account that nobody has confirmed is replaced (see
    accounts.unconfirmed).
    """

    field_order = ["display_name", "email", "password1"]
    account_already_exists: bool
    holder: User | None = None

    display_name = DisplayNameField(
        help_text=_("Everybody sees this name beside what you write. It need not be your real name.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
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

    def clean_email(self) -> str:
        """Return the address in the form in which it is stored; raises allauth's ValidationErrors."""
        self.cleaned_data["email"] = checked(self.cleaned_data["email"])
        return super().clean_email()

    def clean_display_name(self) -> str:
        """Return the name; raises ValidationError if it is taken."""
        name = self.cleaned_data["display_name"]
        if not User.objects.name_is_free(name):
            raise ValidationError(_NAME_TAKEN, code="taken")
        return name

    def clean(self) -> dict[str, Any]:
        """Also compare the password with the display name, as allauth does not, and count the mail to the address."""
        cleaned = super().clean()
        password = cleaned.get("password1")
        if password and not self.has_error("password1"):
            person = User(email=cleaned.get("email", ""), display_name=cleaned.get("display_name", ""))
            try:
                validate_password(password, person)
            except ValidationError as error:
                self.add_error("password1", error)
        if not self.errors:
            try:
                _count_code(cleaned["email"], "sign_up")
            except ValidationError as error:
                self.add_error("email", error)
        return cleaned

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Return the user and None, or None and allauth's response for an address that has a confirmed account.

        Raises NameTakenError, with the error in the form, if another user took the name meanwhile.
        """
        try:
            with transaction.atomic():
                self._lock_holder()
                if self.account_already_exists:
                    self._meet_again()
                return super().try_save(request)
        except IntegrityError:
            # another request took the address or the name at the same time
            if self.holder is None and User.objects.with_address(self.cleaned_data["email"]).exists():
                return self.try_save(request)
            self.add_error("display_name", ValidationError(_NAME_TAKEN, code="taken"))
            raise NameTakenError from None

    def save(self, request: HttpRequest) -> User:
        """Save and return the user: a new one, or the unconfirmed one with the address, whose data are replaced."""
        if self.holder is None:
            person = super().save(request)
        else:
            self.holder.joined_at = timezone.now()
            person = get_adapter().save_user(request, self.holder, self)
        person.hold_name(person.name_key, expires_at=timezone.now() + unconfirmed.KEPT_FOR)
        unconfirmed.remember_sign_up(request, person)
        return person

    def _lock_holder(self) -> None:
        """Set `holder`, the user who has the address, and whether that is a confirmed account."""
        found = User.objects.with_any_address(self.cleaned_data["email"])
        self.holder = found and User.objects.select_for_update(no_key=True).filter(pk=found.pk).first()
        if self.holder is not None:
            self.account_already_exists = self.holder.has_confirmed_address()

    def _meet_again(self) -> None:
        """Do as much work for an address that has an account as for a new one, and reserve the name, too."""
        if self.cleaned_data["website"]:
            return
        make_password(self.cleaned_data.get("password1") or None)
        if self.holder is not None:
            key = skeleton(self.cleaned_data["display_name"])
            self.holder.hold_name(key, expires_at=timezone.now() + unconfirmed.KEPT_FOR)


class LoginForm(allauth_forms.LoginForm):
    """The form to sign in by password; its page also shows `code_form`, and shows it first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _EMAIL

    def clean_login(self) -> str:
        """Return the address in the form in which it is stored."""
        return canonical(super().clean_login())

    @property
    def code_form(self) -> "RequestLoginCodeForm":
        """Return the form that requests a sign-in code, filled in with the address typed so far."""
        return RequestLoginCodeForm(initial={"email": self.data.get("login", "")}, auto_id="code_%s")


def _count_code(email: str, purpose: str) -> None:
    """Count a mail with a code for `purpose` to `email`; raises ValidationError if there were too many."""
    request, name = context.request, email.lower()
    network = f"{purpose} {name} {hashed_address(request)}"
    if not (
        ratelimit.consume(request, action="code_from_network", key=network)
        and ratelimit.consume(request, action="code", key=name)
    ):
        raise get_adapter().validation_error("too_many_codes")


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):
    """The form that requests a sign-in code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _EMAIL

    def clean_email(self) -> str:
        """Return the address; raises ValidationError if it got too many codes."""
        self.cleaned_data["email"] = checked(self.cleaned_data["email"])
        email = super().clean_email()
        _count_code(email, "sign_in")
        return email


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    """The form that requests a code for setting a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _EMAIL

    def clean_email(self) -> str:
        """Return the address; raises ValidationError if it got too many codes."""
        self.cleaned_data["email"] = checked(self.cleaned_data["email"])
        email = super().clean_email()
        _count_code(email, "password_reset")
        return email


class AddEmailForm(allauth_forms.AddEmailForm):
    """The form that replaces the account's e-mail address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New e-mail address")

    def clean_email(self) -> str:
        """Return the address in the form in which it is stored; raises allauth's ValidationErrors."""
        self.cleaned_data["email"] = checked(self.cleaned_data["email"])
        email = super().clean_email()
        _count_code(email, "email")
        return email


class _NewPassword(forms.Form):
    """A mixin with our labels and help texts for a new password and its repetition."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = _("At least 10 characters; not your name, not one that many people use.")
        self.fields["password2"].label = _("Repeat the password")


class ChangePasswordForm(_NewPassword, allauth_forms.ChangePasswordForm):
    """The form that changes the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")


class SetPasswordForm(_NewPassword, allauth_forms.SetPasswordForm):
    """The form that sets a password for an account without one."""


class ResetPasswordKeyForm(_NewPassword, allauth_forms.ResetPasswordKeyForm):
    """The form that sets a new password after a password reset."""


class ProfileForm(forms.ModelForm):
    """The form with which a member changes their display name; the old name stays reserved for them."""

    display_name = DisplayNameField(
        help_text=_("Everybody sees this name, also beside what you wrote before. Nobody else can take your old name.")
    )

    class Meta:
        model = User
        fields = ["display_name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.old_key = self.instance.name_key
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean_display_name(self) -> str:
        """Return the name; raises ValidationError unless it is free or this member's own."""
        name = self.cleaned_data["display_name"]
        if not User.objects.name_is_free(name, person=self.instance):
            raise ValidationError(_NAME_TAKEN, code="taken")
        return name

    def save(self, commit: bool = True) -> User:
        """Rename the member and reserve the old name.

        Raises NameTakenError, with the error in the form, if another user took the name meanwhile.
        """
        person = User.objects.get(pk=self.instance.pk)
        person.rename(self.cleaned_data["display_name"])
        try:
            with transaction.atomic():
                # Other apps must lock their rows before the user's row: a reply locks its thread first, then the user.
                for act in hooks.before_rename:
                    act(person)
                person.save(update_fields=["display_name", "name_key"])
                if person.name_key != self.old_key:
                    person.hold_name(self.old_key)
        except IntegrityError:
            self.add_error("display_name", ValidationError(_NAME_TAKEN, code="taken"))
            raise NameTakenError from None
        return person


class TimeZoneForm(forms.ModelForm):
    """The form with which a member chooses the time zone of the times they read."""

    class Meta:
        model = User
        fields = ["time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site = _("The site’s time zone (%(zone)s)") % {"zone": settings.TIME_ZONE}
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"), required=False, choices=[("", site), *time_zones()], initial=self.instance.time_zone
        )
        self.helper = FormHelper()
        self.helper.form_tag = False
