"""Forms of authors: a reply, a guest's comment, an edit, a new thread. They check format and length."""

import secrets
import time
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core import signing
from django.utils.datastructures import MultiValueDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.addresses import checked
from accounts.forms import DisplayNameField, Trap
from accounts.models import User
from posts.forms.fields import BareForm, TextField, VisibleCharField
from posts.models import Comment, Question
from posts.models.comment import COMMENT_MAX_LENGTH, OPENING_MAX_LENGTH

TOO_QUICK = _("That was very quick. Please read your text once more and send it again; it is still in the box.")
BEGAN = "form-began"
NOT_FOR_PATIENTS = _(
    "This question is for clinicians. If you are one, say so here. If not, choose “General comment” above. Your text "
    "is still in the box."
)
NOT_FOR_IT = _(
    "Your comment answers a question that asks others. To write as somebody else, delete it and send it as a general "
    "comment. Your text is still in the box."
)
NOT_FOR_OTHERS = _(
    "This question is for people who have been in therapy. If you have, say so here. If not, choose “General comment” "
    "above. Your text is still in the box."
)


class WritingForm(BareForm):
    """The base class of all forms for texts: the text, the author's standpoint, and a one-time key.

    The key prevents that the same form is stored twice.
    """

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
        label=_("I write as"),
        choices=Comment.Standpoint.choices,
        required=False,
        help_text=_("Shown beside your name on this comment."),
    )
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    again = forms.BooleanField(label=_("Send it a second time"), widget=forms.HiddenInput, required=False)
    sure = forms.BooleanField(label=_("I have read this and mean it so"), widget=forms.HiddenInput, required=False)

    # What was sent, as views pass it.
    data: MultiValueDict[str, str]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["key"].initial = secrets.token_urlsafe(16)

    def ask_again(self) -> None:
        """Show the checkbox to send the same text a second time. See REPEATED_WITHIN."""
        self.fields["again"].widget = forms.CheckboxInput()

    def use_new_key(self) -> None:
        """Give the form that was sent a new one-time key, so that sending it again makes another comment."""
        self.data = self.data.copy()
        self.data["key"] = secrets.token_urlsafe(16)

    def ask_whether_sure(self) -> None:
        """Show the checkbox to confirm watched words. See posts.moderation.screening."""
        self.fields["sure"].widget = forms.CheckboxInput()

    def clean_key(self) -> str | None:
        """Return the key, or None for a form without it, which is accepted as it is."""
        return self.cleaned_data["key"] or None


class ReplyForm(WritingForm):
    """A reply. A reply to an opening post may answer one of the thread's questions."""

    question = forms.ModelChoiceField(
        label=_("This answers"),
        queryset=Question.objects.none(),
        required=False,
        widget=forms.RadioSelect,
        empty_label=_("General comment"),
        blank=True,
    )
    field_order = ["question", "standpoint", "source", "again", "sure", "key"]

    def __init__(self, *args: Any, parent: Comment, **options: Any) -> None:
        super().__init__(*args, **options)
        # The form of a withdrawn thread must not show the thread's questions.
        questions = parent.thread.questions.all() if parent.depth == 0 and parent.is_readable else None
        if questions:
            cast("forms.ModelChoiceField[Question]", self.fields["question"]).queryset = questions
        else:
            del self.fields["question"]

    def clean(self) -> dict[str, Any]:
        """Refuse an answer by somebody whom the question does not ask."""
        cleaned = super().clean()
        question = cleaned.get("question")
        if question and not question.fits(cleaned.get("standpoint", "")):
            asked = NOT_FOR_PATIENTS if question.asks == Question.Asked.CLINICIANS else NOT_FOR_OTHERS
            self.add_error("standpoint", asked)
        return cleaned


