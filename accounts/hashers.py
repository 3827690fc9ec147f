"""The password hasher, which computes one hash at a time in each process.

A hash takes 0.7 seconds of CPU, on purpose. Without a bound, as many forms with passwords as a process has threads
would keep everybody else waiting. Whatever checks or sets a password uses this hasher: signing in and up, resetting,
changing, and confirming. An unknown address costs a hash as well, so a refusal does not tell whether there is an
account.
"""

from threading import BoundedSemaphore, Lock

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from forum.errors import Busy

# Hashes of a process that are computed or wait for it. Each occupies a thread, so this is less than half of
# forum.web_server.THREADS.
MOST_AT_ONCE = 3

_places = BoundedSemaphore(MOST_AT_ONCE)
_turn = Lock()


class PasswordHasher(PBKDF2PasswordHasher):
    """Django's default hasher, with a bound on the number of hashes at once."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Return the encoded hash. Raises Busy, without waiting, if MOST_AT_ONCE others are computed or wait."""
        if not _places.acquire(blocking=False):
            raise Busy
        try:
            with _turn:
                return super().encode(password, salt, iterations)
        finally:
            _places.release()
