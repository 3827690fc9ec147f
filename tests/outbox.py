"""What has left the outbox."""

from django.core import mail
from django.core.management import call_command


def sent():
    """Send what is in the outbox; return all mails that were sent in this test."""
    call_command("send_outbox")
    return mail.outbox
