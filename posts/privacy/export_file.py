"""The temporary files of exports.

An export may be large and its reader slow. The web server sends a file without a thread, however long the reader takes,
so an export is written to a file first. The operating system deletes the file when it is closed, which the web server
does after the last byte or when the connection ends.

The limits here hold for one web process. Together with the limits of texts they bound the space that exports take.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Lock
from typing import IO
from weakref import WeakValueDictionary

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from posts.threads.exceptions import Refused

# Exports that are written at the same time. Each occupies a thread, so this is well below forum.web_server.THREADS.
MOST_WRITTEN = 2
# Exports that are written or sent at the same time.
MOST_OPEN = 50
ALREADY_SENDING = _(
    "A download of yours is still running. Please let it finish, or stop it in your browser, and then try again."
)
TOO_BUSY = _("Many people are downloading at the moment, so yours did not begin. Please try again in a minute.")

_writing = BoundedSemaphore(MOST_WRITTEN)
_lock = Lock()
# The file of each person, by primary key. A response that is dropped before it is sent takes its file with it.
_files: WeakValueDictionary[int, IO[bytes]] = WeakValueDictionary()


@contextmanager
def new_file(person: User) -> Iterator[IO[bytes]]:
    """Give a temporary file for an export of `person`, to be written in this block and closed after it is sent.

    If the block raises an exception, the file is closed. Raises Refused if the person has another export that is not
    closed, or if there are too many.
    """
    if not _writing.acquire(blocking=False):
        raise Refused(TOO_BUSY)
    try:
        file = _open(person)
        try:
            yield file
        except BaseException:
            file.close()
            raise
    finally:
        _writing.release()


def _open(person: User) -> IO[bytes]:
    with _lock:
        in_use = {pk for pk, file in _files.items() if not file.closed}
        if person.pk in in_use:
            raise Refused(ALREADY_SENDING)
        if len(in_use) >= MOST_OPEN:
            raise Refused(TOO_BUSY)
        file = _files[person.pk] = TemporaryFile()  # noqa: SIM115  (the web server closes it)
        return file
