"""Show or hide a comment: set its state and update what depends on it."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from posts.models import Comment
from posts.models.before_image import Change
from posts.threads import publishing
from posts.threads.changes import moment_if, set_fields

STATES = ["held_at", "hidden_at", "removed_at", "deleted_at"]


def show(comment: Comment, states: dict[str, bool]) -> dict[str, Change]:
    """Set the `states` of the locked `comment`, and return what changed (see changes.set_fields).

    `states` maps "held", "hidden", "removed" or "deleted" to whether it is on.
    """
    now = timezone.now()
    return set_timestamps(
        comment, {f"{name}_at": moment_if(on, getattr(comment, f"{name}_at"), now) for name, on in states.items()}
    )


def set_timestamps(comment: Comment, values: Mapping[str, datetime | None]) -> dict[str, Change]:
    """Set timestamps of the locked `comment` and update counts, version and withdrawal of its thread.

    Returns what changed. A comment that is published for the first time gets its `published_at`.
    """
    was_published, first_seen_at = comment.is_published, None
    after = {field: values.get(field, getattr(comment, field)) for field in (*STATES, "published_at")}
    if after.pop("published_at") is None and not any(after.values()):
        first_seen_at = publishing.next_moment(comment.thread)
        values = {**values, "published_at": first_seen_at}
    changes = set_fields(comment, values)
    if changes:
        publishing.state_changed(comment, was_published, at=first_seen_at)
    return changes
