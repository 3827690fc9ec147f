"""A comment comes into sight or goes out of it: its states, and what follows from them."""

from django.utils import timezone

from posts.actions import counting
from posts.actions.recording import log, moment_if, set_fields
from posts.models import LogEntry

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
        values["published_at"] = counting.moment_in(comment.thread)
    if not set_fields(comment, values, before, "comment"):
        return False
    counting.state_changed(comment, was_published, at=comment.published_at if is_first_time else None)
    return True


def hide_until_reviewed(comment, reason):
    """Takes the locked `comment`, whose thread is locked too, out of sight: an act of the forum itself. Its log entry,
    or False where it is out of sight already."""
    if not comment.is_published:
        return False
    before = {}
    show(comment, {"hidden": True}, before)
    about = {"comment": comment, "thread": comment.thread, "person": comment.author}
    return log(None, LogEntry.Act.HIDE, reason, before=before, **about)
