"""What changes with what is shown: counts up the tree, counts of thread and question, the thread's version.

Every verb that changes what readers see locks its thread first, so counts are moved by one act at a time.
"""

from datetime import timedelta

from django.db.models import Case, F, Value, When
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from posts import tree
from posts.models import Comment, Question, Thread


def lock_thread(pk):
    """The thread's row, locked until the transaction ends; readers and other threads are not disturbed."""
    return Thread.objects.select_for_update(no_key=True).get(pk=pk)


def moment_in(thread):
    """Now, but later than everything that happened in the locked `thread`: its moments rise as its acts are done."""
    return max(timezone.now(), thread.last_activity_at + timedelta(microseconds=1))


def bump(thread, at=None, comments=0):
    """Moves the thread's version, its count of comments by `comments`, and its latest activity to `at`."""
    changes = {"version": F("version") + 1}
    if comments:
        changes["comment_count"] = F("comment_count") + comments
    if at is not None:
        changes["last_activity_at"] = Greatest("last_activity_at", at)
    Thread.objects.filter(pk=thread.pk).update(**changes)


def author_looks_different(person):
    """`person` has another name or another badge: every thread they wrote in is shown anew."""
    wrote_in = Comment.objects.filter(author=person).values("thread")
    # locked in one order, so that two such acts at once do not wait for each other
    ids = list(Thread.objects.select_for_update(no_key=True).filter(pk__in=wrote_in).order_by("pk").values_list("pk"))
    Thread.objects.filter(pk__in=[pk for (pk,) in ids]).update(version=F("version") + 1)


def state_changed(comment, was_published, at=None):
    """Says what follows when the state of a locked `comment` changed: counts, the thread's version, its withdrawal.

    `at` is the moment when readers see it for the first time, if that is what happened.
    """
    if comment.is_published and not was_published:
        comment_appeared(comment, at)
    elif was_published and not comment.is_published:
        comment_vanished(comment)
    else:
        # still a tombstone, but one that says something else
        bump(comment.thread)
    if comment.depth == 0:
        _settle(comment)


def comment_appeared(comment, at=None):
    """`comment` is published now and was not before: for the first time, at the moment `at`, or again."""
    bump(comment.thread, at=at, comments=1 if comment.depth else 0)
    if comment.question_id:
        Question.objects.filter(pk=comment.question_id).update(comment_count=F("comment_count") + 1)
    # a comment with replies was shown as a tombstone all the time: those above already count it
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
    """Those above show one reply more or less; where that makes a tombstone appear or leave, so do those above it."""
    while comment.parent_id is not None:
        parent = comment.parent  # read before it is counted, and behind the thread's lock
        Comment.objects.filter(pk__in=tree.ids_of(comment.path)[:-1]).update(
            below_count=F("below_count") + step,
            reply_count=F("reply_count") + Case(When(pk=comment.parent_id, then=Value(step)), default=Value(0)),
        )
        parent.reply_count += step
        parent.below_count += step
        comment = parent
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
