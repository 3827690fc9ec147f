"""A small mark beside each name: two lines in one of sixteen shapes and one of six pairs of colours.

The mark depends only on the name as shown. The same name has the same mark everywhere, and the mark reveals nothing
else about the account.
"""

from zlib import crc32

COURSES, COLOURS = 16, 6


def avatar_of(name: str) -> tuple[int, int] | None:
    """Return (shape, colours) of the mark for `name` as numbers from 0, or None for an empty name."""
    if not name:
        return None
    number = crc32(name.encode("utf-8", "surrogatepass"))
    return number % COURSES, number // COURSES % COLOURS
