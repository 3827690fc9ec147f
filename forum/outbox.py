"""The outbox: every mail is a row of the transaction that causes it, and `manage.py run_worker` sends it afterwards.

No request talks to a mail server. `EmailBackend` is the forum's EMAIL_BACKEND, so that mails of Django and of any app
go this way too; the command `send_outbox` sends through the backend that settings.MAIL_TRANSPORT names.

A mail is claimed in a transaction of its own and sent while no row is locked. A sender that dies leaves the mail to be
sent again, under the same Message-ID. A permanent refusal ends a mail at once; after a temporary one it is tried again,
each mail at its own pace.
"""

import logging
import re
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import format_datetime, parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from forum.models import OutboxMessage

logger = logging.getLogger(__name__)
# A claimed mail is left to its sender for so long. A talk with a mail server has about ten answers, each of which may
# take EMAIL_TIMEOUT (10 seconds).
CLAIM_LASTS = timedelta(minutes=2)
# The pause after a failed attempt: 15 seconds, then twice as long each time, at most an hour. So many attempts take
# three days.
FIRST_PAUSE, LONGEST_PAUSE, MOST_ATTEMPTS = timedelta(seconds=15), timedelta(hours=1), 80
# Mails that have failed are shown to the administrator for so long.
FAILED_KEPT_FOR = timedelta(days=30)
# Refusals that are about our account on the mail server and not about this mail (RFC 4954).
ABOUT_OUR_ACCOUNT = {530, 534, 535, 538}
LOCAL_PART = re.compile(r"[^\s<>\"'(]+@")


class EmailBackend(BaseEmailBackend):
    """Django's mail backend that puts each message into the outbox."""

    def send_messages(self, email_messages: list[EmailMessage]) -> int:
        """Put the messages into the outbox, in the caller's transaction; return how many there are."""
        for message in email_messages:
            add(message, kind="other")
        return len(email_messages)


def add(message: EmailMessage, *, kind: str, expires_at: datetime | None = None) -> None:
    """Put `message` into the outbox, once for each recipient, in the caller's transaction.

    `kind` is what an administrator sees of it if it fails. After `expires_at` it is not sent. The sender is always
    settings.DEFAULT_FROM_EMAIL. Raises ValueError for a message with attachments or with another part than HTML.
    """
    alternatives = getattr(message, "alternatives", [])
    if message.attachments or any(mimetype != "text/html" for _content, mimetype in alternatives):
        raise ValueError("The outbox takes a text and an HTML part, and nothing else.")
    now = timezone.now()
    for recipient in message.recipients():
        address = parseaddr(recipient)[1]
        OutboxMessage.objects.create(
            kind=kind,
            address=address,
            domain=address.rpartition("@")[2],
            # a header has one line
            subject=" ".join(message.subject.split()),
            body=message.body,
            html=alternatives[0][0] if alternatives else "",
            created_at=now,
            due_at=now,
            expires_at=expires_at,
        )


def send_next() -> bool | None:
    """Send one mail that is due; return whether it was sent, or None if no mail is due.

    Must not be called inside a transaction: the claim has to be committed before the mail server is asked.
    """
    claimed = _claim(timezone.now())
    if claimed is None:
        return None
    connection = get_connection(settings.MAIL_TRANSPORT)
    try:
        connection.open()
        connection.send_messages([_message_of(claimed)])
    except Exception as fault:
        # whatever a mail backend raises is about this mail or the server; the other mails have their turn
        _record_failure(claimed, fault)
        return False
    else:
        OutboxMessage.objects.filter(pk=claimed.pk).delete()
        return True
    finally:
        # a server that took the mail and does not say goodbye has taken it all the same
        with suppress(OSError, SMTPException):
            connection.close()


def give_up_overdue(at: datetime) -> int:
    """End the mails that have expired or were tried MOST_ATTEMPTS times; return how many."""
    waiting = OutboxMessage.objects.filter(failed_at=None, due_at__lte=at)
    expired = waiting.filter(expires_at__lte=at)
    exhausted = waiting.filter(attempts__gte=MOST_ATTEMPTS)
    ended = expired.filter(answer="").update(answer=_("It expired before it could be sent."), **_ended(at))
    return ended + expired.update(**_ended(at)) + exhausted.update(**_ended(at))


def forget_failed(at: datetime) -> int:
    """Delete the mails that failed longer than FAILED_KEPT_FOR before `at`; return how many."""
    return OutboxMessage.objects.filter(failed_at__lt=at - FAILED_KEPT_FOR).delete()[0]


@transaction.atomic(durable=True)
def _claim(at: datetime) -> OutboxMessage | None:
    """Take the next mail that is due and commit that, so that no other sender takes it for CLAIM_LASTS."""
    due = OutboxMessage.objects.filter(failed_at=None, due_at__lte=at, attempts__lt=MOST_ATTEMPTS)
    # sign-in codes first: they expire
    due = due.exclude(expires_at__lte=at).order_by(F("expires_at").asc(nulls_last=True), "due_at")
    claimed = due.select_for_update(skip_locked=True).first()
    if claimed is not None:
        claimed.attempts += 1
        claimed.due_at = at + CLAIM_LASTS
        claimed.save(update_fields=["attempts", "due_at"])
    return claimed


def _message_of(row: OutboxMessage) -> EmailMessage:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = {"Message-ID": f"<{row.pk}@{domain}>", "Date": format_datetime(row.created_at)}
    message = EmailMultiAlternatives(row.subject, row.body, to=[row.address], headers=headers)
    if row.html:
        message.attach_alternative(row.html, "text/html")
    return message


def _record_failure(claimed: OutboxMessage, fault: Exception) -> None:
    """Note the answer to an attempt and when the next one is due; a permanent refusal ends the mail."""
    now, answer = timezone.now(), _answer_of(fault)
    changes = {"answer": answer, "due_at": now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(claimed.attempts - 1, 20))}
    ends = is_permanent(fault)
    if ends:
        changes |= _ended(now)
    # unless the claim ran out and another sender has the mail
    OutboxMessage.objects.filter(pk=claimed.pk, attempts=claimed.attempts).update(**changes)
    logger.warning(
        "Mail %s (%s) %s: %s", claimed.pk, claimed.kind, "was refused for good" if ends else "is tried again", answer
    )


def is_permanent(fault: Exception) -> bool:
    """Tell whether a mail server will refuse this mail again however often it is tried (SMTP 5xx)."""
    if isinstance(fault, SMTPRecipientsRefused):
        codes = [code for code, _message in fault.recipients.values()]
    elif isinstance(fault, SMTPDataError | SMTPSenderRefused):
        codes = [fault.smtp_code]
    else:
        codes = []
    return bool(codes) and all(500 <= code < 600 and code not in ABOUT_OUR_ACCOUNT for code in codes)


def _answer_of(fault: Exception) -> str:
    """Return what the mail server or its backend said, in one line and without addresses."""
    if isinstance(fault, SMTPRecipientsRefused):
        code, message = next(iter(fault.recipients.values()), (0, b""))
    elif isinstance(fault, SMTPDataError | SMTPSenderRefused):
        code, message = fault.smtp_code, fault.smtp_error
    else:
        code, message = type(fault).__name__, str(fault)
    if isinstance(message, bytes):
        message = message.decode("utf-8", "replace")
    return LOCAL_PART.sub("…@", " ".join(f"{code} {message}".replace("\x00", "").split()))[:300]


def _ended(at: datetime) -> dict:
    """Return the changes that end a mail: its text and its address are erased."""
    return {"failed_at": at, "address": "", "subject": "", "body": "", "html": ""}
