"""Queries for the front page: the featured thread with one answer to each of its questions, and the list of threads."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from posts.models import Case, Comment, Thread
from posts.reading.excerpt import excerpt

# Characters of an answer beside its question, and of the featured post.
VOICE, BEGINNING = 180, 280
# The answers to a question that are looked at to find one by the group that it asks.
CANDIDATES = 20
# The number of new comments of a thread is counted up to this number.
MOST_NEW = 99
WAIT_KEPT_FOR = 10 * 60


@dataclass
class Row:
    """A thread in the list: its opening post, how many comments are new to the viewer, and whether it was visited.

    `new` is 0 for viewers who never visited the thread, because nothing is new on a first visit.
    """

    thread: Thread
    opening: Comment
    new: int = 0
    is_visited: bool = False

    @property
    def has_more_new(self) -> bool:
        """Return whether more than MOST_NEW comments are new."""
        return self.new > MOST_NEW

    @property
    def beginning(self) -> str:
        """Return the first words of the opening post."""
        return excerpt(self.opening.html, BEGINNING)


# For each thread that the viewer visited: the number of comments that are new since then, up to a limit. Each uses a
# range of the index `comment_published`.
NEW = """
SELECT r.thread_id, (SELECT count(*) FROM (
    SELECT 1 FROM posts_comment c WHERE c.thread_id = r.thread_id AND c.depth > 0 AND c.published_at > r.seen_until
        AND c.held_at IS NULL AND c.hidden_at IS NULL AND c.removed_at IS NULL AND c.deleted_at IS NULL
        AND c.author_id IS DISTINCT FROM %(viewer)s
    LIMIT %(most)s) AS found)
FROM posts_reading r WHERE r.person_id = %(viewer)s AND r.thread_id = ANY(%(threads)s)
"""


def rows(threads: Iterable[Thread], viewer: User | AnonymousUser) -> list[Row]:
    """Return a Row for each of the `threads`. Makes one query, for members two.

    The text of an opening post is loaded when it is needed.
    """
    threads = list(threads)
    ids = [thread.pk for thread in threads]
    openings = {
        row.thread_id: row for row in Comment.objects.for_display().defer("html").filter(thread__in=ids, parent=None)
    }
    new = {}
    if viewer.is_authenticated and ids:
        with connection.cursor() as cursor:
            cursor.execute(NEW, {"viewer": viewer.pk, "threads": ids, "most": MOST_NEW + 1})
            new = dict(cursor.fetchall())
    for thread in threads:
        openings[thread.pk].thread = thread
    return [Row(thread, openings[thread.pk], new.get(thread.pk, 0), thread.pk in new) for thread in threads]


def voices(thread: Thread, opening: Comment) -> list[Comment]:
    """Return for each question of the thread the most helpful answer by the group that it asks, with its `excerpt`.

    Makes one query for each question, by the index `comment_answer_helpful`, and one more.
    """
    fitting = []
    for question in thread.asks:
        # the expressions of the index, which an ordinary condition and order would not use
        answers = Comment.objects.for_display().alias(asked=Coalesce("question_id", 0))
        answers = answers.filter(parent=opening.pk, asked=question.pk, depth=1, is_shown=True)
        most_helpful = answers.order_by((-F("helpful_count")).asc(), "id")[:CANDIDATES]
        fitting += [(question, row) for row in most_helpful if row.is_published and question.fits(row.standpoint)]
    # An answer that concerns somebody's privacy or safety is not put on the front page.
    masked = Case.objects.masked_among([row.pk for _question, row in fitting]) if fitting else set()
    found: dict[int, Comment] = {}
    for question, row in fitting:
        if row.pk not in masked and question.pk not in found:
            row.excerpt = excerpt(row.html, VOICE)
            found[question.pk] = row
    return list(found.values())


def median_wait() -> timedelta | None:
    """Return the time within which half of the held comments of the last 7 days were reviewed, or None.

    The result is kept for WAIT_KEPT_FOR seconds.
    """
    return cache.get_or_set("median_wait", lambda: Case.objects.median_wait(timezone.now()), WAIT_KEPT_FOR)
