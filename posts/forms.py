"""The shape of what people send: what is there, how long it is. Rights are the verbs' business."""

import secrets
import time

from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings
from django.core import signing
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.forms import DisplayNameField, Trap
from accounts.models import User
from forum import markup
from posts.models import Comment, Flag, Question
from posts.models.appeal import APPEAL_MAX_LENGTH
from posts.models.comment import COMMENT_MAX_LENGTH, OPENING_MAX_LENGTH
from posts.models.flag import NOTE_MAX_LENGTH

TOO_SHORT = ngettext_lazy(
    "This has %(show_value)d character; please write at least %(limit_value)d. Your text is still in the box.",
    "This has %(show_value)d characters; please write at least %(limit_value)d. Your text is still in the box.",
    "show_value",
)
TOO_LONG = ngettext_lazy(
    "This has %(show_value)d character and %(limit_value)d fit. Your text is still in the box: please shorten it.",
    "This has %(show_value)d characters and %(limit_value)d fit. Your text is still in the box: please shorten it.",
    "show_value",
)
TOO_LONG_FOR_ONE = ngettext_lazy(
    "This has %(show_value)d character and %(limit_value)d fit. Your text is still in the box: "
    "please shorten it, or send it in two parts.",
    "This has %(show_value)d characters and %(limit_value)d fit. Your text is still in the box: "
    "please shorten it, or send it in two parts.",
    "show_value",
)


TOO_QUICK = _("That was very quick. Please read your text once more and send it again; it is still in the box.")
BEGAN = "form-began"


class VisibleCharField(forms.CharField):
    """A text that readers can see: normalised, and empty if nothing of it would show."""

    def to_python(self, value):
        """The text, normalised; one that is out of all bounds is only told to be too long."""
        if isinstance(value, str) and (self.max_length is None or len(value) <= 4 * self.max_length):
            value = markup.normalise(value)
        text = super().to_python(value)
        return "" if markup.is_blank(text) else text


class TextField(VisibleCharField):
    """Markdown as people type it; limits are told with the count. Of a comment there may be two instead of one."""

    def __init__(self, *, max_length, rows, may_be_two=False, **options):
        options.setdefault("min_length", settings.COMMENT_MIN_LENGTH)
        super().__init__(
            max_length=max_length,
            strip=True,
            error_messages={
                "min_length": TOO_SHORT,
                "max_length": TOO_LONG_FOR_ONE if may_be_two else TOO_LONG,
                "required": _("There is no text yet. Please write something before you send it."),
            },
            widget=forms.Textarea(attrs={"rows": rows, "dir": "auto", "class": "writing", "data-most": max_length}),
            **options,
        )

    def widget_attrs(self, widget):
        """Leaves `maxlength` to us: a browser would cut a pasted text in silence."""
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        attrs.pop("minlength", None)
        return attrs


class BareForm(forms.Form):
    """Fields alone: the page has the form around them, its token and its buttons.

    What is `needed_at_times`, with some answers and not with others, is not called optional.
    """

    needed_at_times = ()

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        for name in self.needed_at_times:
            self.fields[name].is_needed_at_times = True
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True


