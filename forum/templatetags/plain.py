"""The tag our crispy pack `templates/plain/` needs."""

from django import template

register = template.Library()


@register.simple_tag
def plain_widget(field):
    """The control of a bound field, without a placeholder: the label says what belongs there, and stays visible."""
    field.field.widget.attrs.pop("placeholder", None)
    return field.as_widget()
