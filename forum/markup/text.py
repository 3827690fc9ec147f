"""What people type, before it is Markdown: only characters that mean something on a page."""

import re
import unicodedata
from html import unescape

# marks above or below one letter; the most that a language needs
MOST_MARKS = 4

LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Control characters, halves of characters, those that turn the text around them, and those that are none.
DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef"
    + "".join(chr((plane << 16) + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# A character by its number, as HTML has it; the last semicolon may be left out.
REFERENCE = re.compile("&#(?:[xX][0-9a-fA-F]+|[0-9]+);?")
# What can hold more marks than that: all of them are written beyond U+0300, and none is a letter.
MANY_MARKS = re.compile(f"[^\\w\x00-\u02ff]{{{MOST_MARKS + 1},}}")


# Composing takes the square of the length of such a run, before anything here could count its marks: UAX #15 calls a
# text without longer runs stream-safe.
LONGEST_RUN = 30
LONG_RUN = re.compile(f"[^\\w\x00-\u02ff]{{{LONGEST_RUN + 1},}}")


def _stream_safe(match):
    """A run of characters with at most LONGEST_RUN that combine, one after the other."""
    kept, combining = [], 0
    for char in match[0]:
        combining = combining + 1 if unicodedata.combining(char) else 0
        if combining <= LONGEST_RUN:
            kept.append(char)
    return "".join(kept)


def _without_towers(match):
    """A run of characters with at most MOST_MARKS marks on each letter; what is invisible ends no run."""
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


def normalise(source):
    """`source` with one kind of line end, composed characters, and no character that means nothing on a page.

    What is normalised stays as it is when it is normalised again.
    """
    source = DROPPED.sub("", LINE_END.sub("\n", source))
    if source.isascii():
        return source
    source = unicodedata.normalize("NFC", LONG_RUN.sub(_stream_safe, source))
    return MANY_MARKS.sub(_without_towers, source)


def checked_references(text):
    """`text` with U+FFFD in place of each numeric character reference to a character that `normalise` drops.

    A reference of more than 14 characters goes too: no character needs one, and int() refuses very long numbers.
    """
    return REFERENCE.sub(_checked, text)


def _checked(match):
    char = unescape(match[0]) if len(match[0]) <= 14 else ""
    return match[0] if char and not DROPPED.search(char) else "\ufffd"


def is_blank(source):
    """Would a reader see nothing: no letter, digit or sign, entities read as what they stand for?"""
    return not any(unicodedata.category(char)[0] in "LNPS" for char in unescape(checked_references(source)))


def plain(source, length):
    """The first `length` characters of `source` as one line of text, for titles and lists."""
    text = " ".join(normalise(source).split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
