"""Telling people what concerns them. A mail never holds what somebody wrote."""

from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from posts.models import GuestComment
from posts.models.modlog import APPEALABLE

SALT = "statement"


def tell_of_decision(entry):
    """A mail, once the decision stands, to whom it went against: there is something to read, and how to appeal.

    The link in it opens without signing in. Kindnesses are told on the site alone.
    """
    if entry.act not in APPEALABLE:
        return
    address = _address_of(entry)
    if address:
        # a mail that cannot be sent takes nothing back: the statement stands on the site, and the log of errors has it
        transaction.on_commit(lambda: _mail(entry, address), robust=True)


def tell_of_answer(appeal):
    """A mail that an appeal was answered; the link is that of the decision it was about."""
    address = _address_of(appeal.entry)
    if address:
        transaction.on_commit(lambda: _mail(appeal.entry, address), robust=True)


def token_of(entry):
    """What opens the statement without signing in; told by mail alone."""
    return signing.dumps(entry.pk, salt=SALT)


def _mail(entry, address):
    link = f"{settings.SITE_URL}/decisions/by-link/{token_of(entry)}/"
    body = render_to_string("emails/decision.txt", {"link": link, "site_name": settings.SITE_NAME})
    send_mail(_("A decision about what you wrote"), body, None, [address])


def _address_of(entry):
    if entry.person is not None:
        return entry.person.email if entry.person.is_active else ""
    guest = entry.comment and GuestComment.objects.filter(comment=entry.comment).first()
    return guest.email if guest else ""
