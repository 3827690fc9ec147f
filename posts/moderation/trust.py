"""Recalculate the trust of members. Days, published comments and reading raise it, and removals lower it.

Trust that a moderator set by hand, and that of staff, is not recalculated.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from accounts.models import User

Trust = User.Trust


@dataclass(frozen=True)
class Needs:
    """What a level of trust requires.

    `days` since joining, published `comments`, read `threads`, and at most `removed` comments that were removed within
    REMOVED_WITHIN_DAYS.
    """

    days: int
    comments: int
    threads: int
    removed: int


NEEDS = {
    Trust.MEMBER: Needs(days=3, comments=2, threads=1, removed=2),
    Trust.TRUSTED: Needs(days=60, comments=30, threads=5, removed=0),
}
REMOVED_WITHIN_DAYS = 90
BATCH = 2_000
RECALCULATE = """
WITH batch AS (
    SELECT id, joined_at, trust FROM accounts_user
    WHERE id > %(after)s AND trust_set_at IS NULL AND NOT is_staff ORDER BY id LIMIT %(batch)s
), known AS (
    SELECT s.id, s.trust, extract(epoch FROM now() - s.joined_at) / 86400 AS days,
        (SELECT count(*) FROM (
            SELECT 1 FROM posts_comment c WHERE c.author_id = s.id AND c.published_at IS NOT NULL
                AND c.held_at IS NULL AND c.hidden_at IS NULL AND c.removed_at IS NULL AND c.deleted_at IS NULL
            LIMIT %(most_comments)s
        ) kept) AS comments,
        (SELECT count(*) FROM (
            SELECT 1 FROM posts_reading r WHERE r.person_id = s.id LIMIT %(most_threads)s
        ) readings) AS threads,
        (SELECT count(*) FROM posts_comment c WHERE c.author_id = s.id
            AND c.removed_at > now() - %(within)s * interval '1 day') AS removed
    FROM batch s
), reckoned AS (
    SELECT id, trust, CASE {cases} ELSE 0 END AS level FROM known
), done AS (
    UPDATE accounts_user u SET trust = r.level FROM reckoned r
    WHERE u.id = r.id AND u.trust <> r.level AND u.trust_set_at IS NULL
    RETURNING 1
)
SELECT max(id), count(*), (SELECT count(*) FROM done) FROM batch
"""
CASES = " ".join(
    f"WHEN days >= {needs.days} AND comments >= {needs.comments} AND threads >= {needs.threads} "
    f"AND removed <= {needs.removed} THEN {level.value}"
    for level, needs in sorted(NEEDS.items(), reverse=True)
)


def recalculate_one(person: User) -> None:
    """Recalculate the trust of one member."""
    _recalculate_batch(person.pk - 1, 1)


def recalculate(progress: Callable[[int], None] | None = None, stopped: Callable[[], bool] = lambda: False) -> int:
    """Recalculate the trust of all members in batches, and return how many changed.

    `progress(number)` is called after each batch. The function ends between two batches if `stopped()` is true. It can
    be interrupted at any time and started again.
    """
    after: int | None = 0
    changed = 0
    while after is not None and not stopped():
        after, number, moved = _recalculate_batch(after, BATCH)
        changed += moved
        if progress and number:
            progress(number)
    return changed


def _recalculate_batch(after: int, size: int) -> tuple[int | None, int, int]:
    """Recalculate the first `size` members whose id is above `after`.

    Returns (the last id or None, the number of members, the number that changed).
    """
    values = {
        "after": after,
        "batch": size,
        "within": REMOVED_WITHIN_DAYS,
        "most_comments": NEEDS[Trust.TRUSTED].comments,
        "most_threads": NEEDS[Trust.TRUSTED].threads,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RECALCULATE.format(cases=CASES), values)
        return cursor.fetchone()
