"""Sessions of signed-in users: the second factors they passed, their device, and the time limit for moderators."""

from collections.abc import Callable
from datetime import UTC, datetime

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import unconfirmed
from accounts.models import User, UserSession
from accounts.user_session import read_user_agent
from forum.middleware import never_store

# The session's entry with the time it began, the time it was last seen (seconds since 1970), and its key at that time.
MARK = "signed_in"
# Seconds between writes of the time last seen. Moderators' sessions end when idle, so theirs is written more often.
SEEN_EVERY, STAFF_SEEN_EVERY = 60 * 60, 10 * 60
# Seconds that a session lives in which nobody signs in.
UNFINISHED_EXPIRES_AFTER = 60 * 60
STAFF_MOST_IDLE, STAFF_MOST = 12 * 60 * 60, 7 * 24 * 60 * 60
SIGNED_OUT = _("You were signed out: moderators’ sessions end after 12 hours without use, and after 7 days.")


def middleware(get_response: Callable) -> Callable:
    """Set `proven_factors` on the user of each request, and end sessions that are over (see the functions below)."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        # without a session, looking at the user would be for nothing
        if request.session.session_key is not None:
            unconfirmed.forget_deleted(request)
            if request.user.is_authenticated:
                _look_at(request, request.user)
        response = get_response(request)
        is_unfinished = request.session.modified and not request.user.is_authenticated
        if is_unfinished and not request.session.get("_session_expiry"):
            # signing in sets the expiry of members
            request.session.set_expiry(UNFINISHED_EXPIRES_AFTER)
        # a moderator's pages may contain texts that are hidden from others
        if getattr(request.user, "proven_factors", ()):
            never_store(response)
        return response

    return handle


def begin(request: HttpRequest, user: User, **signal: object) -> None:
    """Record that the user has just signed in (receives Django's user_logged_in)."""
    # what the session held before it was signed in may have had a shorter life
    request.session.set_expiry(settings.SESSION_COOKIE_AGE)
    _note(request, user, None, timezone.now().timestamp())


def proven_factors(request: HttpRequest) -> list[int]:
    """Return the ids of the second factors with which the user signed in to this session or confirmed it.

    Adding a second factor does not count by itself: it asks for the password or a mailed code first, unless the user
    has just signed in, and the user then has to confirm the session with the new factor.
    """
    records = get_authentication_records(request, request.user)
    return [record["id"] for record in records if record["method"] == "mfa" and "id" in record]


def _look_at(request: HttpRequest, user: User) -> None:
    """Update a session in which `user` is signed in and the user, or sign out a moderator whose session is over."""
    mark, now = request.session.get(MARK), timezone.now().timestamp()
    if mark and user.is_staff and _is_over(mark, now):
        logout(request)
        messages.info(request, SIGNED_OUT)
        return
    user.proven_factors = proven_factors(request)
    every = STAFF_SEEN_EVERY if user.is_staff else SEEN_EVERY
    if mark is not None and request.path.startswith(settings.POLLED):
        # an open page asks by itself; the person may be away
        return
    if mark is None or now - mark["seen"] >= every or mark["key"] != request.session.session_key:
        _note(request, user, mark, now)


def _note(request: HttpRequest, user: User, mark: dict | None, now: float) -> None:
    """Record that the session was seen, under its current key; without a `mark` it begins now."""
    key, began = request.session.session_key, mark["began"] if mark else now
    request.session[MARK] = {"began": began, "seen": now, "key": key}
    if key is None:
        # a new session gets its key when it is saved; the next request records it
        return
    seen_at = datetime.fromtimestamp(now, UTC)
    known = UserSession.objects.filter(user=user, session_key=mark["key"]) if mark else UserSession.objects.none()
    if not known.update(session_key=key, seen_at=seen_at):
        about = {"user": user, "began_at": datetime.fromtimestamp(began, UTC), "seen_at": seen_at}
        about |= read_user_agent(request.META.get("HTTP_USER_AGENT", ""))
        UserSession.objects.update_or_create(session_key=key, defaults=about)


def _is_over(mark: dict, now: float) -> bool:
    return now - mark["seen"] > STAFF_MOST_IDLE or now - mark["began"] > STAFF_MOST
