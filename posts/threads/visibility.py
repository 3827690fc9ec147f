"""Show and hide a comment: set its state, and count what follows from it."""

from django.utils import timezone

from posts.threads import publishing
from posts.threads.changes import moment_if, set_fields

STATES = ["held_at", "hidden_at", "removed_at", "deleted_at"]


def show(comment, states, before):
    """Brings the locked `comment` into `states` (a word and whether it is on); whether that changed anything.

    `before` notes what it changed; see recording.set_fields.
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
