"""A signed cookie with the ids of what a guest wrote on this device: so they see it while it waits for review."""

from django.conf import settings
from django.core import signing

SALT = "guestbook"
MOST = 30
MAX_AGE = 180 * 24 * 60 * 60


def ids_of(request):
    """The ids of the comments that were written as a guest on this device, the latest first."""
    try:
        kept = signing.loads(request.COOKIES.get(settings.GUEST_COOKIE_NAME, ""), salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return []
    return kept[:MOST]


def remember(request, response, comment):
    """Lets the device know `comment` as written on it."""
    ids = [comment.pk, *(pk for pk in ids_of(request) if pk != comment.pk)][:MOST]
    response.set_cookie(
        settings.GUEST_COOKIE_NAME,
        signing.dumps(ids, salt=SALT),
        max_age=MAX_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
