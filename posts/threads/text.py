"""Change or delete the text of a stored comment."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from posts.models import Comment, Revision, Thread
from posts.threads import publishing


def rewrite(
    comment: Comment,
    source: str,
    html: str | None,
    *,
    editor: User | None,
    at: datetime,
    silently: bool,
    headings: Sequence[str] = (),
) -> None:
    """Set the text of a locked `comment` and save it.

    `html` is the rendered `source` if it was made before locking, otherwise None. Unless `silently`, the comment is
    marked as edited and the earlier text is kept as a revision. If readers cannot see the comment now, all its
    revisions are withheld from them, because a text in them may be the reason.

    `headings` are the new title and questions of the thread, if they change with the text of its opening post. The
    revision keeps the earlier ones.
    """
    earlier = headings_of(comment.thread) if headings else []
    is_changed = source != comment.source or earlier != list(headings)
    if not silently and comment.published_at is not None:
        comment.edited_at = at
    if not silently and is_changed:
        Revision.objects.create(
            comment=comment,
            number=(comment.revisions.aggregate(last=Max("number"))["last"] or 0) + 1,
            source=comment.source,
            replaced_at=at,
            replaced_by=editor,
            withheld_at=None if comment.is_published else at,
            headings=earlier,
        )
    if not comment.is_published:
        comment.revisions.filter(withheld_at=None).update(withheld_at=at)
    comment.write(source, html)
    comment.save(update_fields=["source", "html", "renderer", "edited_at", "standpoint", "verification"])
    if headings:
        set_headings(comment.thread, headings)
    publishing.raise_version(comment.thread)


def headings_of(thread: Thread) -> list[str]:
    """Return the title of `thread` and the texts of its questions, in order."""
    return [thread.title, *thread.questions.order_by("position").values_list("text", flat=True)]


def set_headings(thread: Thread, headings: Sequence[str]) -> None:
    """Set the title of the locked `thread` and the texts of its questions to `headings`, in order."""
    thread.name(headings[0])
    thread.save(update_fields=["title", "slug"])
    for question, text in zip(thread.questions.order_by("position"), headings[1:], strict=True):
        question.text = text
        question.save(update_fields=["text"])


def delete_text(comment: Comment) -> None:
    """Mark a locked `comment` as deleted.

    A tombstone remains if it has replies. Deleting an opening post without replies withdraws the thread.
    """
    was_published = comment.is_published
    comment.deleted_at = timezone.now()
    comment.save(update_fields=["deleted_at"])
    publishing.state_changed(comment, was_published)
