"""A round mark beside each name: its first letter on one of a few colours.

The mark depends only on the name as shown. The same name has the same mark everywhere, and the mark reveals nothing
else about the account.
"""

from zlib import crc32

COLOURS = 10


def avatar_of(name: str) -> tuple[str, int] | None:
    """Return (letter, number of the colour from 0) of the mark for `name`, or None for an empty name."""
    if not name:
        return None
    letter = next((char for char in name if char.isalnum()), name[0])
    return letter.upper()[:1], crc32(name.encode("utf-8", "surrogatepass")) % COLOURS
