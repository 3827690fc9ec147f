"""Show or hide a comment: set its state and update what depends on it."""

from django.utils import timezone

from posts.models import Comment
from posts.threads import publishing
from posts.threads.changes import moment_if, set_fields

STATES = ["held_at", "hidden_at", "removed_at", "deleted_at"]


def show(comment: Comment, states: dict[str, bool], before: dict[str, dict]) -> bool:
    """Set the `states` of the locked `comment` and return whether anything changed.

    `states` maps "held", "hidden", "removed" or "deleted" to whether it is on. `before` receives the old and new values
    (see changes.set_fields).
    """
    now = timezone.now()
    was_published = comment.is_published
    values = {f"{name}_at": moment_if(on, getattr(comment, f"{name}_at"), now) for name, on in states.items()}
    is_first_time = comment.published_at is None and all(
        values.get(field, getattr(comment, field)) is None for field in STATES
    )
    if is_first_time:
        values["published_at"] = publishing.next_moment(comment.thread)
    if not set_fields(comment, values, before, "comment"):
        return False
    publishing.state_changed(comment, was_published, at=comment.published_at if is_first_time else None)
    return True
