"""The orders of replies and the positions in them, as SQL conditions. Uses no database."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forum.numbers import numbers_in

if TYPE_CHECKING:
    from posts.models import Comment


@dataclass(frozen=True)
class Order:
    """An order of replies.

    `columns` is the sort key, `values` has the same columns as SQL values of a position.

    `replies` has the columns that order the replies inside each branch. All columns of a key have the same direction,
    so that the rows after a position are one index range, however many rows have the same first column.
    """

    columns: tuple
    values: tuple
    replies: str
    descending: bool = False

    def position_of(self, comment: "Comment") -> str:
        """Return the position of `comment` as text for an address. It stays valid when the comment is gone."""
        return f"{comment.helpful_count}-{comment.pk}" if len(self.columns) > 1 else str(comment.pk)


@dataclass(frozen=True)
class Range:
    """The rows of one list in one order, as SQL.

    The conditions give a lower and an upper bound for the list instead of `parent_id = 7`. So only one index has this
    order, and PostgreSQL never scans the whole table by id to find the rows.
    """

    order: Order
    columns: tuple = ("c.parent_id",)
    values: tuple = ("%(top)s",)

    def whole(self) -> str:
        """Return the condition for the whole list."""
        columns, values = ", ".join(self.columns), ", ".join(self.values)
        return f"({columns}) >= ({values}) AND ({columns}) <= ({values})"

    def sorting(self, turned: bool = False) -> str:
        """Return the ORDER BY list, reversed if `turned`."""
        columns = (*self.columns, *self.order.columns)
        return ", ".join(f"{column} DESC" if self.order.descending != turned else column for column in columns)

    def beyond(self, turned: bool = False, inclusive: bool = False) -> str:
        """Return the condition for the rows after the position, or before it if `turned`.

        There is one bound on each side. With two bounds on the side of the position, PostgreSQL may start at the end of
        the list and scan up to the position.
        """
        sign, other = ("<", ">=") if self.order.descending != turned else (">", "<=")
        columns, values = (*self.columns, *self.order.columns), (*self.values, *self.order.values)
        return (
            f"({', '.join(columns)}) {sign}{'=' if inclusive else ''} ({', '.join(values)})"
            f" AND ({', '.join(self.columns)}) {other} ({', '.join(self.values)})"
        )


# Only the list itself is ordered newest first. Replies inside a branch are ordered oldest first, except in "helpful".
ORDERS = {
    "oldest": Order(("c.id",), ("%(id)s",), "c.id"),
    "newest": Order(("c.id",), ("%(id)s",), "c.id", descending=True),
    # Ordered by the number of people a comment helped, then by age. There are no negative votes, so no rate or
    # confidence bound has to be estimated. Readers expect and can check a plain count.
    "helpful": Order(("(c.helpful_count * -1)", "c.id"), ("-%(helpful)s", "%(id)s"), "(c.helpful_count * -1), c.id"),
}


def parse_position(order: str, text: str) -> dict[str, int] | None:
    """Return the values of the position `text` for the conditions of `order`.

    `text` comes from an address. Returns None if it is not a valid position.
    """
    numbers = numbers_in(text.split("-"))
    # Accept only the form that this module writes, so that each position has one address.
    if len(numbers) != (2 if order == "helpful" else 1) or text != "-".join(map(str, numbers)):
        return None
    return {"id": numbers[-1], "helpful": numbers[0]}
