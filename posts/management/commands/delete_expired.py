"""`manage.py delete_expired`: forgets what is to be forgotten; once a day is enough."""

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import UserSession
from forum import outbox, ratelimit
from posts.moderation import flags
from posts.writing import drafts, guests


class Command(BaseCommand):
    """Deletes what has been kept for as long as it is to be kept, and says how much that was."""

    help = "Forgets old drafts, guests’ addresses, mails nobody takes, hashed internet addresses, and ended sessions."
    stealth_options = ("stopped",)

    def handle(self, *, stopped=lambda: False, **options):
        now = timezone.now()
        call_command("clearsessions")
        UserSession.objects.forget_ended()
        for forget, at, what in (
            (drafts.delete_expired, now, "drafts"),
            (guests.delete_expired_addresses, now, "guests’ e-mail addresses"),
            (outbox.forget_failed, now, "mails that could not be sent"),
            (flags.delete_expired_visitors, now - ratelimit.FORGOTTEN_AFTER, "visitors who flagged"),
            (ratelimit.delete_expired, now, "hashed internet addresses and counts"),
        ):
            if stopped():
                return
            self.stdout.write(f"Forgotten: {forget(at)} {what}.")
