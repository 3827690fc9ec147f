"""`manage.py recalculate_trust`: update which members are trusted. It should run once a day."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import User
from posts.moderation import trust

BAR = 30


class Command(BaseCommand):
    """Recalculate the trust of all members in batches. It can be stopped and started again."""

    help = "Reckons how far each member is trusted (see /trust/). It can be stopped and started again."

    stealth_options = ("stopped",)

    def handle(self, *, stopped: Callable[[], bool] = lambda: False, **options: Any) -> None:
        everybody, done = User.objects.filter(trust_set_at=None, is_staff=False).count(), 0

        def show(number: int) -> None:
            nonlocal done
            done += number
            if self.stderr.isatty():
                share = min(1, done / everybody) if everybody else 1
                self.stderr.write(f"\r[{'#' * int(share * BAR):.<{BAR}}] {done:,} of {everybody:,}", ending="")

        changed = trust.recalculate(show, stopped)
        if self.stderr.isatty():
            self.stderr.write("")
        self.stdout.write(f"Trust: {done:,} people reckoned, {changed:,} changed.")
