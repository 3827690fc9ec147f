"""Helpers for tests of the admin: a signed-in moderator, cases to decide about, and the data of their forms."""

from accounts.models import User
from posts.models import Case
from posts.moderation import flags
from tests.factories import WORDS, person, reply
from tests.signing_in import sign_in_with_factor

QUEUE = "/admin/posts/case/"


def seated(client, mod):
    """Sign a moderator in to the admin and return the test client."""
    return sign_in_with_factor(client, mod)


def flagged(opening, reason="unkind", text=WORDS):
    """Create a comment with one flag and return its open case."""
    comment = reply(opening, person(), text)
    flags.flag(comment=comment, person=person(), reason=reason)
    return Case.objects.get(comment=comment)


def held(opening):
    """Create a first comment of a newcomer, which is held, and return its open case."""
    return Case.objects.get(comment=reply(opening, person(trust=User.Trust.NEW)))


def form(case, **data):
    """Return the data that the form of a case sends."""
    case.refresh_from_db()
    return {"act": "remove", "reason": "It is unkind.", "seen": case.version} | data


def opened(mod_client, case):
    """Return the fields of the form that say which state of the case was opened."""
    shown = mod_client.get(page(case)).context["form"]
    return {name: shown[name].value() for name in ("seen", "seen_at")}


def page(case):
    """Return the address of the page of a case."""
    return f"{QUEUE}{case.pk}/change/"


def mark_of(user):
    """Return what the form of an action about the user sends: the state in which a moderator saw the user."""
    latest = user.log_entries.order_by("-id").values_list("pk", flat=True).first()
    return f"{user.pk}:{latest or 0}"


def said(response):
    """Return the text of the page."""
    return response.content.decode()


def sent_signed_out(client, mod, address, data):
    """Send a form after the session has ended. Return the response, and the page shown after signing in again."""
    client.logout()
    refused = client.post(address, data | {"writer": mod.pk})
    waiting = client.session.get("unsent")
    sign_in_with_factor(client, mod)
    if waiting:
        session = client.session
        session["unsent"] = waiting
        session.save()
    return refused, client.get(address, follow=True)
