"""Nested lists of a page: how much of a branch is shown, and where lists open and close. Uses no database.

A long branch is cut in breadth and depth by one rule: a comment with n steps left shows its first n replies, and the
k-th of them has n - k steps left. So every level shows its first replies, the first replies reach deepest, and n steps
show at most 2**n - 1 replies. A branch that is not longer than that is shown whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posts.models import Comment

# Number of list levels that a page indents. Deeper replies name their parent in words.
INDENTED = 5
# Steps of a branch. A page with many branches uses the fewest steps.
STEPS = (7, 6, 5)


def most_shown(steps: int) -> int:
    """Return the greatest number of replies that a branch with that many steps shows."""
    return 2**steps - 1


@dataclass(slots=True)
class More:
    """The comments that the cut leaves out at the end of a list.

    There are `count` of them under `parent`, and they begin after the comment `after`, the last reply that is shown.
    `after` is None if no reply is shown. `level` and `in_words` are those of the list.
    """

    parent: "Comment"
    count: int
    after: "Comment | None"
    level: int
    in_words: bool


@dataclass(slots=True)
class Step:
    """A comment of a page, in the order shown, with the list tags around it.

    - `opens`: its replies follow in a list of their own. `indents`: that list is indented.
    - `more`: what is left out if none of its replies is shown.
    - `closes`: for each list that ends after the comment, innermost first, what that list leaves out, or None.
    - `in_words`: the page must name the parent in words, because the position alone does not show it.
    """

    row: "Comment"
    level: int
    in_words: bool
    opens: bool = False
    indents: bool = False
    more: More | None = None
    closes: list[More | None] = field(default_factory=list)


@dataclass(slots=True)
class _OpenList:
    """The list of the replies to `owner`, while its rows are added.

    `last` is the last reply so far, and `shown` the number of replies so far and of the comments below them.
    """

    owner: Step
    last: "Comment | None" = None
    shown: int = 0


def steps(rows: Iterable["Comment"], level: int = 1, in_words: bool = False) -> list[Step]:
    """Return the `rows` of a page as Steps.

    Rows (with `pk`, `parent_id`, `reply_count` and `below_count`) must be in the order shown, each after its parent.
    Raises ValueError otherwise. A row whose parent is not among the rows goes into the outermost list, for which
    `level` and `in_words` hold.

    A list is indented where a conversation branches. A single reply to a reply is not indented, so that a conversation
    of two people does not move to the right. Lists below INDENTED levels are not indented either.
    """
    laid: list[Step] = []
    open_lists: list[_OpenList] = []
    there: set[int] = set()

    def end_lists(until: int | None) -> None:
        while open_lists and open_lists[-1].owner.row.pk != until:
            ended = open_lists.pop()
            owner = ended.owner
            left = owner.row.below_count - ended.shown
            words = not owner.indents
            laid[-1].closes.append(
                More(owner.row, left, ended.last, owner.level + owner.indents, words) if left > 0 else None
            )

    for row in rows:
        if row.parent_id in there and laid[-1].row.pk == row.parent_id:
            above = laid[-1]
            above.opens = True
            above.indents = is_indented(above.row, above.level, level)
            open_lists.append(_OpenList(above))
        else:
            if row.parent_id in there and all(each.owner.row.pk != row.parent_id for each in open_lists):
                raise ValueError(f"comment {row.pk} is not behind its parent")
            end_lists(row.parent_id if row.parent_id in there else None)
        if open_lists:
            innermost = open_lists[-1]
            owner = innermost.owner
            # After an unindented conversation below one of its siblings, it would seem to belong to that conversation.
            strays = laid[-1].level == owner.level + owner.indents and laid[-1].row.pk != row.parent_id
            strays = strays and laid[-1].row.parent_id != row.parent_id
            innermost.last, innermost.shown = row, innermost.shown + 1 + row.below_count
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


def is_indented(row: "Comment", at_level: int, outermost: int = 1) -> bool:
    """Return whether the list of replies to `row`, which is shown at that level, is indented."""
    return at_level <= INDENTED and (row.reply_count > 1 or at_level == outermost == 1)
