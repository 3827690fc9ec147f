"""A program that we start and end: the web server, and the worker beside it."""

import os
import signal
import subprocess
import time

from forum.env import BASE_DIR
from forum.lifeline import tied_to_us

# seconds: for an orderly end, and between two starts of what ended by itself
STOPPED_WITHIN, PAUSE = 20, 5


class Child:
    """A running program, for a `with` statement, which ends it; it ends with us even on kill -9.

    `command` is a list of words, `environment` what it knows besides what we know.
    """

    def __init__(self, command, environment):
        self.command, self.environment = command, os.environ | environment
        self.process, self.started_at = None, 0.0

    def __enter__(self):
        self.started_at = time.monotonic()
        # a session of its own: Ctrl-C is for us, and we end it in order
        self.process = subprocess.Popen(
            self.command, cwd=BASE_DIR, env=self.environment, start_new_session=True, preexec_fn=tied_to_us()
        )
        return self

    def __exit__(self, *fault):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @property
    def code(self):
        """What it ended with; None while it runs."""
        return self.process.poll()

    def revive(self):
        """Starts it again if it ended by itself, not sooner than PAUSE after the last start; whether it did."""
        if self.code is None or time.monotonic() - self.started_at < PAUSE:
            return False
        self.__enter__()
        return True
