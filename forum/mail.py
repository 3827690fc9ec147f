"""The HTML part of mails, and a mail backend for laptops that writes mails to the console and to var/mail."""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.console import EmailBackend as Console
from django.core.mail.backends.filebased import EmailBackend as Files
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import mark_safe

# Only addresses with a scheme become links; a name such as “forum.example” does not.
ADDRESS = re.compile(r"https?://[^\s<>]*[^\s<>.,;:!?)]")


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
