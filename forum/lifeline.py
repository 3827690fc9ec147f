"""Ties a program we start to our own life, so that not even `kill -9` leaves it behind. Standard library only."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tied_to_us(number=signal.SIGTERM):
    """For subprocess's `preexec_fn`: the system sends the program the signal `number` when we die.

    Set after a change of user, which clears it. Only Linux knows it; elsewhere None, and what we start may outlive us.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc, owner = ctypes.CDLL(None, use_errno=True), os.getpid()

    def tie():
        if libc.prctl(PR_SET_PDEATHSIG, number) != 0 or os.getppid() != owner:
            os._exit(1)

    return tie
