"""Link names after @ to the comment that they most likely mean."""

import re
from collections.abc import Iterable
from html import escape

from accounts.validators import NAME_MAX_LENGTH
from posts.models import Comment

TAG = re.compile(r"(<[^>]*>)")
AT = re.compile(r"(?<![\w@.])@(?=\w)")
# Inside these elements, a name stays plain text.
PLAIN = ("<a ", "<a>", "<code", "<pre")


def linked(rows: Iterable[Comment], top: Comment) -> dict[int, str]:
    """Return {id: HTML} of those comments of a page that mention somebody, with links in it.

    `rows` are in the order shown, below `top`. A name links to the nearest comment above by somebody of that name.
    Names of people who have written nothing above on the page are no links.
    """
    texts: dict[int, str] = {}
    latest: dict[str, int] = {}
    for row in (top, *rows):
        if "@" in row.html and latest and row.is_published:
            html = _with_links(row.html, latest)
            if html != row.html:
                texts[row.pk] = html
        if name := row.public_name:
            # as it stands in the HTML of a comment
            latest[escape(name, quote=False)] = row.pk
    return texts


def _with_links(html: str, latest: dict[str, int]) -> str:
    inside, parts = 0, TAG.split(html)
    for index, part in enumerate(parts):
        if index % 2:
            if part.startswith(PLAIN):
                inside += 1
            elif part.startswith(("</a>", "</code>", "</pre>")):
                inside -= 1
        elif not inside and "@" in part:
            parts[index] = _in_text(part, latest)
    return "".join(parts)


def _in_text(text: str, latest: dict[str, int]) -> str:
    out, end = [], 0
    for found in AT.finditer(text):
        name = _name_at(text, found.end(), latest)
        if name and found.start() >= end:
            out += [text[end : found.start()], f'<a href="#c{latest[name]}">@{name}</a>']
            end = found.end() + len(name)
    return "".join([*out, text[end:]])


def _name_at(text: str, start: int, latest: dict[str, int]) -> str:
    """Return the longest of the names that stands in `text` from `start` on and ends with a word, or ""."""
    room = text[start : start + 2 * NAME_MAX_LENGTH + 1]
    for length in range(min(len(room), 2 * NAME_MAX_LENGTH), 0, -1):
        is_end = length == len(room) or not (room[length].isalnum() or room[length] == "_")
        if is_end and room[:length] in latest:
            return room[:length]
    return ""
