"""Add the sample conversation to a thread, and remove it again."""

from django.db import transaction
from django.db.models import Max

from posts.models import Comment, Question, Thread
from posts.models.comment import PUBLISHED
from posts.seed.sample import CONVERSATION
from posts.threads import publishing
from posts.threads.text import delete_text
from posts.writing import comments


@transaction.atomic
def add_sample(thread: Thread) -> int:
    """Add the sample comments below the opening post of the thread, and return their number.

    Adds nothing and returns 0 if the thread has sample comments already.
    """
    publishing.lock_thread(thread.pk)
    if Comment.objects.filter(thread=thread, is_sample=True, deleted_at=None).exists():
        return 0
    questions: dict[int | None, Question] = {question.position: question for question in thread.questions.all()}
    above = [thread.opening]
    for depth, name, standpoint, position, text in CONVERSATION:
        del above[depth:]
        above.append(
            comments.reply(
                author=None,
                byline=name,
                parent=above[-1],
                submission=comments.Submission(source=text, standpoint=standpoint, question=questions.get(position)),
                is_sample=True,
            )
        )
    return len(CONVERSATION)


@transaction.atomic
def remove_sample(thread: Thread) -> int:
    """Remove the sample comments of the thread, and return their number.

    A sample comment with a real reply stays as a tombstone, so that the reply stays.
    """
    thread = publishing.lock_thread(thread.pk)
    went = 0
    # The deepest first, so that the replies of a comment are gone before the comment itself is looked at.
    for comment in Comment.objects.filter(thread=thread, is_sample=True).order_by("-path"):
        comment.refresh_from_db()
        comment.thread = thread
        if comment.deleted_at is None:
            delete_text(comment)
            went += 1
        if not comment.replies.exists() and not comment.log_entries.exists():
            comment.delete()
    latest = Comment.objects.filter(PUBLISHED, thread=thread).aggregate(at=Max("published_at"))["at"]
    Thread.objects.filter(pk=thread.pk).update(last_activity_at=latest or thread.created_at)
    return went
