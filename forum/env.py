"""The only module that reads environment variables and `.env`.

Environment variables take precedence over lines of `.env` in the project's folder.
"""

import contextlib
import os
import secrets
import stat
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from forum.numbers import number_in

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

SWITCHED_ON, SWITCHED_OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    """Return the value of `name`, one of `allowed`; raises ImproperlyConfigured otherwise."""
    value = env.str(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; it has to be one of: {', '.join(allowed)}.")
    return value


def number(name: str, default: int) -> int:
    """Return the whole number from 0 on in the environment variable `name`; raises ImproperlyConfigured otherwise."""
    text = env.str(name, "") or str(default)
    if number_in(text) is None:
        raise ImproperlyConfigured(f"{name} is {text!r}; it has to be a whole number, such as {default}.")
    return int(text)


def switch(name: str, default: bool) -> bool:
    """Return the environment variable `name`, 1 or 0, as a bool; raises ImproperlyConfigured for other values."""
    text = env.str(name, "").lower()
    if text not in ("", *SWITCHED_ON, *SWITCHED_OFF):
        raise ImproperlyConfigured(f"{name} is {text!r}; it has to be 1 or 0.")
    return text in SWITCHED_ON if text else default


def named(host: str) -> str:
    """Return the name with which a browser on the same machine reaches a server that listens on `host`.

    It is localhost for addresses of this machine, because browsers allow no passkeys at an IP address.
    """
    if host in ("127.0.0.1", "0.0.0.0", "::1", "::"):  # noqa: S104
        return "localhost"
    return f"[{host}]" if ":" in host else host


def port_or_count(name: str, default: int) -> int:
    """Return the whole number from 1 to 65535 in the environment variable `name`; raises CommandError otherwise."""
    text = env.str(name, "") or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise CommandError(f"{name} is {text!r}; it has to be a whole number from 1 to 65535.")
    return int(text)


def make_var_private() -> None:
    """Create `var/` and make everything in it private to the current user, including files of earlier versions.

    It contains sign-in codes, comments and keys. Other users may enter `var/` itself but not list it, because
    PostgreSQL's own user needs that if root starts the forum. The folders of a cluster belong to that user and are
    private already.
    """
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    VAR_DIR.chmod(0o711)
    for folder, folders, files in os.walk(VAR_DIR):
        folders[:] = [name for name in folders if not (Path(folder) / name / "PG_VERSION").exists()]
        for name in (*folders, *files):
            path = Path(folder) / name
            with contextlib.suppress(FileNotFoundError):
                found = path.lstat()
                is_open = stat.S_IMODE(found.st_mode) & 0o077
                if is_open and found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode):
                    path.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def database_address() -> dict[str, Any]:
    """Return Django's DATABASES values for the PostgreSQL server in DATABASE_URL.

    Raises ImproperlyConfigured with a message that never repeats the address, because it may contain a password.
    """
    try:
        with warnings.catch_warnings():
            # the warning would print the address
            warnings.simplefilter("ignore")
            parts = env.db("DATABASE_URL")
    except (ImproperlyConfigured, ValueError):
        parts = {}
    if "postgresql" not in parts.get("ENGINE", ""):
        raise ImproperlyConfigured(
            "DATABASE_URL has to be the address of a PostgreSQL server, such as postgres://user:password@host:5432/name."
        )
    return parts


def secret_key() -> str:
    """Return SECRET_KEY of the environment, or the key in var/secret_key (mode 0600), which the first start makes.

    Processes that start at the same time use the same key: the file appears complete, and the first one is kept.
    """
    given = env.str("SECRET_KEY", "")
    if given:
        return given
    path = VAR_DIR / "secret_key"
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"secret_key.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first, so its key is used
        finally:
            draft.unlink()
    return path.read_text().strip()
