"""Update what depends on which comments are shown: counts up the tree, counts of thread and question, the version.

Every function that changes what readers see locks the thread first, so only one action at a time changes the counts.
"""

from datetime import datetime, timedelta
from functools import cache

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Case, F, Field, Q, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from posts.models import Comment, Question, Thread, path
from posts.models.thread import MARKS_GATHERED


def lock_thread(pk: int) -> Thread:
    """Return the thread, with its row locked until the transaction ends.

    The lock does not block readers or other threads.
    """
    return Thread.objects.select_for_update(no_key=True).get(pk=pk)


def lock_comment(comment: Comment) -> Comment:
    """Return the comment and its thread as they are stored now, both locked."""
    thread = lock_thread(comment.thread_id)
    comment = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    comment.thread = thread
    return comment


def next_moment(thread: Thread) -> datetime:
    """Return the current time, or a later time if needed to be after the last activity of the locked `thread`.

    The times in a thread thus rise in the order of its actions.
    """
    return max(timezone.now(), thread.last_activity_at + timedelta(microseconds=1))


def raise_version(thread: Thread) -> None:
    """Raise the version of the thread because readers will see a change."""
    Thread.objects.filter(pk=thread.pk).update(version=F("version") + 1)


def gather_mark(thread: Thread, at: datetime) -> None:
    """Schedule an update of the pages of `thread` for a helpful mark made at the time `at`.

    Marks made within MARKS_GATHERED share one update.
    """
    Thread.objects.filter(Q(marks_due_at=None) | Q(marks_due_at__lte=at), pk=thread.pk).update(
        marks_shown_at=F("marks_due_at"), marks_due_at=at + MARKS_GATHERED
    )


# Stores a reply and updates all counts in one statement. So the thread's row is locked only for this statement and the
# commit, and eight people who write in one thread at once hardly wait for each other. The thread is locked first, as in
# every other function. PostgreSQL reads its row and that of the parent again if another transaction has just changed
# them: if the thread or branch was locked meanwhile, or the parent is gone, the statement inserts nothing.
PUBLISH = """
WITH in_thread AS (
    UPDATE posts_thread SET version = version + 1, comment_count = comment_count + 1,
        clinician_count = clinician_count + %(by_clinicians)s,
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
    UPDATE posts_question q SET comment_count = q.comment_count + 1, answer_count = q.answer_count + %(answers)s
    FROM in_thread WHERE q.id = %(question)s
)
INSERT INTO posts_comment ({columns}, created_at, published_at)
SELECT {values}, moment, moment FROM in_thread WHERE (SELECT count(*) FROM above) = {depth}
RETURNING published_at, is_shown
"""
# Columns that the statement or the database itself sets.
FILLED = {"created_at", "published_at", "is_shown"}


@cache
def _given_fields() -> dict[str, Field]:
    """Return the fields that a new comment is inserted with, by their columns."""
    return {field.column: field for field in Comment._meta.concrete_fields if field.column and field.name not in FILLED}


@cache
def _publish_sql(depth: int) -> str:
    return PUBLISH.format(
        columns=", ".join(connection.ops.quote_name(column) for column in _given_fields()),
        values=", ".join(f"%(c_{column})s::{field.db_type(connection)}" for column, field in _given_fields().items()),
        depth=depth,
    )


class ThreadClosed(Exception):  # noqa: N818  (control flow, not an error)
    """The thread or the parent does not accept the reply. The transaction must not be committed."""


