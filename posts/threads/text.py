"""Change the text of a stored comment, or delete it."""

from django.db.models import Max
from django.utils import timezone

from posts.models import Revision
from posts.threads import publishing


def rewrite(comment, source, html, *, editor, at, silently):
    """Sets the text of a locked `comment`, with its `html` rendered before locking, and saves.

    Unless `silently`, the comment says “edited” and the earlier text is kept. What was said while readers could not see
    it is withheld from them: it may be why they could not.
    """
    if not silently and comment.published_at is not None:
        comment.edited_at = at
    if not silently and source != comment.source:
        Revision.objects.create(
            comment=comment,
            number=(comment.revisions.aggregate(last=Max("number"))["last"] or 0) + 1,
            source=comment.source,
            replaced_at=at,
            replaced_by=editor,
            withheld_at=None if comment.is_published else at,
        )
    comment.write(source, html)
    comment.save(update_fields=["source", "html", "renderer", "edited_at", "standpoint", "verification"])
    publishing.raise_version(comment.thread)


def delete_text(comment):
    """Deletes a locked `comment` for good: a tombstone stays where replies hang; an unanswered opening post takes its
    thread with it."""
    was_published = comment.is_published
    comment.deleted_at = timezone.now()
    comment.save(update_fields=["deleted_at"])
    publishing.state_changed(comment, was_published)
