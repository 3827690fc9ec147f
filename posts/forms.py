"""The shape of what people send: what is there, how long it is. Rights are the verbs' business."""

import secrets

from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from forum import markup
from posts.models import Comment, Question
from posts.models.comment import COMMENT_MAX_LENGTH, OPENING_MAX_LENGTH

TOO_SHORT = ngettext_lazy(
    "This has %(show_value)d character; please write at least %(limit_value)d. Your text is still in the box.",
    "This has %(show_value)d characters; please write at least %(limit_value)d. Your text is still in the box.",
    "show_value",
)
TOO_LONG = ngettext_lazy(
    "This has %(show_value)d character and %(limit_value)d fit. Your text is still in the box: "
    "please shorten it, or send it in two parts.",
    "This has %(show_value)d characters and %(limit_value)d fit. Your text is still in the box: "
    "please shorten it, or send it in two parts.",
    "show_value",
)


class VisibleCharField(forms.CharField):
    """A text that readers can see: normalised, and empty if nothing of it would show."""

    def to_python(self, value):
        """The text, normalised."""
        text = super().to_python(markup.normalise(value) if isinstance(value, str) else value)
        return "" if markup.is_blank(text) else text


class TextField(VisibleCharField):
    """Markdown as people type it; limits are told with the count."""

    def __init__(self, *, max_length, rows, **options):
        options.setdefault("min_length", settings.COMMENT_MIN_LENGTH)
        super().__init__(
            max_length=max_length,
            strip=True,
            error_messages={
                "min_length": TOO_SHORT,
                "max_length": TOO_LONG,
                "required": _("There is no text yet. Please write something before you send it."),
            },
            widget=forms.Textarea(attrs={"rows": rows, "dir": "auto", "class": "writing"}),
            **options,
        )

    def widget_attrs(self, widget):
        """Leaves `maxlength` to us: a browser would cut a pasted text in silence."""
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        attrs.pop("minlength", None)
        return attrs


class WritingForm(forms.Form):
    """What every form of a text has: the text, the writer's standpoint, and a one-time key against doubles."""

    source = TextField(
        label=_("Your text"),
        max_length=COMMENT_MAX_LENGTH,
        rows=8,
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

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["key"].initial = secrets.token_urlsafe(16)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def clean_key(self):
        """The key, or None for a form that lost it: such a form is taken as it comes."""
        return self.cleaned_data["key"] or None


class ReplyForm(WritingForm):
    """A reply; to an opening post it may answer one of the thread's questions."""

    question = forms.ModelChoiceField(
        label=_("This answers"), queryset=Question.objects.none(), required=False, widget=forms.RadioSelect,
        empty_label=_("None of them: I join the conversation"), blank=True,
    )  # fmt: skip
    field_order = ["question", "standpoint", "source", "key"]

    def __init__(self, *args, parent, **options):
        super().__init__(*args, **options)
        # a form that comes back from a withdrawn thread holds the writer's words and none of the thread's
        questions = parent.thread.questions.all() if parent.depth == 0 and parent.is_readable else None
        if questions:
            self.fields["question"].queryset = questions
        else:
            del self.fields["question"]


class EditForm(WritingForm):
    """A changed text of one's own comment."""

    field_order = ["standpoint", "source"]

    def __init__(self, *args, comment, **options):
        super().__init__(*args, initial={"source": comment.source, "standpoint": comment.standpoint}, **options)
        del self.fields["key"]
        if comment.depth == 0:
            self.fields["source"] = TextField(label=_("Your text"), max_length=OPENING_MAX_LENGTH, rows=16)


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
    field_order = ["title", "source", "standpoint", "question_1", "asks_1", "question_2", "asks_2", "key"]

    def questions(self):
        """The questions given, as (text, whom it asks)."""
        data = self.cleaned_data
        asked = [(data[f"question_{n}"], data[f"asks_{n}"] or Question.Asked.EVERYBODY) for n in (1, 2)]
        return [(text, asks) for text, asks in asked if text]
