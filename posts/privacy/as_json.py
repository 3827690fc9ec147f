"""The data: JSON in UTF-8, valid as a whole, of which no more than one row is in memory."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

CONTENT_TYPE = "application/json"
# whether it shows texts as HTML
RENDERED = False


def pieces(document):
    """The JSON of `document` in pieces; an iterator in it, at whatever depth, becomes a list, written as it is read."""
    yield from _written(document)
    yield "\n"


def _written(value):
    if isinstance(value, Iterator):
        yield "["
        for number, item in enumerate(value):
            yield ",\n" if number else "\n"
            yield from _written(item)
        yield "]"
    elif isinstance(value, dict):
        # in one go, and behind it the lists that are read row by row
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


def _text(value):
    return json.dumps(value, ensure_ascii=False, default=_moment)


def _moment(value):
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no place in the format")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