class GuestForm(ReplyForm):
    """A comment by a guest: a name, an optional e-mail address, and fields that keep spam programs out."""

    name = DisplayNameField(help_text=_("Shown beside your comment. It need not be your real name."))
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
        help_text=_(
            "Nobody sees it. You hear there if a moderator decides against your comment; and if you join with it one "
            "day, the comment can be made yours."
        ),
    )
    website = forms.CharField(
        label=_("Leave this empty"), required=False, widget=Trap({"tabindex": "-1", "autocomplete": "off"})
    )
    began = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    field_order = ["question", "standpoint", "source", "name", "email", "website", "again", "sure", "began", "key"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].label = _("Your name")
        self.fields["began"].initial = signing.dumps([self.fields["key"].initial, time.time()], salt=BEGAN)

    def clean_email(self) -> str:
        """Return the address in the form in which addresses of members are stored."""
        return checked(self.cleaned_data["email"])

    def clean_name(self) -> str:
        """Return the name. Raises ValidationError if a member has it or a similar one."""
        name = self.cleaned_data["name"]
        if not User.objects.name_is_free(name):
            raise forms.ValidationError(
                _("A member has this name or one that looks like it. Please choose another."), code="taken"
            )
        return name

    def clean_key(self) -> str:
        """Return the key, or a new one if it is missing, because a guest's comment is identified by its key alone."""
        return super().clean_key() or secrets.token_urlsafe(16)

    def use_new_key(self) -> None:
        """Give the form a new key, and sign it as a form that was begun long enough ago."""
        super().use_new_key()
        began = time.time() - settings.GUEST_LEAST_SECONDS
        self.data["began"] = signing.dumps([self.data["key"], began], salt=BEGAN)

    def clean_website(self) -> str:
        """Reject a form with this field filled in. People do not see the field, so only programs fill it in."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Please leave the field “Leave this empty” as it is."), code="trap")
        return ""

    def clean_began(self) -> str:
        """Reject a form that was sent faster than a person can read it.

        If it is sent again a moment later, it is accepted.
        """
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
    """An edit of the author's own comment. `seen` is the fingerprint of the text that the edit started from."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    field_order = ["standpoint", "source", "sure", "seen"]
    # The comment with its stored text, if that was changed after the edit was begun.
    overtaken_by: Comment | None = None

    def __init__(
        self, *args: Any, comment: Comment, initial: Mapping[str, Any] | tuple[()] = (), **options: Any
    ) -> None:
        now = {"source": comment.source, "standpoint": comment.standpoint, "seen": comment.fingerprint}
        super().__init__(*args, initial=now | dict(initial), **options)
        self.comment = comment
        del self.fields["key"], self.fields["again"]
        if comment.depth == 0:
            self.fields["source"] = TextField(label=_("Your text"), max_length=OPENING_MAX_LENGTH, rows=16)

    def clean_standpoint(self) -> str:
        """Return the standpoint; raises ValidationError if an answer would not fit its question any more."""
        standpoint, question = self.cleaned_data["standpoint"], self.comment.is_answer and self.comment.question
        if question and standpoint != self.comment.standpoint and not question.fits(standpoint):
            raise forms.ValidationError(NOT_FOR_IT, code="misfit")
        return standpoint

    def begin_with(self, comment: Comment) -> None:
        """Make the present text of `comment` the start of the edit, so that sending the form again replaces it."""
        self.data = self.data.copy()
        self.data["seen"] = comment.fingerprint
        self.overtaken_by = comment


class ThreadForm(WritingForm):
    """A new thread: a title, the opening post, and up to two questions to its readers."""

    title = VisibleCharField(label=_("Title"), min_length=8, max_length=200)
    source = TextField(label=_("Opening post"), max_length=OPENING_MAX_LENGTH, rows=14)
    question_1 = VisibleCharField(
        label=_("First question"),
        max_length=300,
        required=False,
        help_text=_("Readers can say that they answer it; their answers get a tab of their own."),
    )
    asks_1 = forms.ChoiceField(
        label=_("Who is this question for?"), choices=Question.Asked.choices, initial="everybody", required=False
    )
    question_2 = VisibleCharField(label=_("Second question"), max_length=300, required=False)
    asks_2 = forms.ChoiceField(
        label=_("Who is this question for?"), choices=Question.Asked.choices, initial="everybody", required=False
    )
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

    def questions(self) -> list[tuple[str, str]]:
        """Return [(text, group asked)] of the questions that were filled in."""
        data = self.cleaned_data
        asked = [(data[f"question_{n}"], data[f"asks_{n}"] or Question.Asked.EVERYBODY) for n in (1, 2)]
        return [(text, asks) for text, asks in asked if text]
