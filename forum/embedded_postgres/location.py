"""The places of an embedded cluster (data and socket) and the system user that runs it.

All of them are derived from the path of the data folder, so that every process finds the same server.
"""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

NAME = "forum"
# the database role of the web server (see forum.grants)
WEB_ROLE = "forum_web"
PORT = "5432"
# Sockets are not kept next to the data, because the path of a socket may have at most 107 bytes.
SOCKETS = Path("/tmp")  # noqa: S108  (owner and mode of the folder in it are checked before it is trusted)
# Data and binaries if root runs the forum in a folder that the server's user may not enter.
SHARED_STATE = Path("/var/lib/two-way-street")


class DatabaseProblem(Exception):  # noqa: N818  (its text is shown to people)
    """Raised when PostgreSQL cannot be used; `str()` is one sentence that says what happened and what to do."""


@dataclass(frozen=True)
class Account:
    """The system user that runs the server."""

    name: str
    uid: int
    gid: int


def server_account() -> Account:
    """Return the user to run the server as: the current one, or for root (which PostgreSQL refuses) another.

    For root it is `postgres` or `nobody`. Raises DatabaseProblem if neither exists, and for a user id without a name.
    """
    if os.geteuid() != 0:
        try:
            entry = pwd.getpwuid(os.geteuid())
        except KeyError:
            raise DatabaseProblem(
                f"PostgreSQL needs a user with a name, and the user id {os.geteuid()} has none on this machine: "
                "please start the forum as a user of the machine, or give a DATABASE_URL."
            ) from None
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise DatabaseProblem(
        "PostgreSQL does not run as root, and this machine has neither a user “postgres” nor “nobody”: "
        "please start the forum as an ordinary user."
    )


def _mark(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def socket_folder(data_folder: str | Path) -> Path:
    """Return the folder of the server's socket (mode 0700), the same for every process of this user."""
    return SOCKETS / f"two-way-street-{os.geteuid()}-{_mark(Path(data_folder).absolute())}"


def connection(data_folder: str | Path) -> dict[str, str]:
    """Return Django's DATABASES values for the cluster in `data_folder`, without looking at it or starting it."""
    return {"NAME": NAME, "USER": NAME, "PASSWORD": "", "HOST": str(socket_folder(data_folder)), "PORT": PORT}


def can_enter(folder: str | Path, account: Account) -> bool:
    """Return whether `account` may enter `folder` and all its parents, by their mode bits."""
    if os.geteuid() != 0:
        # `account` is the current user and there is no other place; the system reports a folder that it may not enter
        return True
    folder = Path(folder).absolute()
    for part in (folder, *folder.parents):
        try:
            found = part.stat()
        except FileNotFoundError:
            continue
        if found.st_uid == account.uid:
            needed = stat.S_IXUSR
        elif found.st_gid == account.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not found.st_mode & needed:
            return False
    return True


def home_of(data_folder: str | Path, account: Account) -> Path:
    """Return the folder with the data: `data_folder`, or one in SHARED_STATE if `account` cannot enter that.

    For a cluster in SHARED_STATE, `data_folder` is a symbolic link, so that the choice is made only once.
    """
    data_folder = Path(data_folder).absolute()
    if data_folder.is_symlink() or can_enter(data_folder.parent, account):
        return data_folder.resolve()
    if data_folder.exists() and (not data_folder.is_dir() or any(data_folder.iterdir())):
        # existing files must not be ignored in favour of a new cluster elsewhere
        return data_folder
    return SHARED_STATE / f"data-{_mark(data_folder)}"


def private_folder(folder: Path, account: Account) -> None:
    """Make `folder` with mode 0700 for `account`, or check its owner and set its mode; parents keep their modes.

    Raises DatabaseProblem if it belongs to another user, which can happen in a shared folder such as /tmp.
    """
    try:
        os.mkdir(folder, 0o700)
        if os.geteuid() == 0:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        pass
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
        raise DatabaseProblem(f"{folder} belongs to somebody else; please remove it and start again.")
    if stat.S_IMODE(found.st_mode) != 0o700:
        os.chmod(folder, 0o700)
