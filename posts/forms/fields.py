"""Form fields for text, and the base class of the forum's forms. Forms check shape and length, never rights."""

from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from forum import markup

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
