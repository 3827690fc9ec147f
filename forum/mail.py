"""The look of mails, and the mail backend of a laptop: it shows mails on the console and keeps them in var/mail."""

import re

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.console import EmailBackend as Console
from django.core.mail.backends.filebased import EmailBackend as Files
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import mark_safe

# Only an address that says it is one: a name such as “forum.example” stays a name.
ADDRESS = re.compile(r"https?://[^\s<>]*[^\s<>.,;:!?)]")


class _Words(Console):
    """The console, with the plain text alone: a code is looked for there, not HTML."""

    def write_message(self, message):
        super().write_message(
            EmailMessage(message.subject, message.body, message.from_email, message.to, headers=message.extra_headers)
        )


class LaptopBackend(BaseEmailBackend):
    """Hands each message to Django's console backend and to its file backend (EMAIL_FILE_PATH)."""

    def __init__(self, **options):
        super().__init__(**options)
        self.backends = [_Words(**options), Files(**options)]

    def send_messages(self, messages):
        """Delivers to both; returns how many messages there were."""
        for backend in self.backends:
            backend.send_messages(messages)
        return len(messages)


def in_our_look(message):
    """`message` with an HTML part beside its text, made from that text: nothing is said in one and not in the other."""
    dressed = EmailMultiAlternatives(
        message.subject, message.body, message.from_email, message.to, headers=message.extra_headers
    )
    context = {"subject": message.subject, "site_name": settings.SITE_NAME, "blocks": blocks_of(message.body)}
    dressed.attach_alternative(render_to_string("emails/frame.html", context), "text/html")
    return dressed


def blocks_of(text):
    """The paragraphs of a plain text as pairs of a kind and safe HTML.

    "code" is a paragraph set in by four spaces, "sign" one that follows the signature's “-- ”, "" any other.
    """
    blocks = []
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
