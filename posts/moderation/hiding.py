"""Hide a comment until a moderator has reviewed it, without the action of a moderator."""

from typing import Literal

from posts.models import Comment, LogEntry
from posts.models.before_image import BeforeImage
from posts.moderation.audit_log import log
from posts.threads.visibility import show


def hide_until_reviewed(comment: Comment, reason: str) -> LogEntry | Literal[False]:
    """Hide the locked `comment`, whose thread is locked, too, as an automatic action without a moderator.

    Returns the log entry, or False if the comment is not published.
    """
    if not comment.is_published:
        return False
    image = BeforeImage(comment=show(comment, {"hidden": True}), fingerprint=comment.fingerprint)
    return log(
        None,
        LogEntry.Act.HIDE,
        reason,
        before=image.to_json(),
        comment=comment,
        thread=comment.thread,
        person=comment.author,
    )
