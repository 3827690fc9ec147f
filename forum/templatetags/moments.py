"""Filters that show a datetime: exact in an attribute, readable in the text. A script makes the text relative."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()
# A page shows a hundred times of few days, so formatted days and times of day are cached.
WORDS_KEPT = 5_000


@register.filter
def moment(value: datetime) -> SafeString:
    """Return the `<time>` element of an aware datetime: UTC in the attribute, the site's time zone in the text."""
    here = value.astimezone(timezone.get_current_timezone())
    language = get_language()
    told = f"{_day(here.date(), language)}, {_time(here.hour, here.minute, language)} {escape(here.tzname() or '')}"
    return SafeString(f'<time datetime="{_exact(value)}">{told}</time>')  # all parts are escaped


@register.filter
def day(value: datetime) -> SafeString:
    """Return the `<time>` element of an aware datetime, with only the day in the text."""
    return day_teller()(value)


def day_teller() -> Callable[[datetime], SafeString]:
    """Return a function like `day` for many calls; it looks up time zone and language only once."""
    zone, language = timezone.get_current_timezone(), get_language()

    def tell(value: datetime) -> SafeString:
        return SafeString(f'<time datetime="{_exact(value)}">{_day(value.astimezone(zone).date(), language)}</time>')

    return tell


def _exact(value: datetime) -> str:
    return f"{value.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"


@lru_cache(WORDS_KEPT)
def _day(day: date, language: str) -> str:
    return escape(date_format(day, "DATE_FORMAT"))


@lru_cache(WORDS_KEPT)
def _time(hour: int, minute: int, language: str) -> str:
    return escape(time_format(time(hour, minute), "TIME_FORMAT"))
