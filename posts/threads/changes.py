"""Set timestamps of a row and return what changed, so that the change can be undone."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Model

from posts.models.before_image import Change


def set_fields(row: Model, values: Mapping[str, datetime | None]) -> dict[str, Change]:
    """Set `values` on the locked `row`, save the fields that differ, and return {field: Change} for them."""
    changes = {
        field: Change(getattr(row, field), value) for field, value in values.items() if getattr(row, field) != value
    }
    for field, change in changes.items():
        setattr(row, field, change.now)
    if changes:
        row.save(update_fields=list(changes))
    return changes


def moment_if(on: bool, present: datetime | None, at: datetime) -> datetime | None:
    """Return the timestamp of a state after it is switched `on` or off at the time `at`.

    `present` is its timestamp now. A state that is already on keeps it.
    """
    if on:
        return at if present is None else present
    return None
