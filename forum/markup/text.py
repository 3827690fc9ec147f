"""The normalization of typed texts before they are parsed as Markdown, and their plain form for titles."""

import re
import unicodedata
from html import unescape

from forum.invisible import INVISIBLE

# combining marks on one letter: no language needs more
MOST_MARKS = 4

LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Control characters, surrogates, characters that change the direction of text, noncharacters, and the byte order mark.
DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff"
    + "".join(chr((plane << 16) + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# A numeric character reference of HTML; its semicolon may be missing.
REFERENCE = re.compile("&#(?:[xX][0-9a-fA-F]+|[0-9]+);?")
# A run that may contain more marks than that: marks are not below U+0300 and are no letters.
MANY_MARKS = re.compile(f"[^\\w\x00-\u02ff]{{{MOST_MARKS + 1},}}")


# Composing characters takes quadratic time in the length of a run of marks, and happens before marks are counted here.
# UAX #15 calls a text without longer runs stream-safe.
LONGEST_RUN = 30
LONG_RUN = re.compile(f"[^\\w\x00-\u02ff]{{{LONGEST_RUN + 1},}}")


def _stream_safe(match: re.Match[str]) -> str:
    """Return the run of characters with at most LONGEST_RUN combining characters in a row."""
    kept, combining = [], 0
    for char in match[0]:
        combining = combining + 1 if unicodedata.combining(char) else 0
        if combining <= LONGEST_RUN:
            kept.append(char)
    return "".join(kept)


def _without_towers(match: re.Match[str]) -> str:
    """Return the run of characters with at most MOST_MARKS marks in a row; invisible characters do not interrupt it."""
    kept, marks = [], 0
    for char in match[0]:
        category = unicodedata.category(char)
        if category in ("Mn", "Me"):
            marks += 1
        elif category != "Cf":
            marks = 0
        if marks <= MOST_MARKS or category == "Cf":
            kept.append(char)
    return "".join(kept)


def normalise(source: str) -> str:
    """Return `source` with uniform line ends, composed characters, and without characters that have no use on a page.

    Normalising a result again does not change it.
    """
    source = DROPPED.sub("", LINE_END.sub("\n", source))
    if source.isascii():
        return source
    source = unicodedata.normalize("NFC", LONG_RUN.sub(_stream_safe, source))
    return MANY_MARKS.sub(_without_towers, source)


def checked_references(text: str) -> str:
    """Return `text` with U+FFFD in place of numeric references to characters that `normalise` drops.

    References of more than 14 characters are replaced, too: no character needs them, and int() refuses long numbers.
    """
    return REFERENCE.sub(_checked, text)


def _checked(match: re.Match[str]) -> str:
    char = unescape(match[0]) if len(match[0]) <= 14 else ""
    return match[0] if char and not DROPPED.search(char) else "\ufffd"


def is_blank(source: str) -> bool:
    """Return whether `source` has no visible letter, digit, punctuation or symbol, after entities are replaced."""
    text = unescape(checked_references(source))
    return not any(unicodedata.category(char)[0] in "LNPS" and char not in INVISIBLE for char in text)


def plain(source: str, length: int) -> str:
    """Return the first `length` characters of `source` as one line of text, for titles and lists."""
    text = " ".join(normalise(source).split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
