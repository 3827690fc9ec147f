"""What is done behind the pages, again and again: commands by name, each after its pause (`settings.CHORES`).

Every one of them may run twice at once and may be interrupted, so that nothing has to be agreed between machines.
"""

import logging
from io import StringIO

from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections

logger = logging.getLogger(__name__)
# seconds
AFTER_A_FAULT = 60


class Chores:
    """Remembers when each chore is due, in seconds of a clock that only moves on (all of them are at first), and which
    ones `failed` the last time."""

    def __init__(self):
        self.failed = set()
        self.due = dict.fromkeys(settings.CHORES, 0.0)

    def do(self, clock, stopped=lambda: False):
        """Does what is due by `clock()`, one after the other, until `stopped()`; the seconds until the next one is.

        What fails is logged and tried again after AFTER_A_FAULT; the others do not wait for it.
        """
        for name, pause in settings.CHORES.items():
            if self.due[name] > clock() or stopped():
                continue
            # the database may have been away since
            close_old_connections()
            try:
                call_command(name, stdout=StringIO())
                self.failed.discard(name)
            except Exception:
                logger.exception("The chore %s failed; it is tried again in %s seconds.", name, AFTER_A_FAULT)
                self.failed.add(name)
                pause = AFTER_A_FAULT
            self.due[name] = clock() + pause
        return max(0.0, min(self.due.values()) - clock())
