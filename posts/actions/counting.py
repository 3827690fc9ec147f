"""What changes with what is shown: reply counts up the tree, counts of thread and question, the thread's version.

Every verb that changes what readers see locks its thread first, so counts are moved by one act at a time.
"""

from django.db.models import F
from django.db.models.functions import Greatest, Now

from posts.models import Comment, Question, Thread


def lock_thread(pk):
    """The thread's row, locked until the transaction ends; readers and other threads are not disturbed."""
    return Thread.objects.select_for_update(no_key=True).get(pk=pk)


def bump(thread, at=None, comments=0):
    """Moves the thread's version, its count of comments by `comments`, and its latest activity to `at`."""
    changes = {"version": F("version") + 1}
    if comments:
        changes["comment_count"] = F("comment_count") + comments
    if at is not None:
        changes["last_activity_at"] = Greatest("last_activity_at", at)
    Thread.objects.filter(pk=thread.pk).update(**changes)


def state_changed(comment, was_published):
    """Says what follows when the state of a locked `comment` changed: counts, the thread's version, its withdrawal."""
    if comment.is_published and not was_published:
        comment_appeared(comment)
    elif was_published and not comment.is_published:
        comment_vanished(comment)
    else:
        # still a tombstone, but one that says something else
        bump(comment.thread)
    if comment.depth == 0:
        _settle(comment)


def comment_appeared(comment, at=None):
    """`comment` is published now and was not before: by a reply, an approval, a restoration."""
    bump(comment.thread, at=at, comments=1 if comment.depth else 0)
    if comment.question_id:
        Question.objects.filter(pk=comment.question_id).update(comment_count=F("comment_count") + 1)
    # a comment with replies was shown as a tombstone all the time: its parent already counts it
    if comment.reply_count == 0:
        _tell_ancestors(comment, 1)


def comment_vanished(comment):
    """`comment` was published and is not now: deleted, removed, hidden or held."""
    bump(comment.thread, comments=-1 if comment.depth else 0)
    if comment.question_id:
        Question.objects.filter(pk=comment.question_id).update(comment_count=F("comment_count") - 1)
    if comment.reply_count == 0:
        _tell_ancestors(comment, -1)


def _tell_ancestors(comment, step):
    """Its parent shows one reply more or less; where that makes a tombstone appear or leave, so does its parent."""
    while comment.parent_id is not None:
        Comment.objects.filter(pk=comment.parent_id).update(reply_count=F("reply_count") + step)
        comment = Comment.objects.get(pk=comment.parent_id)
        if comment.is_published or comment.reply_count != max(step, 0):
            return
    _settle(comment)


def _settle(opening):
    """Withdraws the thread of an opening post that is out of sight, or gone and unanswered; else brings it back."""
    out_of_sight = any((opening.removed_at, opening.hidden_at, opening.held_at))
    gone = opening.deleted_at is not None and opening.reply_count == 0
    thread = Thread.objects.filter(pk=opening.thread_id)
    if out_of_sight or gone:
        thread.filter(withdrawn_at=None).update(withdrawn_at=Now())
    else:
        thread.update(withdrawn_at=None)
