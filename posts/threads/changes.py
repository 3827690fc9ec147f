"""Set the state of a row and note what it was before, so that the change can be taken back."""

from datetime import datetime

from posts.models.log_entry import as_noted
from posts.threads import exceptions
from posts.threads.exceptions import Refused


def set_fields(row, values, before, name):
    """Sets `values` on the locked `row`, saves those that differ and returns their names; `before[name]` notes for
    each what it was and what it is now."""
    changed = {field: value for field, value in values.items() if getattr(row, field) != value}
    for field, value in changed.items():
        before.setdefault(name, {})[field] = [as_noted(getattr(row, field)), as_noted(value)]
        setattr(row, field, value)
    if changed:
        row.save(update_fields=list(changed))
    return list(changed)


def restore_fields(row, noted, *, leniently=False):
    """Gives the locked `row` back what `set_fields` noted; the names of the fields, which the caller saves. Raises
    Refused where it is not as it was left then; if `leniently`, a field that somebody has changed since stays so."""
    if "warned_at" in noted and row.warned_at is None:
        # whoever acknowledged a warning did what was asked: it can be taken back all the same
        noted = {field: values for field, values in noted.items() if field != "warned_at"}
    changed = {field for field, (_was, now) in noted.items() if as_noted(getattr(row, field)) != now}
    if changed and not leniently:
        raise Refused(exceptions.CHANGED_SINCE)
    noted = {field: values for field, values in noted.items() if field not in changed}
    for field, (was, _now) in noted.items():
        is_moment = field.endswith(("_at", "_until"))
        setattr(row, field, datetime.fromisoformat(was) if is_moment and was else was)
    return list(noted)


def moment_if(on, present, at):
    """The timestamp of a state that is to be `on` or off at the moment `at`, where it is `present` now."""
    if on:
        return at if present is None else present
    return None
