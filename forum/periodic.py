"""What is done behind the pages, again and again: commands by name, each after its pause (`settings.PERIODIC_JOBS`).

Every one of them may run twice at once and may be interrupted, so that nothing has to be agreed between machines.
"""

import logging
import threading
from io import StringIO

from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections, connections

logger = logging.getLogger(__name__)
# seconds: what failed is tried again after twice its pause, each time twice as long, and never later than this
LONGEST_PAUSE = 60


class PeriodicJobs:
    """Does each chore in a thread of its own, so that no long one keeps the others waiting; a `with` statement that
    ends when they have. Which ones `failed` the last time."""

    def __init__(self):
        # how many times in a row, by name
        self.failed = {}
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep_doing, args=[name], name=name) for name in settings.PERIODIC_JOBS
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *fault):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def do(self, name):
        """Does a chore once; the seconds until it is to be done again. What fails is logged and soon tried again.

        The command is given `stopped`, which says whether it is to end behind the batch it is at.
        """
        try:
            # the database may have been away since
            close_old_connections()
            call_command(name, stdout=StringIO(), stopped=self._stop.is_set)
        except Exception:
            self.failed[name] = self.failed.get(name, 0) + 1
            pause = min(LONGEST_PAUSE, settings.PERIODIC_JOBS[name] * 2 ** min(self.failed[name], 10))
            logger.exception("The chore %s failed; it is tried again in %s seconds.", name, pause)
            return pause
        self.failed.pop(name, None)
        return settings.PERIODIC_JOBS[name]

    def _keep_doing(self, name):
        while not self._stop.is_set():
            self._stop.wait(self.do(name))
        connections.close_all()
