"""Nested lists of a page: how far a branch is shown, and where lists open and close. No database.

A long branch is cut in breadth and depth by one rule: a comment with n steps left shows its first n replies, and the
k-th of them has n - k steps left. Every level keeps its first replies, the first ones reach deepest, and n steps show
at most 2**n - 1 replies. A branch that is no longer than that is shown whole.
"""

from dataclasses import dataclass, field

# Levels of lists that a page indents; deeper replies name their parent in words.
INDENTED = 5
# Steps of a branch: the fewest on a page with many branches, more on a page with few.
STEPS = (7, 6, 5)


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
            above.indents = is_indented(above.row, above.level, level)
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
            step.indents = is_indented(step.row, step.level, level)
            step.more = More(step.row, step.row.below_count, None, step.level + step.indents, not step.indents)
    return laid


def is_indented(row, at_level, outermost=1):
    """Is the list of replies to `row`, shown at that level, set in further than `row` itself?"""
    return at_level <= INDENTED and (row.reply_count > 1 or at_level == outermost == 1)
