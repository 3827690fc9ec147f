"""A form that arrived when its writer was signed out already: it waits in the new session until they are back.

Signing in keeps what a session holds, so the form finds its texts again in its place, without scripts too. Besides
the sign-in itself this is the only thing that makes a session for a visitor, because a text does not fit into a cookie.
It is limited (`unsent`, 10 per hour and address), in size too, and such a session is deleted after a day.
"""

from django.utils.translation import gettext_lazy as _

from forum import ratelimit
from forum.form_fields import NEVER_KEPT, SENT_ALONG, TYPED

NAME = "unsent"
# characters, for all fields of a form
MOST_FORMS, MOST_TYPED = 3, 200_000
# seconds
KEPT_FOR = 24 * 60 * 60
WELCOME_BACK = _("This is what you wrote before you signed in. It was not sent yet.")


def keep(request):
    """Keeps what was sent to this address; False if it does not say whose it is, has what is NEVER_KEPT, is out of all
    bounds, or comes too soon after others."""
    fields = {name: request.POST[name] for name in (*TYPED, *SENT_ALONG) if name in request.POST}
    if not fields.get("writer") or any(map(fields.get, NEVER_KEPT)) or sum(map(len, fields.values())) > MOST_TYPED:
        return False
    try:
        ratelimit.take(request, "unsent")
    except ratelimit.RateLimited:
        return False
    others = {place: kept for place, kept in request.session.get(NAME, {}).items() if place != request.path}
    # a session that nobody signs in to is gone tomorrow, with what is in it
    request.session.set_expiry(KEPT_FOR)
    request.session[NAME] = dict([*others.items(), (request.path, fields)][-MOST_FORMS:])
    return True


def waiting(request, place=None):
    """What waits for the form at this address, or the address `place`, as its initial values; for nobody but its
    writer."""
    if not request.user.is_authenticated or NAME not in request.session:
        return {}
    fields = request.session[NAME].get(place or request.path, {})
    return fields if fields.get("writer") == str(request.user.pk) else {}


def done(request, *places):
    """The form at this address, and those at `places`, were sent: nothing waits for them any more."""
    forms = request.session.get(NAME, {})
    left = {place: fields for place, fields in forms.items() if place not in (request.path, *places)}
    if len(left) < len(forms):
        request.session[NAME] = left
