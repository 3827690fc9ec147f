"""Moments on a page: exact for machines, short for people; a script makes them relative on screen."""

from datetime import UTC

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

register = template.Library()
# Translators: a moment such as “3 May 2026, 14:05”, in Django's date format
SHORT = _("j M Y, H:i")


@register.filter
def moment(value):
    """The `<time>` of an aware datetime: UTC to the second in the attribute, the site's time zone in the text."""
    exact = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return format_html('<time datetime="{}">{}</time>', exact, date_format(timezone.localtime(value), str(SHORT)))
