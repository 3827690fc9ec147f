"""`manage.py send_letters`: the mails that wait; `manage.py work` calls it every few seconds."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from posts.actions import posting


class Command(BaseCommand):
    """Tries each letter once; it may be stopped and started again, and run twice at once."""

    help = "Sends the mails that wait."
    stealth_options = ("stopped",)

    def handle(self, *, stopped=lambda: False, **options):
        waiting = list(posting.waiting(timezone.now()))
        sent = 0
        for number, pk in enumerate(waiting, start=1):
            if stopped():
                break
            sent += posting.send(pk)
            if self.stderr.isatty():
                self.stderr.write(f"\r{number} of {len(waiting)}", ending="")
        self.stdout.write(f"Letters: {sent} sent, {len(waiting) - sent} wait.")
