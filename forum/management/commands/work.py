"""`manage.py work`: mails leave, trust is reckoned, what is to be forgotten is; `make run` starts it."""

import signal
import threading
import time

from django.core.management.base import BaseCommand, CommandError

from forum.chores import Chores


class Command(BaseCommand):
    """Works until it is asked to stop, and then ends what it is doing first."""

    help = "Does what is to be done behind the pages, until it is stopped. On a server it runs beside the web server."

    def add_arguments(self, parser):
        """`--once` is for a job of cron's."""
        parser.add_argument("--once", action="store_true", help="do everything once, and end")

    def handle(self, *, once, **options):
        chores, asked_to_stop = Chores(), threading.Event()
        if once:
            chores.do(time.monotonic)
            if chores.failed:
                raise CommandError(f"Not done: {', '.join(sorted(chores.failed))}; the reasons stand above.")
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: asked_to_stop.set())
        while not asked_to_stop.is_set():
            asked_to_stop.wait(chores.do(time.monotonic, asked_to_stop.is_set))
