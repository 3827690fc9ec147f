"""Paths of comments: the position of a comment in the tree of its thread, as text. Uses no database.

A comment's path is the path of its parent followed by its own id in base 62, eight characters wide. Compared byte by
byte (COLLATE "C"), paths sort in reading order, and a branch is the range of paths with the same prefix. Adding a
comment neither locks nor renumbers its siblings.
"""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
WIDTH = 8
LARGEST_ID = len(ALPHABET) ** WIDTH - 1
# A path of 250 segments has 2,000 bytes. An index entry of PostgreSQL has at most 2,704.
DEEPEST = 249


def segment(number: int) -> str:
    """Return `number` in base 62 with WIDTH characters.

    Raises ValueError if it is not in 0..LARGEST_ID.
    """
    if not 0 <= number <= LARGEST_ID:
        raise ValueError(f"{number} does not fit into {WIDTH} characters of base {len(ALPHABET)}")
    digits = []
    for _place in range(WIDTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def child_path(parent_path: str, number: int) -> str:
    """Return the path of the comment `number` below `parent_path`, which is "" for an opening post."""
    return parent_path + segment(number)


def depth_of(path: str) -> int:
    """Return the depth of `path`: 0 for an opening post."""
    return len(path) // WIDTH - 1


def ids_of(path: str) -> list[int]:
    """Return the ids of the comments along `path`, from the opening post to the comment itself."""
    ids = []
    for start in range(0, len(path), WIDTH):
        number = 0
        for digit in path[start : start + WIDTH]:
            number = number * len(ALPHABET) + ALPHABET.index(digit)
        ids.append(number)
    return ids
