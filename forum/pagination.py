"""Keyset pagination: a page begins after a position, and pages have no numbers."""

from datetime import UTC, datetime

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.utils.functional import cached_property

from forum.numbers import number_in

MICROSECOND = 1_000_000


def microseconds(moment: datetime) -> str:
    """Return a datetime as microseconds since 1970, without rounding, for use in an address."""
    return f"{int(moment.timestamp())}{moment.microsecond:06d}"


def parse_microseconds(text: str) -> datetime | None:
    """Return the datetime (UTC) that `microseconds` wrote, or None for any other text."""
    micros = number_in(text)
    if micros is None:
        return None
    try:
        return datetime.fromtimestamp(micros // MICROSECOND, UTC).replace(microsecond=micros % MICROSECOND)
    except (ValueError, OverflowError, OSError):
        return None


def position_of(moment: datetime, pk: int) -> str:
    """Return the position of a row in a list ordered by datetime and id, for use in an address."""
    return f"{microseconds(moment)}-{pk}"


def parse_position(text: str) -> tuple[datetime, int] | None:
    """Return (datetime, id) of a position, or None for any other text."""
    before, _dash, after = text.partition("-")
    moment, pk = parse_microseconds(before), number_in(after)
    return (moment, pk) if moment is not None and pk is not None else None


def after_position(queryset: QuerySet, field: str, position: tuple[datetime, int]) -> QuerySet:
    """Return the rows of `queryset` (ordered by `-field`, `-id`) after `position`, a pair (datetime, id)."""
    moment, pk = position
    # the first condition is implied by the second; an index range scan can use it
    return queryset.filter(Q(**{f"{field}__lte": moment}), Q(**{f"{field}__lt": moment}) | Q(id__lt=pk))


class BoundedPaginator(Paginator):
    """A paginator for Django's admin, which has numbered pages; it counts and skips at most MOST rows."""

    MOST = 5_000
    object_list: QuerySet

    @cached_property
    def count(self) -> int:
        """Return the number of rows, at most MOST; rows beyond that are found with search and filters."""
        return self.object_list.order_by()[: self.MOST].count()