class WritingForm(BareForm):
    """What every form of a text has: the text, the writer's standpoint, and a one-time key against doubles."""

    source = TextField(
        label=_("Your text"),
        max_length=COMMENT_MAX_LENGTH,
        rows=8,
        may_be_two=True,
        help_text=format_lazy(
            _("From {least} to {most} characters. Plain text is fine; *italic*, **bold**, > quote and lists work too."),
            least=settings.COMMENT_MIN_LENGTH,
            most=f"{COMMENT_MAX_LENGTH:,}",
        ),
    )
    standpoint = forms.ChoiceField(
        label=_("I write as"), choices=Comment.Standpoint.choices, required=False,
        help_text=_("Shown beside your name on this comment."),
    )  # fmt: skip
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    again = forms.BooleanField(label=_("Send it a second time"), widget=forms.HiddenInput, required=False)
    sure = forms.BooleanField(label=_("I have read this and mean it so"), widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["key"].initial = secrets.token_urlsafe(16)

    def ask_again(self):
        """Offers to send the same words a second time; see REPEATED_WITHIN."""
        self.fields["again"].widget = forms.CheckboxInput()

    def ask_whether_sure(self):
        """Offers to send words that the writer is asked about; see posts.actions.screening."""
        self.fields["sure"].widget = forms.CheckboxInput()

    def clean_key(self):
        """The key, or None for a form that lost it: such a form is taken as it comes."""
        return self.cleaned_data["key"] or None


class ReplyForm(WritingForm):
    """A reply; to an opening post it may answer one of the thread's questions."""

    question = forms.ModelChoiceField(
        label=_("This answers"), queryset=Question.objects.none(), required=False, widget=forms.RadioSelect,
        empty_label=_("None of them: I join the conversation"), blank=True,
    )  # fmt: skip
    field_order = ["question", "standpoint", "source", "again", "sure", "key"]

    def __init__(self, *args, parent, **options):
        super().__init__(*args, **options)
        # a form that comes back from a withdrawn thread holds the writer's words and none of the thread's
        questions = parent.thread.questions.all() if parent.depth == 0 and parent.is_readable else None
        if questions:
            self.fields["question"].queryset = questions
        else:
            del self.fields["question"]


class GuestForm(ReplyForm):
    """A comment by somebody without an account: a name, an address if they like, and what keeps programs out."""

    name = DisplayNameField(help_text=_("Shown beside your comment. It need not be your real name."))
    email = forms.EmailField(
        label=_("E-mail address"), required=False, max_length=254, widget=forms.EmailInput({"autocomplete": "email"}),
        help_text=_(
            "Nobody sees it. You hear there if a moderator decides against your comment; and if you join with it one "
            "day, the comment can be made yours."
        ),
    )  # fmt: skip
    website = forms.CharField(
        label=_("Leave this empty"), required=False, widget=Trap({"tabindex": "-1", "autocomplete": "off"})
    )
    began = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    field_order = ["question", "standpoint", "source", "name", "email", "website", "again", "sure", "began", "key"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["name"].label = _("Your name")
        self.fields["began"].initial = signing.dumps([self.fields["key"].initial, time.time()], salt=BEGAN)

    def clean_name(self):
        """The name, if no member has it."""
        name = self.cleaned_data["name"]
        if not User.objects.name_is_free(name):
            raise forms.ValidationError(
                _("A member has this name or one that looks like it. Please choose another."), code="taken"
            )
        return name

    def clean_key(self):
        """A guest's comment is known by its key alone: a form that lost it gets another."""
        return super().clean_key() or secrets.token_urlsafe(16)

    def clean_website(self):
        """What people do not see, they leave empty."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Please leave the field “Leave this empty” as it is."), code="trap")
        return ""

    def clean_began(self):
        """Programs send a form at once; who reads it first takes longer. Sent again a moment later, it is taken."""
        key = self.data.get("key", "")
        try:
            of_form, began = signing.loads(self.cleaned_data["began"], salt=BEGAN, max_age=settings.SESSION_COOKIE_AGE)
        except signing.BadSignature:
            of_form = None
        if of_form is None or of_form != key:
            began = time.time()
            self.data = self.data.copy()
            self.data["began"] = signing.dumps([key, began], salt=BEGAN)
        if time.time() - began < settings.GUEST_LEAST_SECONDS:
            self.add_error(None, TOO_QUICK)
        return ""


class EditForm(WritingForm):
    """A changed text of one's own comment; `seen` says which text the change began with."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    field_order = ["standpoint", "source", "sure", "seen"]
    # what the comment says by now, where somebody changed it meanwhile
    overtaken_by = None

    def __init__(self, *args, comment, initial=(), **options):
        now = {"source": comment.source, "standpoint": comment.standpoint, "seen": comment.fingerprint}
        super().__init__(*args, initial=now | dict(initial), **options)
        del self.fields["key"], self.fields["again"]
        if comment.depth == 0:
            self.fields["source"] = TextField(label=_("Your text"), max_length=OPENING_MAX_LENGTH, rows=16)

    def begin_with(self, comment):
        """The change goes on from what `comment` says now: sent again, it takes the place of that."""
        self.data = self.data.copy()
        self.data["seen"] = comment.fingerprint
        self.overtaken_by = comment


class ThreadForm(WritingForm):
    """A new thread: a title, the opening post, and up to two questions to its readers."""

    title = VisibleCharField(label=_("Title"), min_length=8, max_length=200)
    source = TextField(label=_("Opening post"), max_length=OPENING_MAX_LENGTH, rows=14)
    question_1 = VisibleCharField(
        label=_("First question"), max_length=300, required=False,
        help_text=_("Readers can say that they answer it; their answers get a tab of their own."),
    )  # fmt: skip
    asks_1 = forms.ChoiceField(label=_("It asks"), choices=Question.Asked.choices, initial="everybody", required=False)
    question_2 = VisibleCharField(label=_("Second question"), max_length=300, required=False)
    asks_2 = forms.ChoiceField(label=_("It asks"), choices=Question.Asked.choices, initial="everybody", required=False)
    field_order = [
        "title",
        "source",
        "standpoint",
        "question_1",
        "asks_1",
        "question_2",
        "asks_2",
        "again",
        "sure",
        "key",
    ]

    def questions(self):
        """The questions given, as (text, whom it asks)."""
        data = self.cleaned_data
        asked = [(data[f"question_{n}"], data[f"asks_{n}"] or Question.Asked.EVERYBODY) for n in (1, 2)]
        return [(text, asks) for text, asks in asked if text]


class FlagForm(BareForm):
    """What is wrong with a comment, in the flagger's eyes."""

    reason = forms.ChoiceField(label=_("What is it?"), choices=Flag.Reason.choices, widget=forms.RadioSelect)
    note = TextField(
        label=_("Anything a moderator should know"), required=False, min_length=None, max_length=NOTE_MAX_LENGTH,
        rows=4, help_text=_("Only moderators read it."),
    )  # fmt: skip


class AppealForm(BareForm):
    """Why a decision was wrong."""

    text = TextField(
        label=_("Why do you think that this was wrong?"), min_length=10, max_length=APPEAL_MAX_LENGTH, rows=8,
        help_text=_("Another moderator reads it, if there is one. You can appeal once against a decision."),
    )  # fmt: skip


class ClinicianForm(BareForm):
    """What a moderator needs in order to find a clinician in a register."""

    profession = VisibleCharField(
        label=_("Your profession"), max_length=80, help_text=_("As readers will see it: “Psychologist”.")
    )
    regulator = VisibleCharField(
        label=_("Who registers you"), max_length=120, help_text=_("The body that keeps the register.")
    )
    region = VisibleCharField(label=_("Country or state"), max_length=12, help_text=_("Short: US-MD, GB."))
    number = VisibleCharField(
        label=_("Registration number"), max_length=60, required=False,
        help_text=_("If your register has numbers. Erased with the answer."),
    )  # fmt: skip
    evidence = TextField(
        label=_("What else helps to find you"), required=False, min_length=None, max_length=2_000, rows=4,
        help_text=_("Such as the name you are registered under, or the address of your entry. Erased with the answer."),
    )  # fmt: skip
