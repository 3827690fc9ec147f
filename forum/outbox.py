"""The outbox: mails are stored in the transaction that causes them, and `manage.py run_worker` sends them later.

No request connects to a mail server. `EmailBackend` is the forum's EMAIL_BACKEND, so that mails of Django and of all
apps use the outbox, too. The command `send_outbox` sends them through the backend in settings.MAIL_TRANSPORT.

A mail is claimed in a transaction of its own and sent while no row is locked. If the sender dies, the mail is sent
again with the same Message-ID. After a permanent refusal a mail is not tried again; after a temporary failure it is,
with increasing pauses. If the mail server took the text and did not answer, the mail is perhaps delivered, so it is
tried again only twice, after long pauses.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import format_datetime, parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forum.mail import NotConfirmed
from forum.models import OutboxMessage

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

logger = logging.getLogger(__name__)
# For this time no other sender takes a claimed mail. An SMTP session has about ten answers, each of which may take
# EMAIL_TIMEOUT (10 seconds), and the one to the text, which may take ACCEPTED_WITHIN (10 minutes).
CLAIM_LASTS = timedelta(minutes=15)
# The pause after a failed attempt: 15 seconds, doubled each time, at most an hour (see `pause_after`). MOST_ATTEMPTS
# attempts take three days.
FIRST_PAUSE, LONGEST_PAUSE, MOST_ATTEMPTS = timedelta(seconds=15), timedelta(hours=1), 80
# The pauses after attempts that were not confirmed: at most three copies of a mail arrive.
UNCONFIRMED_PAUSES = (timedelta(hours=1), timedelta(hours=6))
# Failed mails are shown in the admin for this time.
FAILED_KEPT_FOR = timedelta(days=30)
# Status codes about our account on the mail server, not about the mail (RFC 4954).
ABOUT_OUR_ACCOUNT = {530, 534, 535, 538}
# What the kinds of mails are called in the admin; apps add theirs (`name_kinds`).
KINDS: "dict[str, StrOrPromise]" = {"other": gettext_lazy("Other mail")}
LOCAL_PART = re.compile(r"[^\s<>\"'(]+@")


class EmailBackend(BaseEmailBackend):
    """Django's mail backend that puts each message into the outbox."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Put the messages into the outbox, in the caller's transaction; return how many there are."""
        for message in email_messages:
            add(message, kind="other")
        return len(email_messages)


def name_kinds(names: "Mapping[str, StrOrPromise]") -> None:
    """Register what kinds of mails are called in the admin."""
    KINDS.update(names)


def troubled() -> QuerySet[OutboxMessage]:
    """Return the mails that were given up, and those whose last attempt failed and that wait for the next one."""
    return OutboxMessage.objects.filter(Q(failed_at__isnull=False) | ~Q(answer=""))


def count_troubled() -> dict[str, int]:
    """Return how many mails were given up (`given_up`) and how many wait after a failure (`waiting`)."""
    return troubled().aggregate(
        given_up=Count("pk", filter=Q(failed_at__isnull=False)), waiting=Count("pk", filter=Q(failed_at=None))
    )


@transaction.atomic
def try_now(messages: QuerySet[OutboxMessage]) -> list[OutboxMessage]:
    """Make those of `messages` due that wait after a failure, and return them; not those that are being sent."""
    rows = list(messages.filter(failed_at=None).exclude(answer="").select_for_update())
    OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=timezone.now())
    return rows


def add(message: EmailMessage, *, kind: str, expires_at: datetime | None = None) -> None:
    """Put `message` into the outbox, once for each recipient, in the caller's transaction.

    `kind` is shown in the admin if the mail fails. After `expires_at` it is not sent. The sender is always
    settings.DEFAULT_FROM_EMAIL. Raises ValueError for what it would have to leave out: attachments, other alternatives
    than HTML, headers of the message's own, and further kinds of recipients.
    """
    alternatives = getattr(message, "alternatives", [])
    if message.attachments or any(mimetype != "text/html" for _content, mimetype in alternatives):
        raise ValueError("The outbox takes a text and an HTML part, and nothing else.")
    if message.extra_headers or message.reply_to or message.cc or message.bcc:
        raise ValueError("The outbox takes no headers but the subject, and no recipients but those in `to`.")
    now = timezone.now()
    for recipient in message.recipients():
        address = parseaddr(recipient)[1]
        OutboxMessage.objects.create(
            kind=kind,
            address=address,
            domain=address.rpartition("@")[2],
            # a header must not contain line ends
            subject=" ".join(message.subject.split()),
            body=str(message.body),
            html=alternatives[0][0] if alternatives else "",
            created_at=now,
            due_at=now,
            expires_at=expires_at,
        )


def send_next() -> bool | None:
    """Send one mail that is due; return whether it was sent, or None if no mail is due.

    Must not be called inside a transaction, because the claim must be committed before the mail is sent.
    """
    claimed = _claim(timezone.now())
    if claimed is None:
        return None
    connection = get_connection(settings.MAIL_TRANSPORT)
    try:
        connection.open()
        if connection.send_messages([_message_of(claimed)]) != 1:
            raise OSError("the mail was not sent to anybody")
    except Exception as fault:
        # backends raise all kinds of exceptions, and one mail must not keep the others from being sent
        if not isinstance(fault, (SMTPException, OSError)):
            # an error of ours and not of the mail server
            logger.exception("Mail %s could not be sent.", claimed.pk)
        _record_failure(claimed, fault)
        return False
    else:
        OutboxMessage.objects.filter(pk=claimed.pk).delete()
        return True
    finally:
        # the mail was accepted even if closing the connection fails
        with suppress(OSError, SMTPException):
            connection.close()


def give_up_overdue(at: datetime) -> int:
    """Mark the mails as failed that have expired or were tried MOST_ATTEMPTS times; return how many."""
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
    """Claim the next mail that is due, so that no other sender takes it for CLAIM_LASTS; None if there is none."""
    due = OutboxMessage.objects.filter(failed_at=None, due_at__lte=at, attempts__lt=MOST_ATTEMPTS)
    # sign-in codes first: they expire
    due = due.exclude(expires_at__lte=at).order_by(F("expires_at").asc(nulls_last=True), "due_at")
    claimed = due.select_for_update(skip_locked=True).first()
    if claimed is not None:
        claimed.attempts += 1
        claimed.due_at = at + CLAIM_LASTS
        # so `try_now` does not take it while it is being sent
        claimed.answer = ""
        claimed.save(update_fields=["attempts", "due_at", "answer"])
    return claimed


def _message_of(row: OutboxMessage) -> EmailMessage:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = {"Message-ID": f"<{row.pk}@{domain}>", "Date": format_datetime(row.created_at)}
    message = EmailMultiAlternatives(row.subject, row.body, to=[row.address], headers=headers)
    if row.html:
        message.attach_alternative(row.html, "text/html")
    return message


def _record_failure(claimed: OutboxMessage, fault: Exception) -> None:
    """Store the answer to a failed attempt and the time of the next one; a permanent refusal ends the mail."""
    now, answer = timezone.now(), _answer_of(fault)
    unconfirmed = claimed.unconfirmed
    if isinstance(fault, NotConfirmed):
        unconfirmed += 1
        ends = unconfirmed > len(UNCONFIRMED_PAUSES)
        pause = timedelta(0) if ends else UNCONFIRMED_PAUSES[unconfirmed - 1]
        outcome = "is perhaps delivered and is " + ("not tried again" if ends else "tried again")
    else:
        ends = is_permanent(fault)
        pause = pause_after(claimed.attempts)
        outcome = "was refused for good" if ends else "is tried again"
    changes = {"answer": answer, "unconfirmed": unconfirmed, "due_at": now + pause} | (_ended(now) if ends else {})
    # the filter on attempts skips a mail that another sender took after the claim expired
    OutboxMessage.objects.filter(pk=claimed.pk, attempts=claimed.attempts).update(**changes)
    logger.warning("Mail %s (%s) %s: %s", claimed.pk, claimed.kind, outcome, answer)


def pause_after(attempts: int) -> timedelta:
    """Return the pause after so many attempts have failed."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))


def tried_for() -> timedelta:
    """Return how long a mail is tried that the mail server refuses for the time being."""
    return sum((pause_after(attempts) for attempts in range(1, MOST_ATTEMPTS)), timedelta())


def is_permanent(fault: Exception) -> bool:
    """Return whether the mail server refused the mail permanently (SMTP 5xx)."""
    if isinstance(fault, SMTPRecipientsRefused):
        codes = [code for code, _message in fault.recipients.values()]
    elif isinstance(fault, SMTPDataError | SMTPSenderRefused):
        codes = [fault.smtp_code]
    else:
        codes = []
    return bool(codes) and all(500 <= code < 600 and code not in ABOUT_OUR_ACCOUNT for code in codes)


def _answer_of(fault: Exception) -> str:
    """Return the answer of the mail server or backend in one line, without the local parts of addresses."""
    code: int | str
    message: bytes | str
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
    """Return the field values that mark a mail as failed and erase its text and address."""
    return {"failed_at": at, "address": "", "subject": "", "body": "", "html": ""}
