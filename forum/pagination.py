"""Pages by position, never by number: the next page begins after the last row of this one."""

from datetime import UTC, datetime

from django.core.paginator import Paginator
from django.db.models import Q
from django.utils.functional import cached_property

MICROSECOND = 1_000_000


def microseconds(moment):
    """A moment as it stands in an address: microseconds since 1970, without rounding."""
    return f"{int(moment.timestamp())}{moment.microsecond:06d}"


def parse_microseconds(text):
    """The moment (UTC) that `microseconds` wrote, or None for what is not one."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    micros = int(text)
    try:
        return datetime.fromtimestamp(micros // MICROSECOND, UTC).replace(microsecond=micros % MICROSECOND)
    except (ValueError, OverflowError, OSError):
        return None


def position_of(moment, pk):
    """The position of a row in a list by moment and id, as it stands in an address."""
    return f"{microseconds(moment)}-{pk}"


def parse_position(text):
    """(moment, id) of a position, or None for what is not one."""
    moment, _dash, pk = text.partition("-")
    moment = parse_microseconds(moment)
    return (moment, int(pk)) if moment is not None and pk.isascii() and pk.isdigit() and len(pk) < 19 else None


def after_position(queryset, field, position):
    """The rows of `queryset` (ordered by `-field`, `-id`) that come after `position`, a pair (moment, id)."""
    moment, pk = position
    # the first condition is implied by the second, and is the one that an index range can answer
    return queryset.filter(Q(**{f"{field}__lte": moment}), Q(**{f"{field}__lt": moment}) | Q(id__lt=pk))


class BoundedPaginator(Paginator):
    """For Django's admin, which wants numbered pages: counts and skips at most MOST rows, however many there are."""

    MOST = 5_000

    @cached_property
    def count(self):
        """How many rows there are, or MOST if there are more: what lies further is found by search and filters."""
        return self.object_list.order_by()[: self.MOST].count()
