"""Forms that were sent after their author was signed out: they are stored in the new session until the next sign-in.

Signing in keeps the data of a session, so the form shows its texts again, also without JavaScript. Apart from signing
in, this is the only case in which a visitor gets a session, because a text does not fit into a cookie. There are limits
of rate (`unsent`, 10 per hour and address) and size, and such a session expires after a day.
"""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from forum import ratelimit
from forum.form_fields import NEVER_KEPT, SENT_ALONG, TYPED

NAME = "unsent"
# characters, for all fields of a form
MOST_FORMS, MOST_TYPED = 3, 200_000
# seconds
KEPT_FOR = 24 * 60 * 60
WELCOME_BACK = _("This is what you wrote before you signed in. It was not sent yet.")


def keep(request: HttpRequest) -> bool:
    """Store the form that was sent to this address; return whether that was possible.

    A form is not stored if it does not name its author, has a field in NEVER_KEPT filled in, is too large, or exceeds
    the rate limit.
    """
    fields = {name: request.POST[name] for name in (*TYPED, *SENT_ALONG) if name in request.POST}
    if not fields.get("writer") or any(map(fields.get, NEVER_KEPT)) or sum(map(len, fields.values())) > MOST_TYPED:
        return False
    try:
        ratelimit.take(request, "unsent")
    except ratelimit.RateLimited:
        return False
    others = {place: kept for place, kept in request.session.get(NAME, {}).items() if place != request.path}
    # without a sign-in the session and the form expire after a day
    request.session.set_expiry(KEPT_FOR)
    request.session[NAME] = dict([*others.items(), (request.path, fields)][-MOST_FORMS:])
    return True


def waiting(request: HttpRequest, place: str | None = None) -> dict[str, str]:
    """Return the stored values for the form at this address, or at the address `place`; only for their author."""
    if not request.user.is_authenticated or NAME not in request.session:
        return {}
    fields = request.session[NAME].get(place or request.path, {})
    return fields if fields.get("writer") == str(request.user.pk) else {}


def done(request: HttpRequest, *places: str) -> None:
    """Delete the stored forms of this address and of `places`, because they were sent."""
    forms = request.session.get(NAME, {})
    left = {place: fields for place, fields in forms.items() if place not in (request.path, *places)}
    if len(left) < len(forms):
        request.session[NAME] = left
