"""A small mark for each name: the two lines of the street, one of sixteen courses in one of six pairs of colours.

It follows from the name as shown and from nothing else: the same name looks the same everywhere, and a name that tells
nothing of the account has a mark that tells nothing of it either.
"""

from zlib import crc32

COURSES, COLOURS = 16, 6


def avatar_of(name):
    """(course, colours) of the mark for `name`: numbers from 0; None for no name."""
    if not name:
        return None
    number = crc32(name.encode("utf-8", "surrogatepass"))
    return number % COURSES, number // COURSES % COLOURS
