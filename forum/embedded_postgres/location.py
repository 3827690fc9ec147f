"""Where an embedded cluster lives: its data, its socket, and the system user that runs it.

All of it follows from the path of the data folder, so that every process finds the same server without asking.
"""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

NAME = "forum"
# who the web server signs in as (see forum.grants)
WEB_ROLE = "forum_web"
PORT = "5432"
# Sockets live here and not beside the data: a socket's whole path may have 107 bytes, a project's folder may be deep.
SOCKETS = Path("/tmp")  # noqa: S108  (owner and mode of the folder in it are checked before it is trusted)
# Data and binaries of a root whose own folders no other user may enter.
SHARED_STATE = Path("/var/lib/two-way-street")


class DatabaseProblem(Exception):  # noqa: N818  (its text is shown to people)
    """PostgreSQL cannot be had; `str()` is one sentence that says what happened and what to do."""


@dataclass(frozen=True)
class Account:
    """A system user: the one who runs the server."""

    name: str
    uid: int
    gid: int


def server_account():
    """The user to run the server as: ourselves, or for root (which PostgreSQL refuses) `postgres` or `nobody`.

    Raises DatabaseProblem where root finds neither, and for a user id without a name.
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


def _mark(path):
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def socket_folder(data_folder):
    """The folder of the server's socket (mode 0700), the same for every process of this user."""
    return SOCKETS / f"two-way-street-{os.geteuid()}-{_mark(Path(data_folder).absolute())}"


def connection(data_folder):
    """Django's DATABASES values for the cluster in `data_folder`; looks at nothing and starts nothing."""
    return {"NAME": NAME, "USER": NAME, "PASSWORD": "", "HOST": str(socket_folder(data_folder)), "PORT": PORT}


def can_enter(folder, account):
    """May `account` pass through `folder` and everything above it? (Mode bits only: enough to choose a place.)"""
    if os.geteuid() != 0:
        # `account` is ourselves, and there is no other place: where we may not go, the system says so
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


def home_of(data_folder, account):
    """Where the data really lies: in `data_folder`, or in SHARED_STATE if `account` cannot get there.

    A cluster that moved is marked by a symbolic link at `data_folder`, so the choice is made once.
    """
    data_folder = Path(data_folder).absolute()
    if data_folder.is_symlink() or can_enter(data_folder.parent, account):
        return data_folder.resolve()
    if data_folder.exists() and (not data_folder.is_dir() or any(data_folder.iterdir())):
        # what lies there is never passed over for a new cluster elsewhere
        return data_folder
    return SHARED_STATE / f"data-{_mark(data_folder)}"


def private_folder(folder, account):
    """Makes `folder` with mode 0700 for `account`, or checks that it is so; parents keep their modes.

    Raises DatabaseProblem if somebody else made it, as anybody may in a shared folder.
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
