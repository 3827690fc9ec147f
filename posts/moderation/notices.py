"""Telling people what concerns them. A mail never holds what somebody wrote."""

import time

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from forum import outbox
from posts.models import GuestComment, LogEntry
from posts.models.appeal import APPEAL_WITHIN
from posts.models.log_entry import APPEALABLE, MAILED

SALT = "statement"
Act = LogEntry.Act
# what people have heard of by mail, so that they hear when it is taken back, too
HEARD_OF = MAILED | {Act.RESTORE, Act.OPEN_BRANCH, Act.UNSUSPEND, Act.UNWATCH}


def send_decision(entry):
    """A mail, once the decision stands, to whom it went against or who asked for it: there is something to read, and
    how to appeal.

    The link in it opens without signing in. Other kindnesses are told on the site alone.
    """
    if not has_notice(entry):
        return
    # an answer to what somebody asked is nothing to appeal against, and tells of another way
    if entry.is_appealable:
        _write(entry, "emails/decision.txt", _("A decision that concerns you"))
    else:
        _write(entry, "emails/answer.txt", _("The moderators wrote to you"))


def has_notice(entry):
    """Whom it concerns gets a mail of its own about `entry`."""
    return entry.act in MAILED and not _goes_with_another(entry)


def _goes_with_another(entry):
    """It is a sanction that went with a decision of which they are told, and stands on that statement, too."""
    decision = (entry.details or {}).get("decision")
    return decision is not None and LogEntry.objects.filter(pk=decision, act__in=APPEALABLE).exists()


def send_appeal_answer(appeal):
    """A mail that an appeal was answered; the link is that of the decision it was about."""
    _write(appeal.entry, "emails/appeal_answered.txt", _("Your appeal was answered"))


def send_reversal(entry):
    """A mail that what somebody was told of by mail is taken back or ended, as `entry` says."""
    _write(entry, "emails/decision_reversed.txt", _("A decision about you was taken back"))


def token_of(entry, until=None):
    """What opens the statement without signing in until the moment `until` (as time.time() tells it), by default
    APPEAL_WITHIN from now: told by mail, and on the statement that such a token opened, for no longer than that."""
    until = int(until or time.time() + APPEAL_WITHIN.total_seconds())
    return signing.dumps([entry.pk, until], salt=SALT)


def read_token(token):
    """(the id of the entry that the `token` opens, until when), or None for a token that is none, or is over."""
    try:
        found = signing.loads(token, salt=SALT)
        if isinstance(found, int):
            # as they were sent before they told their end
            found = [signing.loads(token, salt=SALT, max_age=APPEAL_WITHIN), time.time() + 3600]
    except signing.BadSignature:
        return None
    return found if found[1] >= time.time() - 1 else None


def _write(entry, words, subject):
    address = _address_of(entry)
    if address:
        link = f"{settings.SITE_URL}/decisions/by-link/{token_of(entry)}/"
        body = render_to_string(words, {"link": link, "site_name": settings.SITE_NAME})
        outbox.add(EmailMessage(subject, body, to=[address]), kind="decision")


def _address_of(entry):
    if entry.person is not None:
        return entry.person.email if entry.person.is_active else ""
    guest = entry.comment and GuestComment.objects.filter(comment=entry.comment).first()
    return guest.email if guest else ""
