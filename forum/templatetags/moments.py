"""Moments on a page: exact for machines, short for people; a script makes them relative on screen."""

from datetime import UTC, time
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

register = template.Library()
# A page shows a hundred moments of few days: each day, and each minute of one, is put into words once.
WORDS_KEPT = 5_000


@register.filter
def moment(value):
    """The `<time>` of an aware datetime: UTC to the second in the attribute, the site's time zone in the text."""
    return teller()(value)


def teller():
    """`moment` for many moments on one page: time zone and language are looked up once."""
    zone, language = timezone.get_current_timezone(), get_language()

    def tell(value):
        here = value.astimezone(zone)
        told = f"{_day(here.date(), language)}, {_time(here.hour, here.minute, language)}"
        exact = value.astimezone(UTC).isoformat(timespec="seconds")[:19]
        return mark_safe(f'<time datetime="{exact}Z">{told}</time>')  # noqa: S308  (both words are escaped below)

    return tell


@lru_cache(WORDS_KEPT)
def _day(day, language):
    return escape(date_format(day, "DATE_FORMAT"))


@lru_cache(WORDS_KEPT)
def _time(hour, minute, language):
    return escape(time_format(time(hour, minute), "TIME_FORMAT"))
