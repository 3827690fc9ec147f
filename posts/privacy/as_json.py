"""The data export as one valid JSON document in UTF-8. Only one row at a time is in memory."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

CONTENT_TYPE = "application/json"
# Whether texts are exported as HTML.
RENDERED = False


def pieces(document: dict[str, Any]) -> Iterator[str]:
    """Yield the JSON of `document` in pieces.

    An iterator at any depth of it becomes a list, which is written while it is read.
    """
    yield from _written(document)
    yield "\n"


def _written(value: Any) -> Iterator[str]:
    if isinstance(value, Iterator):
        yield "["
        for number, item in enumerate(value):
            yield ",\n" if number else "\n"
            yield from _written(item)
        yield "]"
    elif isinstance(value, dict):
        # Write the simple values at once, and after them the lists that are read row by row.
        lists = {name: item for name, item in value.items() if isinstance(item, Iterator)}
        flat = _text({name: item for name, item in value.items() if name not in lists})
        yield flat[:-1]
        comma = "" if len(flat) == len("{}") else ", "
        for name, items in lists.items():
            yield f"{comma}{_text(name)}: "
            yield from _written(items)
            comma = ", "
        yield "}"
    else:
        yield _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_moment)


def _moment(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no place in the format")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
