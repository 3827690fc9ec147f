"""The HTML part of mails, and the mail backends: SMTP, and for laptops the console and var/mail."""

import re
import smtplib
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.console import EmailBackend as Console
from django.core.mail.backends.filebased import EmailBackend as Files
from django.core.mail.backends.smtp import EmailBackend as DjangoSMTPBackend
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import mark_safe

# Only addresses with a scheme become links; a name such as “forum.example” does not.
ADDRESS = re.compile(r"https?://[^\s<>]*[^\s<>.,;:!?)]")
# Seconds to wait for the answer to a mail's text; EMAIL_TIMEOUT is for everything before it. Servers examine the text
# before they answer. A client that waits less long sends mails again that were accepted (RFC 5321, section 4.5.3.2.6).
ACCEPTED_WITHIN = 600


class NotConfirmed(smtplib.SMTPException):
    """Raised when the text of a mail was sent and the server did not say whether it took it."""


class _SMTP(smtplib.SMTP):
    """An SMTP connection that waits ACCEPTED_WITHIN seconds for the answer to a text, and `timeout` for all others."""

    is_text_sent = False

    def getreply(self) -> tuple[int, bytes]:
        """Return the next answer; raises NotConfirmed if it is missing or unreadable and a text was sent before it."""
        was_text_sent, self.is_text_sent = self.is_text_sent, False
        if self.sock is not None:
            self.sock.settimeout(ACCEPTED_WITHIN if was_text_sent else self.timeout)
        try:
            code, words = super().getreply()
        except smtplib.SMTPException as fault:
            if was_text_sent:
                raise NotConfirmed(str(fault)) from fault
            raise
        if was_text_sent and not (code == 250 or 400 <= code < 600):
            raise NotConfirmed(f"The answer was {code}.")
        # after this answer smtplib sends the text and asks for the next one
        self.is_text_sent = code == 354
        return code, words


class _SMTPOverTLS(_SMTP, smtplib.SMTP_SSL):
    """The same inside TLS."""


class SMTPBackend(DjangoSMTPBackend):
    """Django's SMTP backend with patience for the answer to a mail's text; raises NotConfirmed if there is none."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Return the class of the connection."""
        return _SMTPOverTLS if self.use_ssl else _SMTP


class _Words(Console):
    """The console backend without HTML parts, which would hide the code that people look for there."""

    def write_message(self, message: EmailMessage) -> None:
        super().write_message(
            EmailMessage(message.subject, message.body, message.from_email, message.to, headers=message.extra_headers)
        )


class LaptopBackend(BaseEmailBackend):
    """A mail backend that passes each message to Django's console and file backends (EMAIL_FILE_PATH)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.backends = [_Words(**options), Files(**options)]

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        """Pass the messages to both backends; return how many there were."""
        for backend in self.backends:
            backend.send_messages(messages)
        return len(messages)


def in_our_look(message: EmailMessage) -> EmailMultiAlternatives:
    """Return a copy of `message` with an HTML part made from its text, so that both parts have the same content."""
    dressed = EmailMultiAlternatives(
        message.subject, message.body, message.from_email, message.to, headers=message.extra_headers
    )
    context = {"subject": message.subject, "site_name": settings.SITE_NAME, "blocks": blocks_of(str(message.body))}
    dressed.attach_alternative(render_to_string("emails/frame.html", context), "text/html")
    return dressed


def blocks_of(text: str) -> list[tuple[str, str]]:
    """Return the paragraphs of a plain text as pairs of a kind and safe HTML.

    The kind is "code" for a paragraph indented by four spaces, "sign" for the signature after “-- ”, "" otherwise.
    """
    blocks: list[tuple[str, str]] = []
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        lines = paragraph.split("\n")
        if lines[0].rstrip() == "--":
            blocks.append(("sign", escape(" ".join(lines[1:]).strip())))
        elif all(line.startswith("    ") for line in lines):
            blocks.append(("code", escape(" ".join(line.strip() for line in lines))))
        else:
            words = escape(" ".join(line.strip() for line in lines))
            blocks.append(("", mark_safe(ADDRESS.sub(r'<a href="\g<0>">\g<0></a>', words))))  # noqa: S308
    return blocks
