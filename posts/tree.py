"""The tree without the database: paths, how far a branch is shown, and where lists open and close.

A comment's path is the path of its parent followed by its own id in base 62, eight characters wide. Compared byte by
byte (COLLATE "C"), paths sort in reading order, a branch is the range of paths that begin alike, and no sibling is
ever locked or renumbered: the id alone decides the place.

A long branch is cut by breadth as well as by depth, by one rule: a comment with n steps left shows its first n replies,
and the k-th of them has n - k steps left. So every level keeps its first replies, the first ones reach deepest, and
n steps show at most 2**n - 1 replies. A branch with no more than that is shown whole.
"""

from dataclasses import dataclass, field

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
WIDTH = 8
LARGEST_ID = len(ALPHABET) ** WIDTH - 1
# A path of 250 segments has 2,000 bytes; PostgreSQL's index entries may have 2,704.
DEEPEST = 249
# How many levels of lists a page indents; what lies deeper is told in words.
INDENTED = 5
# How many steps a branch has: the fewest where a page has many branches, more where it has few.
STEPS = (7, 6, 5)


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


def most_shown(steps):
    """How many replies a branch with that many steps shows at the most."""
    return 2**steps - 1


@dataclass(slots=True)
class More:
    """What the cut leaves out at the end of one list: `count` comments under `parent`, beginning behind `after`.

    `after` is the last reply shown, or None where none is; `level` and `in_words` are those of the list.
    """

    parent: object
    count: int
    after: object
    level: int
    in_words: bool


@dataclass(slots=True)
class Step:
    """One comment of a page in the order shown, with the list marks around it.

    opens: its replies follow in a list of their own; indents: that list is set in. more: none of its replies is shown,
    and this says how many there are. closes: for each list that ends after it, innermost first, what it leaves out, or
    None. in_words: its place alone does not tell to whom it replies, so the page says it.
    """

    row: object
    level: int
    in_words: bool
    opens: bool = False
    indents: bool = False
    more: More | None = None
    closes: list = field(default_factory=list)


def steps(rows, level=1, in_words=False):
    """The rows of a page as Steps. A row without its parent among the rows stands in the outermost list.

    Rows (with `pk`, `parent_id`, `reply_count` and `below_count`) come in the order shown, each behind its parent;
    raises ValueError otherwise. `level` and `in_words` are those of the outermost list.

    A list is set in where a talk branches. An only reply to a reply stands straight below what it answers, so a talk
    between two does not march to the right; neither does anything below INDENTED levels.
    """
    laid, open_lists, there = [], [], set()

    def end_lists(until):
        while open_lists and open_lists[-1][0].row.pk != until:
            owner, last, shown = open_lists.pop()
            left = owner.row.below_count - shown
            words = not owner.indents
            laid[-1].closes.append(
                More(owner.row, left, last, owner.level + owner.indents, words) if left > 0 else None
            )

    for row in rows:
        if row.parent_id in there and laid[-1].row.pk == row.parent_id:
            above = laid[-1]
            above.opens = True
            above.indents = sets_in(above.row, above.level, level)
            open_lists.append([above, None, 0])
        else:
            if row.parent_id in there and all(owner.row.pk != row.parent_id for owner, _last, _shown in open_lists):
                raise ValueError(f"comment {row.pk} is not behind its parent")
            end_lists(row.parent_id if row.parent_id in there else None)
        if open_lists:
            owner = open_lists[-1][0]
            # behind a talk that stood straight below one of its siblings, it would seem to belong to that
            strays = laid[-1].level == owner.level + owner.indents and laid[-1].row.pk != row.parent_id
            strays = strays and laid[-1].row.parent_id != row.parent_id
            open_lists[-1][1:] = [row, open_lists[-1][2] + 1 + row.below_count]
            step = Step(row, owner.level + owner.indents, in_words=strays or not owner.indents)
        else:
            step = Step(row, level, in_words)
        there.add(row.pk)
        laid.append(step)
    if laid:
        end_lists(None)
    for step in laid:
        if not step.opens and step.row.below_count > 0:
            step.indents = sets_in(step.row, step.level, level)
            step.more = More(step.row, step.row.below_count, None, step.level + step.indents, not step.indents)
    return laid


def sets_in(row, at_level, outermost=1):
    """Is the list of replies to `row`, shown at that level, set in further than `row` itself?"""
    return at_level <= INDENTED and (row.reply_count > 1 or at_level == outermost == 1)
