"""Skeletons of display names: two names that look the same have the same skeleton.

Follows the idea of Unicode Technical Standard 39, section 4 (confusable detection): compare prototypes of the
characters, not the characters. The look-alikes come from the package confusable-homoglyphs, which is made from
Unicode's confusables.txt.
"""

import re
import unicodedata
from functools import cache

from forum.invisible import INVISIBLE

# Look-alikes inside Latin, when case is ignored. Capital I, small l, 1 and the bar look like one stroke. A stroke
# through a letter looks like an accent, but Unicode does not decompose these letters.
_PLAIN = {"0": "o", "1": "i", "l": "i", "|": "i", "ø": "o", "đ": "d", "ħ": "h", "ł": "i", "ŧ": "t", "ƀ": "b"}
_PAIRS = (("rn", "m"), ("vv", "w"))
# Letters that look like a plain Latin one and that neither Unicode's decompositions nor confusables.txt lead back to
# it, by their names: small capitals, and letters with a hook, a tail or a stroke.
_LATIN = re.compile(
    "LATIN (?:(?:SMALL|CAPITAL) )?LETTER (?:(?:SMALL CAPITAL|DOTLESS|SCRIPT|INSULAR|LONG|OPEN|BARRED) )?([A-Z])"
    "(?: WITH .*)?"
)
# The ranges that have them.
_LATIN_LETTERS = [*range(0x180, 0x2B0), *range(0x1D00, 0x1E00), *range(0x2C60, 0x2C80), *range(0xA720, 0xAB70)]


@cache
def _prototypes() -> dict[str, str]:
    """Return each look-alike character mapped to its prototype: a plain Latin one, else the lowest code point.

    The table of one megabyte is read once, at the first call.
    """
    from confusable_homoglyphs.confusables import confusables_data

    def plain(char: str) -> str:
        found = {entry["c"].casefold() for entry in confusables_data.get(char, ())}
        return min((text for text in found if text.isascii() and text.isalnum()), key=lambda t: (len(t), t), default="")

    table, capitals = {}, {}
    for char in confusables_data:
        if len(char) > 1 or char.isascii():
            continue
        latin = plain(char)
        group = [char, *(entry["c"] for entry in confusables_data[char] if len(entry["c"]) == 1)]
        table[char] = latin or min(group)
        # case is ignored, so a small letter counts as a look-alike if its capital is one: в for B, because of В
        small = char.casefold()
        if latin and len(small) == 1 and not small.isascii() and not plain(small):
            capitals[small] = latin
    return table | capitals | _latin_letters() | _PLAIN


def _latin_letters() -> dict[str, str]:
    named = ((chr(point), _LATIN.fullmatch(unicodedata.name(chr(point), ""))) for point in _LATIN_LETTERS)
    return {char: found[1].lower() for char, found in named if found}


def _is_seen(char: str) -> bool:
    """Return whether the character is a letter, a number or a spacing vowel sign, and visible."""
    kind = unicodedata.category(char)[0]
    return (kind in "LN" or (kind == "M" and not unicodedata.combining(char))) and char not in INVISIBLE


def _fold(text: str) -> str:
    table = _prototypes()
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    text = "".join(table.get(char, char) for char in text if _is_seen(char) or char in table)
    text = "".join(char for char in unicodedata.normalize("NFKD", text).casefold() if _is_seen(char))
    for pair, single in _PAIRS:
        text = text.replace(pair, single)
    return text


def skeleton(name: str) -> str:
    """Return the key that names which look alike share: it ignores case, accents, spaces, dots and look-alikes.

    The skeleton of a skeleton is itself. It is empty only if `name` has no visible letter or number.
    """
    # the prototype of a character may itself have a prototype
    seen = [name]
    while (folded := _fold(seen[-1])) not in seen:
        seen.append(folded)
    return min(seen[seen.index(folded) :])