def publish_reply(comment: Comment, parent: Comment, question: Question | None, at: datetime | None = None) -> None:
    """Insert the new `comment` under `parent`, publish it and count it. Raises ThreadClosed.

    The time comes from the database's clock, which all web servers share, and rises with every reply of a thread. For a
    comment from elsewhere it is `at`.
    """
    set_parent(comment, parent, question)
    given = {
        f"c_{column}": field.get_db_prep_save(getattr(comment, field.attname), connection)
        for column, field in _given_fields().items()
    }
    about = {
        "at": at,
        "thread": comment.thread_id,
        "parent": comment.parent_id,
        "question": comment.question_id,
        "answers": int(comment.is_answer),
        "by_clinicians": int(comment.is_by_clinician),
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
    # at the greatest depth another comment than `parent`
    above = comment.parent
    assert above is not None  # noqa: S101  (set_parent has set it)
    above.reply_count += 1
    above.below_count += 1


def insert_held(comment: Comment, parent: Comment, question: Question | None, at: datetime) -> None:
    """Insert the new `comment` under `parent`, held since `at`: it is not counted until it is published."""
    set_parent(comment, parent, question)
    comment.created_at = comment.held_at = at
    comment.save(force_insert=True)


def insert_opening(opening: Comment) -> None:
    """Insert the opening post of a new thread, which has no counts yet."""
    assign_path(opening, parent=None)
    opening.save(force_insert=True)


# Updates everything that changes when `step` comments (1 or -1) appear, in one statement, because the thread is locked.
COUNT = """
WITH in_thread AS (
    UPDATE posts_thread SET version = version + 1, comment_count = comment_count + %(in_thread)s,
        clinician_count = clinician_count + %(by_clinicians)s,
        last_activity_at = greatest(last_activity_at, %(at)s::timestamptz)
    WHERE id = %(thread)s
), in_tab AS (
    UPDATE posts_question SET comment_count = comment_count + %(step)s, answer_count = answer_count + %(answers)s
    WHERE id = %(question)s
)
UPDATE posts_comment SET below_count = below_count + %(shown)s,
    reply_count = reply_count + CASE WHEN id = %(parent)s THEN %(shown)s ELSE 0 END
WHERE id = ANY(%(above)s::bigint[])
"""


def raise_versions_of_author(person: User) -> None:
    """Raise the version of every thread that `person` wrote in, because the name or the badge changed."""
    wrote_in = Comment.objects.filter(author=person).values("thread")
    # Locked in one order, so that two such calls at the same time do not deadlock.
    ids = list(Thread.objects.select_for_update(no_key=True).filter(pk__in=wrote_in).order_by("pk").values_list("pk"))
    Thread.objects.filter(pk__in=[pk for (pk,) in ids]).update(version=F("version") + 1)


def state_changed(comment: Comment, was_published: bool, at: datetime | None = None) -> None:
    """Update counts, version and withdrawal of the thread after a change of the state of a locked `comment`.

    `at` is when readers see the comment for the first time, if this change publishes it for the first time.
    """
    if comment.is_published and not was_published:
        count_appearance(comment, at)
    elif was_published and not comment.is_published:
        count_disappearance(comment)
    else:
        # It is still a tombstone, but with another text.
        raise_version(comment.thread)
    if comment.depth == 0:
        _settle(comment)


def count_appearance(comment: Comment, at: datetime | None = None) -> None:
    """Count `comment`, which is published now and was not before.

    `at` is the time if it is published for the first time.
    """
    _count(comment, 1, at)


def standpoint_changed(comment: Comment, was_by_clinician: bool) -> None:
    """Count a locked `comment` among those by clinicians, or stop counting it, after a change of its standpoint."""
    step = int(comment.is_by_clinician) - int(was_by_clinician)
    if step and comment.depth and comment.is_published:
        Thread.objects.filter(pk=comment.thread_id).update(clinician_count=F("clinician_count") + step)


def count_disappearance(comment: Comment) -> None:
    """Stop counting `comment`, which was published and is now deleted, removed, hidden or held."""
    _count(comment, -1)


def _count(comment: Comment, step: int, at: datetime | None = None) -> None:
    """Change the counts of the thread, the tab and the comments above by `step`.

    If a tombstone appears or disappears with the comment, the comments above the tombstone are counted too.
    """
    # A comment with replies is always shown, at least as a tombstone, and is already counted above.
    shown = step if comment.reply_count == 0 else 0
    parent = comment.parent  # read before it is counted, and after the thread was locked
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            {
                "thread": comment.thread_id,
                "in_thread": step if comment.depth else 0,
                "by_clinicians": step if comment.depth and comment.is_by_clinician else 0,
                "at": at,
                "step": step,
                "question": comment.question_id,
                "answers": step if comment.is_answer else 0,
                "shown": shown,
                "parent": comment.parent_id,
                "above": path.ids_of(comment.path)[:-1] if shown else [],
            },
        )
    if shown and parent is not None:
        _counted(parent, shown)


def _counted(parent: Comment, step: int) -> None:
    """Update the counts above `parent` after it got or lost a shown reply.

    A tombstone appears with its first reply and disappears with its last.
    """
    parent.reply_count += step
    parent.below_count += step
    while not parent.is_published and parent.reply_count == max(step, 0):
        above = parent.parent
        if above is None:
            _settle(parent)
            return
        Comment.objects.filter(pk__in=path.ids_of(parent.path)[:-1]).update(
            below_count=F("below_count") + step,
            reply_count=F("reply_count") + Case(When(pk=above.pk, then=Value(step)), default=Value(0)),
        )
        above.reply_count += step
        above.below_count += step
        parent = above


def _settle(opening: Comment) -> None:
    """Withdraw the thread of an opening post that is not shown, or else restore the thread.

    An opening post is not shown if it is removed, hidden or held, or deleted without replies.
    """
    out_of_sight = any((opening.removed_at, opening.hidden_at, opening.held_at))
    gone = opening.deleted_at is not None and opening.reply_count == 0
    thread = Thread.objects.filter(pk=opening.thread_id)
    if out_of_sight or gone:
        thread.filter(withdrawn_at=None).update(withdrawn_at=Now())
    else:
        thread.update(withdrawn_at=None)


def set_parent(comment: Comment, parent: Comment, question: Question | None) -> None:
    """Set the thread, the position under `parent` and the question of `comment`, without saving."""
    comment.thread = parent.thread
    comment.question_id = _question_of_branch(parent, question)
    assign_path(comment, parent)


def _question_of_branch(parent: Comment, question: Question | None) -> int | None:
    """Return the id of the question that a reply to `parent` answers.

    This is the question of the branch, or for a reply to the opening post the given `question`. Raises PermissionDenied
    if that belongs to another thread.
    """
    if parent.depth > 0:
        return parent.question_id
    if question is not None and question.thread_id != parent.thread_id:
        raise PermissionDenied
    return None if question is None else question.pk


def assign_path(comment: Comment, parent: Comment | None) -> None:
    """Set the id, path and depth of `comment` under `parent`, without saving.

    The id is drawn from the sequence first because the path ends with it. If `parent` is at the greatest depth that the
    index allows, the reply becomes its sibling.
    """
    if parent is not None and parent.depth >= path.DEEPEST and parent.parent is not None:
        parent = parent.parent
        parent.thread = comment.thread
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Comment._meta.db_table])
        comment.pk = cursor.fetchone()[0]
    comment.parent = parent
    comment.path = path.child_path(parent.path if parent else "", comment.pk)
    comment.depth = path.depth_of(comment.path)
