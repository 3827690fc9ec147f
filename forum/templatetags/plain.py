"""The template tag of our crispy-forms pack `templates/plain/`."""

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def plain_widget(field: BoundField) -> SafeString:
    """Return the control of a bound field without a placeholder, because the label stays visible."""
    field.field.widget.attrs.pop("placeholder", None)
    return field.as_widget()
