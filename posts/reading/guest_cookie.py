"""A signed cookie with the ids of the comments that a guest wrote on this device.

It lets the guest see these comments while they are held for review.
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from posts.models import Comment

SALT = "guestbook"
MOST = 30
MAX_AGE = 180 * 24 * 60 * 60


def ids_of(request: HttpRequest) -> list[int]:
    """Return the ids of the comments that a guest wrote on this device, the latest first."""
    try:
        kept = signing.loads(request.COOKIES.get(settings.GUEST_COOKIE_NAME, ""), salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return []
    return kept[:MOST]


def remember(request: HttpRequest, response: HttpResponse, comment: Comment) -> None:
    """Add `comment` to the cookie on `response`."""
    ids = [comment.pk, *(pk for pk in ids_of(request) if pk != comment.pk)][:MOST]
    response.set_cookie(
        settings.GUEST_COOKIE_NAME,
        signing.dumps(ids, salt=SALT),
        max_age=MAX_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
