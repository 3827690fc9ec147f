"""`manage.py heartbeat`: note that the worker works; the worker does so every minute."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from forum.health import report_worker


class Command(BaseCommand):
    """Write down the time, so that `/readyz` and `check --deploy` can tell whether a worker runs."""

    help = "Notes that the worker works; see /readyz."
    stealth_options = ("stopped",)

    def handle(self, *, stopped: Callable[[], bool] = lambda: False, **options: Any) -> None:
        """Report once."""
        report_worker()
