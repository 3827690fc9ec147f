"""The tree without the database: paths, reading order, and where lists open and close.

A comment's path is the path of its parent followed by its own id in base 62, eight characters wide. Compared byte by
byte (COLLATE "C"), paths sort in reading order, a branch is the range of paths that begin alike, and no sibling is
ever locked or renumbered: the id alone decides the place.
"""

from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
WIDTH = 8
LARGEST_ID = len(ALPHABET) ** WIDTH - 1
# A path of 250 segments has 2,000 bytes; PostgreSQL's index entries may have 2,704.
DEEPEST = 249
# How many levels the page indents; what lies deeper is told in words.
INDENTED = 7
# Sorts after every character of the alphabet, so that `path + AFTER` ends the range of a branch.
AFTER = "~"


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


def parent_path(path):
    """The path of the comment above; "" above an opening post."""
    return path[:-WIDTH]


def depth_of(path):
    """How deep `path` lies: 0 for a thread's opening post."""
    return len(path) // WIDTH - 1


def range_below(path):
    """The bounds (exclusive) between which the paths of everything below `path` lie."""
    return path, path + AFTER


@dataclass(slots=True)
class Step:
    """One comment of a page in reading order, with the list marks around it.

    opens: a list begins before this comment. ends: its own item ends after it (it has no reply below).
    closes: for each further level that ends after it, one item; a range, for templates to loop over.
    in_words: too deep to be indented: the page says to whom it replies.
    """

    row: object
    opens: bool
    ends: bool
    closes: range
    in_words: bool


def steps(rows, top):
    """The rows of a page (each with `depth`, in reading order) as Steps; `top` is the depth of the outermost list.

    Levels deeper than INDENTED lists are laid flat, so that no page nests without end. A row may be at most one level
    deeper than the one before it; raises ValueError otherwise, since such a page could not be drawn.
    """
    deepest = top + INDENTED
    level_before = top - 1
    levels = [min(row.depth, deepest) for row in rows]
    for index, row in enumerate(rows):
        level = levels[index]
        if not top <= level <= level_before + 1:
            raise ValueError(f"comment at depth {row.depth} after one at level {level_before}")
        following = levels[index + 1] if index + 1 < len(rows) else top - 1
        ends = following <= level
        yield Step(
            row=row,
            opens=level > level_before,
            ends=ends,
            closes=range(max(0, level - max(following, top))),
            in_words=row.depth > deepest,
        )
        level_before = level
