"""Paths of comments: where a comment stands in the tree of its thread, as text. No database.

A comment's path is its parent's path followed by its own id in base 62, eight characters wide. Compared byte by byte
(COLLATE "C"), paths sort in reading order, and a branch is the range of paths with the same beginning. No sibling is
locked or renumbered when a comment is added.
"""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
WIDTH = 8
LARGEST_ID = len(ALPHABET) ** WIDTH - 1
# A path of 250 segments has 2,000 bytes; PostgreSQL's index entries may have 2,704.
DEEPEST = 249


def segment(number):
    """`number` in base 62, WIDTH characters; raises ValueError outside 0..LARGEST_ID."""
    if not 0 <= number <= LARGEST_ID:
        raise ValueError(f"{number} does not fit into {WIDTH} characters of base {len(ALPHABET)}")
    digits = []
    for _place in range(WIDTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def child_path(parent_path, number):
    """The path of comment `number` under `parent_path` ("" for a thread's opening post)."""
    return parent_path + segment(number)


def depth_of(path):
    """How deep `path` lies: 0 for a thread's opening post."""
    return len(path) // WIDTH - 1


def ids_of(path):
    """The ids of the comments on the way down to `path`, the opening post first and its own last."""
    ids = []
    for start in range(0, len(path), WIDTH):
        number = 0
        for digit in path[start : start + WIDTH]:
            number = number * len(ALPHABET) + ALPHABET.index(digit)
        ids.append(number)
    return ids
