"""`manage.py run_worker`: run the periodic jobs (mails, trust, deletion of expired data); `make run` starts it."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from forum.periodic import PeriodicJobs

STOPS = {signal.SIGINT, signal.SIGTERM}


class Command(BaseCommand):
    """Run the periodic jobs until SIGINT or SIGTERM.

    On the first signal each job first finishes its current mail or batch. A second signal ends the process at once.
    """

    help = "Runs the periodic jobs (mails, trust, expired rows) until it is stopped, beside the web server."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --once, for cron."""
        parser.add_argument("--once", action="store_true", help="do everything once, and end")

    def handle(self, *, once: bool, **options: Any) -> None:
        """Run the jobs until a signal, or once; raises CommandError if a job failed with --once."""
        jobs = PeriodicJobs()
        if once:
            for name in settings.PERIODIC_JOBS:
                jobs.do(name)
            if jobs.failed:
                raise CommandError(f"Not done: {', '.join(sorted(jobs.failed))}. The log above says why.")
            return
        # The signals are blocked and waited for, because a handler could interrupt code that holds a lock the handler
        # needs. The jobs' threads start afterwards and inherit the blocked signals.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        with jobs:
            signal.sigwait(STOPS)
            for number in STOPS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
