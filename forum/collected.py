"""Whether the collected static files are those of today's sources: collecting takes seconds, looking takes none."""

import hashlib
import os

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders


def _fingerprint():
    """Names, sizes and times of all sources, and who collects them."""
    mark = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = storage.path(path)
            stat = os.stat(found)
            mark.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return mark.hexdigest()


def _stamp():
    return settings.STATIC_ROOT / ".sources"


def is_stale():
    """Have the sources changed since `remember`?"""
    stamp = _stamp()
    return not stamp.exists() or stamp.read_text() != _fingerprint()


def remember():
    """Notes that what is collected is complete."""
    _stamp().write_text(_fingerprint())
