"""Text fields and the base class of the forms. Forms check format and length, never permissions."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from forum import markup
from posts.models import Comment

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

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


EMPTY_LINES = re.compile(r"(?:[^\S\n]*\n)+")


class VisibleCharField(forms.CharField):
    """A text that readers can see. It is normalised, and empty if it has no visible characters."""

    def to_python(self, value: Any) -> str:
        """Return the normalised text.

        A text far above the limit is not normalised, because it will be rejected as too long anyway.
        """
        if isinstance(value, str) and (self.max_length is None or len(value) <= 4 * self.max_length):
            value = markup.normalise(value)
        text = super().to_python(value) or ""
        return "" if markup.is_blank(text) else text

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Remove `maxlength` and `minlength`: with them, browsers silently cut off pasted text."""
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        attrs.pop("minlength", None)
        return attrs


class TextField(VisibleCharField):
    """A Markdown text. Its errors about length name the number of characters.

    With `may_be_two`, the error for a text that is too long suggests sending it in two parts.
    """

    def __init__(self, *, max_length: int, rows: int, may_be_two: bool = False, **options: Any) -> None:
        options.setdefault("min_length", settings.COMMENT_MIN_LENGTH)
        super().__init__(
            max_length=max_length,
            strip=False,
            error_messages={
                "min_length": TOO_SHORT,
                "max_length": TOO_LONG_FOR_ONE if may_be_two else TOO_LONG,
                "required": _("There is no text yet. Please write something before you send it."),
            },
            widget=forms.Textarea(attrs={"rows": rows, "dir": "auto", "class": "writing", "data-most": max_length}),
            **options,
        )

    def to_python(self, value: Any) -> str:
        """Return the normalised text, or an empty one if readers would see nothing of it.

        Spaces before the first line are a part of the text, because Markdown may need them.
        """
        text = super().to_python(value).rstrip()
        first_line = EMPTY_LINES.match(text)
        text = text[first_line.end() :] if first_line else text
        if self.min_length is not None and len(text.strip()) < self.min_length:
            # Spaces do not count for the least length.
            return text.strip()
        is_short = self.max_length is None or len(text) <= self.max_length
        return "" if is_short and markup.shows_nothing(text, markup.OPENING) else text


class BareForm(forms.Form):
    """A form without a form tag, CSRF token or buttons, which the page adds.

    Fields in `needed_at_times` are required with some answers only, so their labels do not say “optional”.

    posts.forms.submission sets the attributes below if it cannot accept a form that was sent:

    - `status`: the HTTP status of the answer, or None if the form was not refused.
    - `wait`: in how many seconds the form can be sent again, or 0 if no rate limit refused it.
    - `asks`: whether the form's error is a question to its author.

    It calls the methods below if the action of the form raises the exception that each method names. A form with such
    an action must define the method.
    """

    needed_at_times: tuple[str, ...] = ()
    status: int | None = None
    wait: int = 0
    asks: bool = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data."""
        super().clean()
        return self.cleaned_data

    def set_choices(self, name: str, choices: "Iterable[tuple[Any, StrOrPromise]]") -> None:
        """Set the choices of the field of that name; raises TypeError if it has none."""
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            raise TypeError(name)
        field.choices = list(choices)

    def change_data(self, values: dict[str, Any]) -> None:
        """Replace values of the data that the form was sent with, as if they had been typed."""
        data = {name: self.data.get(name) for name in self.data}
        self.data = data | values

    def ask_again(self) -> None:
        """Let the author confirm a text that they sent before, after Repeated."""
        raise NotImplementedError

    def ask_whether_sure(self) -> None:
        """Let the author confirm watched words, after ConfirmationNeeded."""
        raise NotImplementedError

    def use_new_key(self) -> None:
        """Replace the one-time key, after AlreadySent."""
        raise NotImplementedError

    def begin_with(self, comment: Comment) -> None:
        """Make the present text of `comment` the start of the edit, after EditConflict."""
        raise NotImplementedError
