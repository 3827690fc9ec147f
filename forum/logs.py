"""Log formatters that write one line per event and no text that a person wrote.

The message of an exception may quote a person's text (a constraint violation quotes the whole row). So the message is
left out unless the exception's class is in WITH_MESSAGE. The place where the exception was raised is always logged.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from redis.exceptions import RedisError

PROJECT = Path(__file__).resolve().parent.parent
# A server that cannot be reached says all in its message, and fails in a hundred places at once.
AWAY = (OperationalError, InterfaceError, RedisError)
# Exceptions whose messages never contain a person's text.
WITH_MESSAGE = (
    *AWAY,
    ImproperlyConfigured,
    CommandError,
    TemplateDoesNotExist,
    TemplateSyntaxError,
    ImportError,
    AttributeError,
    NameError,
    ConnectionError,
    TimeoutError,
    RecursionError,
    MemoryError,
)
# Frames of the call stack that are logged, the innermost first.
MAX_FRAMES = 12
# A path in a message of waitress.
PATH = re.compile(r" /\S*")
# Attributes of every LogRecord; all others come from `extra=`.
STANDARD = set(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}
# Attributes that Django adds to a record and that are never logged, because they contain cookies and forms.
NEVER = {"request", "server_time", "sql", "params"}


def describe(error: BaseException) -> str:
    """Return the class of `error`, and the first line of its message if that cannot quote a person's text."""
    kind = type(error).__name__
    if not isinstance(error, WITH_MESSAGE):
        return kind
    lines = str(error).strip().splitlines()
    return f"{kind}: {lines[0]}" if lines else kind


def frames(error: BaseException) -> list[str]:
    """Return where `error` was raised, as "file:line function", the innermost first."""
    found = []
    for frame in reversed(traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]):
        path = Path(frame.filename)
        shown = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else Path(*path.parts[-3:])
        found.append(f"{shown}:{frame.lineno} {frame.name}")
    return found


def without_path(record: logging.LogRecord) -> str:
    """Return the message of `record`, with the pattern of the address in place of the path.

    A path can hold the title of a thread, or a token that opens a page without signing in.
    """
    message = record.getMessage()
    if record.name == "waitress":
        return PATH.sub(" (path left out)", message)
    request = getattr(record, "request", None)
    path = getattr(request, "path", "")
    match = getattr(request, "resolver_match", None)
    # Django escapes the characters of a path that are not ASCII
    for shown in {path, path.encode("unicode_escape").decode()} - {""}:
        message = message.replace(shown, f"/{match.route}" if match else "(unknown address)")
    return message


class _Formatter(logging.Formatter):
    """The base class of both formatters, which collects the parts of a record."""

    def parts(self, record: logging.LogRecord) -> dict[str, object]:
        """Return time, level, logger, message, the extra fields, and the exception of `record`."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        parts: dict[str, object] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": " ".join(without_path(record).split()),
        }
        parts |= {name: value for name, value in vars(record).items() if name not in STANDARD | NEVER}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            parts["exception"] = describe(error)
            # if the database is away, the message is enough, and the error happens in many places at once
            if not isinstance(error, AWAY):
                parts["at"] = frames(error)
        return parts


class LineFormatter(_Formatter):
    """Format a record as one readable line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger and message, then the other parts as name=value."""
        parts = self.parts(record)
        line = "{time} {level} {logger}: {message}".format(**{name: parts.pop(name) for name in list(parts)[:4]})
        for name, value in parts.items():
            shown = " < ".join(map(str, value)) if isinstance(value, list) else value
            line += f" {name}={shown}" if name != "exception" else f" [{shown}]"
        return line


class JSONFormatter(_Formatter):
    """Format a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the parts as JSON; values of other types are written as text."""
        return json.dumps(self.parts(record), default=str, ensure_ascii=False)
