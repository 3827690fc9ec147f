"""Set fields of a row and record their earlier values, so that the change can be undone."""

from datetime import datetime
from typing import Any

from django.db.models import Model

from accounts.models import User
from posts.models.log_entry import as_noted
from posts.threads import exceptions
from posts.threads.exceptions import Refused


def set_fields(row: Model, values: dict[str, Any], before: dict[str, dict], name: str) -> list[str]:
    """Set `values` on the locked `row`, save the fields that differ, and return their names.

    `before[name]` receives the old and the new value of each changed field, as [old, new].
    """
    changed = {field: value for field, value in values.items() if getattr(row, field) != value}
    for field, value in changed.items():
        before.setdefault(name, {})[field] = [as_noted(getattr(row, field)), as_noted(value)]
        setattr(row, field, value)
    if changed:
        row.save(update_fields=list(changed))
    return list(changed)


def restore_fields(row: Model, noted: dict[str, list], *, leniently: bool = False) -> list[str]:
    """Restore the values that `set_fields` recorded on the locked `row`, and return the names of the fields.

    The caller saves. Raises Refused if a field was changed since. With `leniently`, such a field keeps its present
    value instead.
    """
    if "warned_at" in noted and isinstance(row, User) and row.warned_at is None:
        # Acknowledging a warning clears `warned_at`. The warning can still be undone.
        noted = {field: values for field, values in noted.items() if field != "warned_at"}
    changed = {field for field, (_was, now) in noted.items() if as_noted(getattr(row, field)) != now}
    if changed and not leniently:
        raise Refused(exceptions.CHANGED_SINCE)
    noted = {field: values for field, values in noted.items() if field not in changed}
    for field, (was, _now) in noted.items():
        is_moment = field.endswith(("_at", "_until"))
        setattr(row, field, datetime.fromisoformat(was) if is_moment and was else was)
    return list(noted)


def moment_if(on: bool, present: datetime | None, at: datetime) -> datetime | None:
    """Return the timestamp of a state after it is switched `on` or off at the time `at`.

    `present` is its timestamp now. A state that is already on keeps it.
    """
    if on:
        return at if present is None else present
    return None
