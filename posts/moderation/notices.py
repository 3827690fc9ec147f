"""Mails about decisions. A mail never contains text that people wrote; it has a link to the statement instead."""

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from accounts.preferences import in_language_of
from forum import outbox
from posts.models import Appeal, GuestComment, LogEntry
from posts.models.appeal import APPEAL_WITHIN
from posts.models.log_entry import APPEALABLE, MAILED

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

SALT = "statement"
Act = LogEntry.Act
# actions that people are informed of by mail, and so also of their undoing
HEARD_OF = MAILED | {Act.RESTORE, Act.OPEN_BRANCH, Act.UNSUSPEND, Act.UNWATCH}


def send_decision(entry: LogEntry) -> None:
    """Send a mail about the decision to the person it is against, or who asked for it, if it is one of MAILED.

    The mail leads to the statement and, if possible, to an appeal; the link opens without signing in. Other decisions
    in the person's favour are shown on the site only. The mail is sent after the transaction is committed.
    """
    if entry.act not in MAILED or _goes_with_another(entry):
        return
    # an answer to a request cannot be appealed, so its mail is another one
    if entry.is_appealable:
        about_comment = _("A moderator made a decision about your comment")
        about_account = _("A moderator made a decision about your account")
        _write(entry, "emails/decision.txt", about_comment if entry.comment_id else about_account)
    else:
        _write(entry, "emails/verification_answered.txt", _("The moderators wrote to you"))


def _goes_with_another(entry: LogEntry) -> bool:
    """Return whether `entry` is a sanction that was part of a decision with a mail of its own.

    The statement of that decision shows the sanction, too.
    """
    return entry.part_of is not None and entry.part_of.act in (*APPEALABLE, Act.CHANGE)


def send_appeal_answer(appeal: Appeal) -> None:
    """Send a mail that an appeal was answered. It links to the statement of the decision."""
    _write(appeal.entry, "emails/appeal_answered.txt", _("Your appeal was answered"))


def send_reversal(entry: LogEntry) -> None:
    """Send a mail that a decision, of which the person was informed by mail, was undone or ended by `entry`."""
    _write(entry, "emails/decision_reversed.txt", _("A decision about you was reversed"))


def token_of(entry: LogEntry, until: float | None = None) -> str:
    """Return a token that opens the statement without signing in, until the moment `until` (seconds as in time.time()).

    The default is APPEAL_WITHIN from now. Links on a statement that was opened by a token are given the same end, so
    that they do not extend it.
    """
    until = int(until or time.time() + APPEAL_WITHIN.total_seconds())
    return signing.dumps([entry.pk, until], salt=SALT)


def read_token(token: str) -> list | None:
    """Return [id of the entry, end as in time.time()] for the `token`, or None if it is invalid or expired."""
    try:
        found = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return found if found[1] >= time.time() - 1 else None


def _write(entry: LogEntry, words: str, subject: "StrPromise") -> None:
    """Write a mail in the language of the person concerned."""
    address = _address_of(entry)
    if address:
        link = f"{settings.SITE_URL}/decisions/by-link/{token_of(entry)}/"
        with in_language_of(entry.person):
            body = render_to_string(words, {"link": link, "site_name": settings.SITE_NAME})
            outbox.add(EmailMessage(str(subject), body, to=[address]), kind="decision")


def _address_of(entry: LogEntry) -> str:
    if entry.person is not None:
        return entry.person.email if entry.person.is_active else ""
    guest = entry.comment and GuestComment.objects.filter(comment=entry.comment).first()
    return guest.email if guest else ""
