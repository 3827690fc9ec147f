"""A member's language, in which mails are written to them, and the time zone of the times they read."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

from accounts.models import User


def remember_language(request: HttpRequest) -> None:
    """Store the language that the user of the request has just chosen."""
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=translation.get_language() or "")


def begin(request: HttpRequest, user: User, **signal: object) -> None:
    """Store the language of the first sign-in (receives Django's user_logged_in)."""
    User.objects.filter(pk=user.pk, language="").update(language=translation.get_language() or "")


def in_language_of(person: User | None) -> AbstractContextManager[None]:
    """Return a context in which texts are in the language of `person`, or of the site if that is not known."""
    return translation.override((person and person.language) or settings.LANGUAGE_CODE)


@cache
def time_zones() -> list[tuple[str, str]]:
    """Return the choices of time zones: (name in the database of time zones, name as shown)."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    names.append("UTC")
    return [(name, name.replace("_", " ")) for name in names]


def middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Show times in the time zone that a member chose, and in that of the site to everybody else."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        user = request.user if request.session.session_key is not None else None
        with timezone.override((user and user.is_authenticated and user.time_zone) or settings.TIME_ZONE):
            return get_response(request)

    return handle
