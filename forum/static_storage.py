"""The storage of static files, and a check whether the collected files are current.

The check is much faster than collecting the files.
"""

import hashlib
import os
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.files.base import ContentFile, File
from rcssmin import cssmin
from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Our own files, which are collected without comments and white space. Packages bring theirs as they should be.
MINIFIED = {("css", ".css"): cssmin, ("js", ".js"): jsmin}


class Storage(CompressedManifestStaticFilesStorage):
    """A storage of static files whose names contain a hash of the content, also in the imports of our scripts.

    It stores our own style sheets and scripts minified.
    """

    # Django's own option applies to all scripts and fails on those of other packages
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", ((r'(?P<matched>(?P<before>\b(?:from ?|import\())"(?P<url>\./\w+\.js)")', '%(before)s"%(url)s"'),)),
    )

    def _save(self, name: str, content: File) -> str:
        path = PurePosixPath(name)
        minify = MINIFIED.get((path.parts[0], path.suffix))
        if minify:
            content.seek(0)
            text = content.read()
            text = text if isinstance(text, str) else text.decode()
            content = ContentFile(minify(text).encode())
        return super()._save(name, content)


def _fingerprint() -> str:
    """Return a hash of the names, sizes and times of all source files, and of the storage's setting."""
    mark = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = storage.path(path)
            stat = os.stat(found)
            mark.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return mark.hexdigest()


def _stamp() -> Path:
    return settings.STATIC_ROOT / ".sources"


def is_stale() -> bool:
    """Return whether the sources have changed since `mark_collected`."""
    stamp = _stamp()
    return not stamp.exists() or stamp.read_text() != _fingerprint()


def mark_collected() -> None:
    """Record that the files of the current sources have been collected."""
    _stamp().write_text(_fingerprint())
