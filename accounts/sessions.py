"""What a signed-in session proved, and how long a moderator's lasts."""

from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.contrib.auth import logout
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forum.middleware import never_store

# In the session: when it began and when it was last seen, in seconds since 1970.
MARK = "signed_in"
# Seconds. What is seen is written down at most this often; for moderators more often, because their sessions end.
SEEN_EVERY, STAFF_SEEN_EVERY = 60 * 60, 10 * 60
STAFF_MOST_IDLE, STAFF_MOST = 12 * 60 * 60, 7 * 24 * 60 * 60
SIGNED_OUT = _("You were signed out: moderators’ sessions end after 12 hours without use, and after 7 days.")


def middleware(get_response):
    """Tell the user of each request what their session proved, and end moderators' sessions in time."""

    def handle(request):
        # without a session there is nobody to look up
        if request.session.session_key is not None and request.user.is_authenticated:
            _look_at(request)
        response = get_response(request)
        # on every page they may read what is withheld from others
        if getattr(request.user, "proven_factors", ()):
            never_store(response)
        return response

    return handle


def begin(request, **signal) -> None:
    """Note that somebody has just signed in (receives Django's user_logged_in)."""
    now = timezone.now().timestamp()
    request.session[MARK] = {"began": now, "seen": now}


def proven_factors(request) -> list[int]:
    """Return the ids of the second factors with which somebody signed in to this session, or confirmed it.

    To add a second factor proves nothing: whoever took over a session could do that.
    """
    records = get_authentication_records(request, request.user)
    return [record["id"] for record in records if record["method"] == "mfa" and "id" in record]


def _look_at(request) -> None:
    mark, now = request.session.get(MARK), timezone.now().timestamp()
    if mark and request.user.is_staff and _is_over(mark, now):
        logout(request)
        messages.info(
            request, _("You were signed out: moderators’ sessions end after 12 hours without use, and after 7 days.")
        )
        return
    request.user.proven_factors = proven_factors(request)
    every = STAFF_SEEN_EVERY if request.user.is_staff else SEEN_EVERY
    if mark is None or now - mark["seen"] >= every:
        request.session[MARK] = {"began": mark["began"] if mark else now, "seen": now}


def _is_over(mark: dict, now: float) -> bool:
    return now - mark["seen"] > STAFF_MOST_IDLE or now - mark["began"] > STAFF_MOST
