"""`manage.py send_outbox`: send the mails in the outbox; `manage.py run_worker` calls it every second."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from forum import outbox


class Command(BaseCommand):
    """Send each mail that is due. The command can be interrupted and can run several times at once."""

    help = "Sends the mails in the outbox."
    stealth_options = ("stopped",)

    def handle(self, *, stopped: Callable[[], bool] = lambda: False, **options: Any) -> None:
        """Send mails until none is due or `stopped` returns True."""
        outbox.give_up_overdue(timezone.now())
        results = []
        while not stopped() and (was_sent := outbox.send_next()) is not None:
            results.append(was_sent)
        self.stdout.write(f"Mails: {results.count(True)} sent, {results.count(False)} failed.")
