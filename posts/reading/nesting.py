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

# Steps of a branch. A page with many branches uses the fewest steps.
STEPS = (7, 6, 5)


def most_shown(steps: int) -> int:
    """Return the greatest number of replies that a branch with that many steps shows."""
    return 2**steps - 1


@dataclass(slots=True)
class More:
    """The comments that the cut leaves out at the end of a list.

    There are `count` of them under `parent`, and they begin after the comment `after`, the last reply that is shown.
    `after` is None if no reply is shown.
    """

    parent: "Comment"
    count: int
    after: "Comment | None"


@dataclass(slots=True)
class Step:
    """A comment of a page, in the order shown, with the list tags around it.

    - `follows_parent`: the comment that it replies to is directly above it.
    - `opens`: its replies follow in a list of their own.
    - `more`: what is left out if none of its replies is shown.
    - `closes`: for each list that ends after the comment, innermost first, what that list leaves out, or None.
    """

    row: "Comment"
    follows_parent: bool
    opens: bool = False
    more: More | None = None
    closes: list[More | None] = field(default_factory=list)


@dataclass(slots=True)
class _OpenList:
    """The list of the replies to `owner`, while its rows are added.

    `last` is the last reply so far, and `shown` the number of replies so far and of the comments below them.
    """

    owner: "Comment"
    last: "Comment | None" = None
    shown: int = 0


def steps(rows: Iterable["Comment"], *, follows_parent: bool = False) -> list[Step]:
    """Return the `rows` of a page as Steps.

    Rows (with `pk`, `parent_id` and `below_count`) must be in the order shown, each after its parent. Raises ValueError
    otherwise. A row whose parent is not among the rows goes into the outermost list. `follows_parent` says whether the
    first row does so.
    """
    laid: list[Step] = []
    open_lists: list[_OpenList] = []
    there: set[int] = set()

    def end_lists(until: int | None) -> None:
        while open_lists and open_lists[-1].owner.pk != until:
            ended = open_lists.pop()
            left = ended.owner.below_count - ended.shown
            laid[-1].closes.append(More(ended.owner, left, ended.last) if left > 0 else None)

    for row in rows:
        follows = bool(laid) and laid[-1].row.pk == row.parent_id
        if follows:
            laid[-1].opens = True
            open_lists.append(_OpenList(laid[-1].row))
        else:
            if row.parent_id in there and all(each.owner.pk != row.parent_id for each in open_lists):
                raise ValueError(f"comment {row.pk} is not behind its parent")
            end_lists(row.parent_id if row.parent_id in there else None)
        if open_lists:
            innermost = open_lists[-1]
            innermost.last, innermost.shown = row, innermost.shown + 1 + row.below_count
        there.add(row.pk)
        laid.append(Step(row, follows or (not laid and follows_parent)))
    if laid:
        end_lists(None)
    for step in laid:
        if not step.opens and step.row.below_count > 0:
            step.more = More(step.row, step.row.below_count, None)
    return laid
