"""The first words of a comment, as plain text, for places that only refer to it."""

import re
from html import unescape

QUOTE_TAG = re.compile(r"(</?blockquote>)")
# Tags inside a line join words, tags of blocks separate them. The last tag and the last entity may be cut off.
INLINE_TAG = re.compile(r"</?(?:a|code|del|em|strong)\b[^>]*(?:>|$)")
TAG = re.compile(r"<[^>]*(?:>|$)|&\w*$")
# How many characters of HTML are read for each character of the excerpt.
ROOM = 12
# A link may be as long as this before its first word.
LINK = 6_000


def excerpt(html: str, length: int) -> str:
    """Return the first words of `html`, the HTML of a comment, as plain text of about `length` characters.

    Quotes are left out, because somebody else said that, unless there is nothing else. A text that goes on ends with an
    ellipsis, after a whole word where possible.
    """
    return _first_words(_without_quotes(html), length) or _first_words(html, length)


def _without_quotes(html: str) -> str:
    depth, own = 0, []
    for part in QUOTE_TAG.split(html):
        if part == "<blockquote>":
            depth += 1
        elif part == "</blockquote>":
            depth -= 1
        elif depth == 0:
            own.append(part)
    return " ".join(own)


def _first_words(html: str, length: int) -> str:
    beginning = html[: max(ROOM * length, LINK)]
    text = " ".join(unescape(TAG.sub(" ", INLINE_TAG.sub("", beginning))).split())
    if len(text) <= length:
        return text if len(beginning) == len(html) or not text else f"{text}…"
    return f"{text[: length + 1].rpartition(' ')[0].rstrip(',.;:–—-') or text[:length]}…"
