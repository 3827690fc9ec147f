"""A moderator at the desk in the tests: their browser, items to decide about, and what its forms send."""

from accounts.models import User
from posts.models import Case
from posts.moderation import flags
from tests.factories import WORDS, person, reply
from tests.signing_in import sign_in_with_factor

QUEUE = "/admin/posts/case/"


def seated(client, mod):
    """A browser in which this moderator sits at the desk."""
    return sign_in_with_factor(client, mod)


def flagged(opening, reason="unkind", text=WORDS):
    """The open item of a new comment that Bob or somebody flagged."""
    comment = reply(opening, person(), text)
    flags.flag(comment=comment, person=person(), reason=reason)
    return Case.objects.get(comment=comment)


def held(opening):
    """The open item of a newcomer's first comment."""
    return Case.objects.get(comment=reply(opening, person(trust=User.Trust.NEW)))


def form(case, **data):
    """What the form of an item sends."""
    case.refresh_from_db()
    return {"act": "remove", "reason": "It is unkind.", "seen": case.version} | data


def opened(desk, case):
    """What the form says of the item as it is when it is opened."""
    shown = desk.get(page(case)).context["form"]
    return {name: shown[name].value() for name in ("seen", "seen_at", "seen_text")}


def page(case):
    """The address of an item."""
    return f"{QUEUE}{case.pk}/change/"


def said(response):
    """The page's text."""
    return response.content.decode()


def sent_signed_out(client, mod, address, data):
    """What the desk answers to what Mo sends after the session ended, and the page they find when they are back."""
    client.logout()
    refused = client.post(address, data | {"writer": mod.pk})
    waiting = client.session.get("unsent")
    sign_in_with_factor(client, mod)
    if waiting:
        session = client.session
        session["unsent"] = waiting
        session.save()
    return refused, client.get(address, follow=True)
