"""Link names after @ to the comment that they most likely mean."""

import re
from collections.abc import Iterable

from django.utils.html import escape

from posts.models import Comment

TAG = re.compile(r"(<[^>]*>)")
# Inside these elements, a name stays plain text.
PLAIN = ("<a ", "<a>", "<code", "<pre")


def linked(rows: Iterable[Comment]) -> dict[int, str]:
    """Return {id: HTML} of those comments of a page that mention somebody, with links in it.

    `rows` are in the order shown. A name links to the nearest comment above by somebody of that name. Names of people
    who have written nothing above are no links.
    """
    texts: dict[int, str] = {}
    latest: dict[str, int] = {}
    for row in rows:
        if "@" in row.html and latest and row.is_published:
            html = _with_links(row.html, latest)
            if html != row.html:
                texts[row.pk] = html
        if name := row.public_name:
            latest[escape(name)] = row.pk
    return texts


def _with_links(html: str, latest: dict[str, int]) -> str:
    names = "|".join(map(re.escape, sorted(latest, key=len, reverse=True)))
    mention = re.compile(rf"(?<![\w@.])@({names})(?!\w)")
    inside, parts = 0, TAG.split(html)
    for index, part in enumerate(parts):
        if index % 2:
            if part.startswith(PLAIN):
                inside += 1
            elif part.startswith(("</a>", "</code>", "</pre>")):
                inside -= 1
        elif not inside and "@" in part:
            parts[index] = mention.sub(lambda found: f'<a href="#c{latest[found[1]]}">{found[0]}</a>', part)
    return "".join(parts)
