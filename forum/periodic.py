"""Periodic jobs: management commands that run again after a pause each (`settings.PERIODIC_JOBS`).

Each of them may run several times at once (`settings.PERIODIC_THREADS`) and may be interrupted, so machines need not
coordinate.
"""

import logging
import threading
from io import StringIO
from typing import Self

from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections, connections

logger = logging.getLogger(__name__)
# Seconds. A failed job runs again after twice its pause, doubled with each failure, at most this.
LONGEST_PAUSE = 60


class PeriodicJobs:
    """A context manager that runs each periodic job in threads of its own, so that long jobs do not delay others.

    The end of the `with` block waits for the threads. `failed` maps the names of failing jobs to their number of
    failures since the last success, those of all their threads together.
    """

    def __init__(self) -> None:
        # number of failures in a row, by name
        self.failed: dict[str, int] = {}
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep_doing, args=[name], name=name)
            for name in settings.PERIODIC_JOBS
            for _number in range(settings.PERIODIC_THREADS.get(name, 1))
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *fault: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def do(self, name: str) -> float:
        """Run a job once; return the seconds until it is due again. A failure is logged and the job runs again soon.

        The command gets `stopped`, a function that returns whether it should end after its current batch.
        """
        try:
            # the database may have been restarted since the last run
            close_old_connections()
            call_command(name, stdout=StringIO(), stopped=self._stop.is_set)
        except Exception:
            self.failed[name] = self.failed.get(name, 0) + 1
            pause = min(LONGEST_PAUSE, settings.PERIODIC_JOBS[name] * 2 ** min(self.failed[name], 10))
            logger.exception("The job %s failed; it is tried again in %s seconds.", name, pause)
            return pause
        self.failed.pop(name, None)
        return settings.PERIODIC_JOBS[name]

    def _keep_doing(self, name: str) -> None:
        while not self._stop.is_set():
            self._stop.wait(self.do(name))
        connections.close_all()
