"""`manage.py delete_expired`: delete expired data. It should run once a day."""

from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import unconfirmed
from accounts.models import UserSession
from forum import outbox, ratelimit
from posts.moderation import flags
from posts.writing import drafts, guests


class Command(BaseCommand):
    """Delete data whose retention period has passed, and report how much was deleted."""

    help = (
        "Forgets unconfirmed accounts, old drafts, guests’ addresses, mails nobody takes, hashed internet addresses, "
        "and ended sessions."
    )
    stealth_options = ("stopped",)

    def handle(self, *, stopped: Callable[[], bool] = lambda: False, **options: Any) -> None:
        now = timezone.now()
        call_command("clearsessions")
        UserSession.objects.forget_ended()
        for forget, at, what in (
            (unconfirmed.delete_expired, now, "accounts whose address nobody confirmed"),
            (drafts.delete_expired, now, "drafts"),
            (guests.delete_expired_addresses, now, "guests’ e-mail addresses"),
            (outbox.forget_failed, now, "mails that could not be sent"),
            (flags.delete_expired_visitors, now - ratelimit.FORGOTTEN_AFTER, "visitors who flagged"),
            (ratelimit.delete_expired, now, "hashed internet addresses and counts"),
        ):
            if stopped():
                return
            self.stdout.write(f"Forgotten: {forget(at)} {what}.")
