"""`manage.py run_worker`: mails leave, trust is reckoned, what is to be forgotten is; `make run` starts it."""

import signal

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from forum.periodic import PeriodicJobs

STOPS = {signal.SIGINT, signal.SIGTERM}


class Command(BaseCommand):
    """Works until it is asked to stop, and then ends what it is doing first: a letter, a batch. Asked again, it ends at
    once."""

    help = "Does what is to be done behind the pages, until it is stopped. On a server it runs beside the web server."

    def add_arguments(self, parser):
        """`--once` is for a job of cron's."""
        parser.add_argument("--once", action="store_true", help="do everything once, and end")

    def handle(self, *, once, **options):
        chores = PeriodicJobs()
        if once:
            for name in settings.PERIODIC_JOBS:
                chores.do(name)
            if chores.failed:
                raise CommandError(f"Not done: {', '.join(sorted(chores.failed))}; the reasons stand above.")
            return
        # waited for, and not handled: a handler may interrupt whatever holds the lock that it needs. The chores'
        # threads are begun afterwards and do not take these signals either
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        with chores:
            signal.sigwait(STOPS)
            for number in STOPS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
