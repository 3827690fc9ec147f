"""Where static files are collected, and whether what is there is of today's sources: collecting takes seconds, looking
takes none."""

import hashlib
import os

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    """Static files by names that hold their fingerprint, also where one of our scripts names another."""

    # Django can do the same for every script, and stumbles over those of others
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", ((r'(?P<matched>(?P<before>\b(?:from |import\())"(?P<url>\./\w+\.js)")', '%(before)s"%(url)s"'),)),
    )


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


def mark_collected():
    """Notes that what is collected is complete."""
    _stamp().write_text(_fingerprint())
