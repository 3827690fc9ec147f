"""What changes with what is shown: counts up the tree, counts of thread and question, the thread's version.

Every verb that changes what readers see locks its thread first, so counts are moved by one act at a time.
"""

from datetime import timedelta
from functools import cache

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from posts.models import Comment, Thread, path
from posts.models.thread import MARKS_GATHERED


def lock_thread(pk):
    """The thread's row, locked until the transaction ends; readers and other threads are not disturbed."""
    return Thread.objects.select_for_update(no_key=True).get(pk=pk)


def lock_comment(comment):
    """The comment and its thread as they are now, both locked."""
    thread = lock_thread(comment.thread_id)
    comment = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    comment.thread = thread
    return comment


def next_moment(thread):
    """Now, but later than everything that happened in the locked `thread`: its moments rise as its acts are done."""
    return max(timezone.now(), thread.last_activity_at + timedelta(microseconds=1))


def raise_version(thread):
    """Moves the thread's version: readers see something else."""
    Thread.objects.filter(pk=thread.pk).update(version=F("version") + 1)


def gather_mark(thread, at):
    """Have the pages of `thread` show a helpful mark made at the moment `at`, soon and together with other marks."""
    Thread.objects.filter(Q(marks_due_at=None) | Q(marks_due_at__lte=at), pk=thread.pk).update(
        marks_shown_at=F("marks_due_at"), marks_due_at=at + MARKS_GATHERED
    )


# A reply and all that moves with it, in one statement: so the thread's row is locked for no longer than that and the
# commit behind it, and eight people who write at once in one thread hardly wait for each other. The thread is taken
# first, as by every verb. Its row and the parent's are looked at again where somebody else has just changed them: a
# thread or branch that is locked meanwhile, or a parent that is gone, makes it insert nothing.
PUBLISH = """
WITH in_thread AS (
    UPDATE posts_thread SET version = version + 1, comment_count = comment_count + 1,
        last_activity_at = greatest(
            last_activity_at + CASE WHEN %(at)s::timestamptz IS NULL THEN '1 microsecond' ELSE '0' END::interval,
            coalesce(%(at)s, clock_timestamp())
        )
    WHERE id = %(thread)s AND locked_at IS NULL AND withdrawn_at IS NULL
    RETURNING coalesce(%(at)s, last_activity_at) AS moment
), above AS (
    UPDATE posts_comment c SET below_count = c.below_count + 1,
        reply_count = c.reply_count + CASE WHEN c.id = %(parent)s THEN 1 ELSE 0 END
    FROM in_thread WHERE c.id = ANY(%(above)s) AND c.locked_at IS NULL AND (c.id <> %(parent)s OR (
        c.held_at IS NULL AND c.hidden_at IS NULL AND c.removed_at IS NULL AND c.deleted_at IS NULL
    ))
    RETURNING c.id
), in_tab AS (
    UPDATE posts_question q SET comment_count = q.comment_count + 1 FROM in_thread WHERE q.id = %(question)s
)
INSERT INTO posts_comment ({columns}, created_at, published_at)
SELECT {values}, moment, moment FROM in_thread WHERE (SELECT count(*) FROM above) = {depth}
RETURNING published_at, is_shown
"""
# Columns that the statement or the database itself fills.
FILLED = {"created_at", "published_at", "is_shown"}


@cache
def _given_fields():
    return [field for field in Comment._meta.concrete_fields if field.name not in FILLED]


@cache
def _publish_sql(depth):
    return PUBLISH.format(
        columns=", ".join(connection.ops.quote_name(field.column) for field in _given_fields()),
        values=", ".join(f"%(c_{field.column})s::{field.db_type(connection)}" for field in _given_fields()),
        depth=depth,
    )


class ThreadClosed(Exception):  # noqa: N818  (it is an answer, not a fault)
    """The thread or the parent took no reply; the transaction must not be committed."""


def publish_reply(comment, at=None):
    """Saves the new `comment`, complete but for its moments, and counts it; raises Closed.

    The moment comes from the database's clock, one for all web servers, and rises with every reply of a thread; for
    what is brought from elsewhere it is `at`.
    """
    given = {
        f"c_{field.column}": field.get_db_prep_save(getattr(comment, field.attname), connection)
        for field in _given_fields()
    }
    about = {
        "at": at,
        "thread": comment.thread_id,
        "parent": comment.parent_id,
        "question": comment.question_id,
        "above": path.ids_of(comment.path)[:-1],
    }
    with connection.cursor() as cursor:
        cursor.execute(_publish_sql(comment.depth), about | given)
        row = cursor.fetchone()
    if row is None:
        raise ThreadClosed
    comment.created_at = comment.published_at = row[0]
    comment.is_shown = row[1]
    comment._state.adding = False
    comment.parent.reply_count += 1
    comment.parent.below_count += 1


