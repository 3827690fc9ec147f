"""What the environment says: the one place that reads environment variables and `.env`.

Real environment variables win over lines of `.env` in the project's folder.
"""

import secrets
import warnings
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def choice(name, default, allowed):
    """The value of `name`, one of `allowed`; raises ImproperlyConfigured naming what would be right."""
    value = env.str(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; it has to be one of: {', '.join(allowed)}.")
    return value


def database_address():
    """Django's values for the PostgreSQL server that DATABASE_URL names.

    Raises ImproperlyConfigured with a sentence that never repeats the address: a password may stand in it.
    """
    try:
        with warnings.catch_warnings():
            # it would print what it could not read
            warnings.simplefilter("ignore")
            parts = env.db("DATABASE_URL")
    except (ImproperlyConfigured, ValueError):
        parts = {}
    if "postgresql" not in parts.get("ENGINE", ""):
        raise ImproperlyConfigured(
            "DATABASE_URL has to be the address of a PostgreSQL server, such as postgres://user:password@host:5432/name."
        )
    return parts


def secret_key():
    """SECRET_KEY of the environment, or one made at the first start and kept in var/secret_key (mode 0600).

    Two processes that start at once agree: the file appears whole, and the first one wins.
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
            pass  # another process was first: its key is the key
        finally:
            draft.unlink()
    return path.read_text().strip()
