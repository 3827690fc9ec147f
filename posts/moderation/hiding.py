"""Hide a comment until a moderator has reviewed it, without a moderator's act."""

from posts.models import LogEntry
from posts.moderation.audit_log import log
from posts.threads.visibility import show


def hide_until_reviewed(comment, reason):
    """Takes the locked `comment`, whose thread is locked too, out of sight: an act of the forum itself. Its log entry,
    or False where it is out of sight already."""
    if not comment.is_published:
        return False
    before = {}
    show(comment, {"hidden": True}, before)
    about = {"comment": comment, "thread": comment.thread, "person": comment.author}
    return log(None, LogEntry.Act.HIDE, reason, before=before, **about)