# All that moves when `step` comments (1 or -1) appear: one statement, for it runs while the thread is locked.
COUNT = """
WITH in_thread AS (
    UPDATE posts_thread SET version = version + 1, comment_count = comment_count + %(in_thread)s,
        last_activity_at = greatest(last_activity_at, %(at)s::timestamptz)
    WHERE id = %(thread)s
), in_tab AS (
    UPDATE posts_question SET comment_count = comment_count + %(step)s WHERE id = %(question)s
)
UPDATE posts_comment SET below_count = below_count + %(shown)s,
    reply_count = reply_count + CASE WHEN id = %(parent)s THEN %(shown)s ELSE 0 END
WHERE id = ANY(%(above)s::bigint[])
"""


def raise_versions_of_author(person):
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
        count_appearance(comment, at)
    elif was_published and not comment.is_published:
        count_disappearance(comment)
    else:
        # still a tombstone, but one that says something else
        raise_version(comment.thread)
    if comment.depth == 0:
        _settle(comment)


def count_appearance(comment, at=None):
    """`comment` is published now and was not before: for the first time, at the moment `at`, or again."""
    _count(comment, 1, at)


def count_disappearance(comment):
    """`comment` was published and is not now: deleted, removed, hidden or held."""
    _count(comment, -1)


def _count(comment, step, at=None):
    """Moves the thread, the tab, and those above; where a tombstone appears or leaves with it, those above that one."""
    # with replies it is shown as a tombstone all the time: those above already count it
    shown = step if comment.reply_count == 0 else 0
    parent = comment.parent  # read before it is counted, and behind the thread's lock
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            {
                "thread": comment.thread_id,
                "in_thread": step if comment.depth else 0,
                "at": at,
                "step": step,
                "question": comment.question_id,
                "shown": shown,
                "parent": comment.parent_id,
                "above": path.ids_of(comment.path)[:-1] if shown else [],
            },
        )
    if shown and parent is not None:
        _counted(parent, shown)


def _counted(parent, step):
    """`parent` shows one reply more or less; a tombstone appears with its first one and leaves with its last."""
    parent.reply_count += step
    parent.below_count += step
    while not parent.is_published and parent.reply_count == max(step, 0):
        comment, parent = parent, parent.parent
        if parent is None:
            _settle(comment)
            return
        Comment.objects.filter(pk__in=path.ids_of(comment.path)[:-1]).update(
            below_count=F("below_count") + step,
            reply_count=F("reply_count") + Case(When(pk=parent.pk, then=Value(step)), default=Value(0)),
        )
        parent.reply_count += step
        parent.below_count += step


def _settle(opening):
    """Withdraws the thread of an opening post that is out of sight, or gone and unanswered; else brings it back."""
    out_of_sight = any((opening.removed_at, opening.hidden_at, opening.held_at))
    gone = opening.deleted_at is not None and opening.reply_count == 0
    thread = Thread.objects.filter(pk=opening.thread_id)
    if out_of_sight or gone:
        thread.filter(withdrawn_at=None).update(withdrawn_at=Now())
    else:
        thread.update(withdrawn_at=None)


def set_parent(comment, parent, question):
    """Gives `comment` its thread, its place under `parent`, and the question it answers; it is not saved yet."""
    comment.thread = parent.thread
    comment.question_id = _question_of_branch(parent, question)
    assign_path(comment, parent)


def _question_of_branch(parent, question):
    """The id of the question a reply to `parent` answers: its branch’s, or under the opening post the one given."""
    if parent.depth > 0:
        return parent.question_id
    if question is not None and question.thread_id != parent.thread_id:
        raise PermissionDenied
    return question and question.pk


def assign_path(comment, parent):
    """Gives `comment` its id, path and place under `parent`; it is not saved yet.

    The id is drawn first, because the path ends in it. Below the deepest level the index allows, a reply becomes its
    parent's neighbour.
    """
    if parent is not None and parent.depth >= path.DEEPEST:
        parent = parent.parent
        parent.thread = comment.thread
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Comment._meta.db_table])
        comment.pk = cursor.fetchone()[0]
    comment.parent = parent
    comment.path = path.child_path(parent.path if parent else "", comment.pk)
    comment.depth = path.depth_of(comment.path)
