"""When two display names look the same: the skeleton both share.

Follows the idea of Unicode Technical Standard 39, section 4 (confusable detection): compare prototypes of the
characters, not the characters. The look-alikes come from the package confusable-homoglyphs, which is made from
Unicode's confusables.txt.
"""

import unicodedata
from functools import cache

# Look-alikes inside Latin, after case is ignored: capital I, small l, one and the bar are one stroke; a stroke through
# a letter is an accent to a reader, though Unicode does not take it apart.
_PLAIN = {"0": "o", "1": "i", "l": "i", "|": "i", "ø": "o", "đ": "d", "ħ": "h", "ł": "i", "ŧ": "t", "ƀ": "b"}
_PAIRS = (("rn", "m"), ("vv", "w"))
# Letters and marks by category that are drawn as nothing (Unicode's Default_Ignorable_Code_Point).
_UNSEEN = frozenset(map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0))).union(
    map(chr, range(0x180B, 0x1810)), map(chr, range(0xFE00, 0xFE10)), map(chr, range(0xE0100, 0xE01F0))
)


@cache
def _prototypes():
    """Each look-alike character mapped to the one it stands for: plain Latin first, else the lowest code point.

    Read once, at the first name that needs it: the table is a megabyte.
    """
    from confusable_homoglyphs.confusables import confusables_data

    def plain(char):
        found = {entry["c"].casefold() for entry in confusables_data.get(char, ())}
        return min((text for text in found if text.isascii() and text.isalnum()), key=lambda t: (len(t), t), default="")

    table, capitals = {}, {}
    for char in confusables_data:
        if len(char) > 1 or char.isascii():
            continue
        latin = plain(char)
        group = [char, *(entry["c"] for entry in confusables_data[char] if len(entry["c"]) == 1)]
        table[char] = latin or min(group)
        # case is ignored, so a small letter whose capital passes for a Latin one does too: в for B, because of В
        small = char.casefold()
        if latin and len(small) == 1 and not small.isascii() and not plain(small):
            capitals[small] = latin
    return table | capitals | _PLAIN


def _is_seen(char):
    """A letter, a number, or a vowel sign that stands on its own; not an accent, a dot or something invisible."""
    kind = unicodedata.category(char)[0]
    return (kind in "LN" or (kind == "M" and not unicodedata.combining(char))) and char not in _UNSEEN


def _fold(text):
    table = _prototypes()
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    text = "".join(table.get(char, char) for char in text if _is_seen(char) or char in table)
    text = "".join(char for char in unicodedata.normalize("NFKD", text).casefold() if _is_seen(char))
    for pair, single in _PAIRS:
        text = text.replace(pair, single)
    return text


def skeleton(name):
    """The key under which names that look alike are one: case, accents, spacing, dots and look-alikes ignored.

    The same for its own result. Empty only if nothing in `name` can be seen as a letter or a number.
    """
    # the prototype of a character may itself have one: go on until nothing changes
    seen = [name]
    while (folded := _fold(seen[-1])) not in seen:
        seen.append(folded)
    return min(seen[seen.index(folded) :])
