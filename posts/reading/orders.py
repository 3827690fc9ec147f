"""The orders of replies, and the positions in them: what SQL says of a list, without the database."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Order:
    """An order of replies: the columns of its key, the same as values of a position, and the direction.

    `replies` are the columns by which the branches are ordered inside. All columns of a key go in one direction, so
    that what lies beyond a position is one index range, however many rows have the same first column.
    """

    columns: tuple
    values: tuple
    replies: str
    descending: bool = False

    def position_of(self, comment):
        """The place of `comment` in this order, as it stands in an address; it holds when the comment is gone, too."""
        return f"{comment.helpful_count}-{comment.pk}" if len(self.columns) > 1 else str(comment.pk)


@dataclass(frozen=True)
class Range:
    """The rows of one list in one order, as SQL.

    The list is told by its first and last row rather than by `parent_id = 7`: so its order is that of one index and of
    no other, and PostgreSQL is never tempted to walk through a whole table by id in search of the rows.
    """

    order: Order
    columns: tuple = ("c.parent_id",)
    values: tuple = ("%(top)s",)

    def whole(self):
        """The condition for all of the list."""
        columns, values = ", ".join(self.columns), ", ".join(self.values)
        return f"({columns}) >= ({values}) AND ({columns}) <= ({values})"

    def sorting(self, turned=False):
        """The ORDER BY list, or the same turned round."""
        columns = (*self.columns, *self.order.columns)
        return ", ".join(f"{column} DESC" if self.order.descending != turned else column for column in columns)

    def beyond(self, turned=False, inclusive=False):
        """The condition for rows beyond the position, or, turned, before it.

        One bound on each side: with two on the side of the position, PostgreSQL may begin at the list's own end and
        walk to it.
        """
        sign, other = ("<", ">=") if self.order.descending != turned else (">", "<=")
        columns, values = (*self.columns, *self.order.columns), (*self.values, *self.order.values)
        return (
            f"({', '.join(columns)}) {sign}{'=' if inclusive else ''} ({', '.join(values)})"
            f" AND ({', '.join(self.columns)}) {other} ({', '.join(self.values)})"
        )


# The newest first is for the talks; within one, what was said first is read first, in every order but the helpful.
ORDERS = {
    "oldest": Order(("c.id",), ("%(id)s",), "c.id"),
    "newest": Order(("c.id",), ("%(id)s",), "c.id", descending=True),
    # By how many people a comment helped, then by age. Nobody can vote against, so there is no rate to be estimated
    # and no confidence bound to be taken; a count of people is what a reader expects and can check.
    "helpful": Order(("(c.helpful_count * -1)", "c.id"), ("-%(helpful)s", "%(id)s"), "(c.helpful_count * -1), c.id"),
}


def parse_position(order, text):
    """What stands in an address as a position of `order`, as values for its conditions; None for what is not one."""
    numbers = text.split("-")
    if len(numbers) != (2 if order == "helpful" else 1):
        return None
    # written as we write them: the same place has one address
    if not all(number.isascii() and number.isdigit() and number == str(int(number[:16])) for number in numbers):
        return None
    return {"id": int(numbers[-1]), "helpful": int(numbers[0])}
