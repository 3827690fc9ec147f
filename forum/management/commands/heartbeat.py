"""`manage.py heartbeat`: record that the worker runs; the worker calls it every minute."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from forum.health import report_worker


class Command(BaseCommand):
    """Record the time, so that `/readyz` and `check --deploy` know whether a worker runs."""

    help = "Notes that the worker works; see /readyz."
    stealth_options = ("stopped",)

    def handle(self, *, stopped: Callable[[], bool] = lambda: False, **options: Any) -> None:
        """Record the time once."""
        report_worker()
