"""`python -m bench.review_queue`: measure the pages of the admin with 5,000 open cases and 100,000 closed ones.

All rows but the thread are written in one transaction that is rolled back.
"""

import os
import statistics
import sys
import time
from typing import TYPE_CHECKING

from bench.__main__ import DATA

if TYPE_CHECKING:
    from accounts.models import User

OPEN, HISTORY, COMMENTS, ROUNDS = 5_000, 100_000, 10_000, 9
MOST_QUERIES = 10
FILL = """
INSERT INTO posts_case (comment_id, kind, why, weight, version, opened_at, passed_by, closed_at)
SELECT c.id, CASE WHEN n % 50 = 0 THEN 1 WHEN n % 3 = 0 THEN 5 ELSE 6 END, '{flag}', 2, 1,
    now() - n * interval '1 minute', '{}',
    CASE WHEN n <= %(open)s THEN NULL ELSE now() - (n / 2) * interval '1 minute' END
FROM generate_series(1, %(all)s) n
JOIN (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM posts_comment WHERE thread_id = %(thread)s AND depth > 0
) c ON c.place = (n - 1) %% %(comments)s + 1
"""
LOG = """
INSERT INTO posts_logentry (at, act, reason, rule, moderator_id, thread_id, comment_id, person_id, is_confidential)
SELECT now() - n * interval '5 minutes', CASE WHEN n % 3 = 0 THEN 'remove' ELSE 'keep' END, 'It is unkind.', 'Be kind',
    %(moderator)s, %(thread)s, k.comment_id, c.author_id, n % 50 = 0
FROM (SELECT comment_id, row_number() OVER () AS n FROM posts_case WHERE closed_at IS NOT NULL) k
JOIN posts_comment c ON c.id = k.comment_id
"""


def main() -> None:
    """Make the rows, measure, print the figures, and roll back."""
    os.environ |= {"FORUM_PG_DATA": str(DATA), "DJANGO_SETTINGS_MODULE": "forum.settings", "HTTPS": "0"}
    from forum.embedded_postgres import Server

    with Server(DATA):
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection, transaction

        call_command("migrate", verbosity=0)
        from bench import fill

        thread = fill.thread_of(COMMENTS)
        with transaction.atomic():
            moderator = _moderator()
            with connection.cursor() as cursor:
                values = {"open": OPEN, "all": OPEN + HISTORY, "thread": thread.pk, "comments": COMMENTS}
                cursor.execute(_percents(FILL), values)
                cursor.execute(_percents(LOG), {"moderator": moderator.pk, "thread": thread.pk})
                cursor.execute("ANALYZE posts_case; ANALYZE posts_logentry")
            _measure(moderator)
            transaction.set_rollback(True)


def _percents(sql: str) -> str:
    """Double the remainder sign, as the database driver requires it."""
    return sql.replace("n % ", "n %% ")


def _moderator() -> "User":
    from django.contrib.auth.models import Group

    from accounts.models import MODERATORS, User

    moderator = User.objects.create_user("mo@bench.example", display_name="Mo at the bench", is_staff=True)
    moderator.groups.add(Group.objects.get(name=MODERATORS))
    return moderator


def _measure(moderator: "User") -> None:
    from django.conf import settings
    from django.core.cache import cache
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from posts.models import Case
    from tests.signing_in import sign_in_with_factor

    settings.ALLOWED_HOSTS.append("testserver")
    client = sign_in_with_factor(Client(), moderator)
    items = [case.pk for case in Case.objects.open()[:: OPEN // ROUNDS][:ROUNDS]]
    people = list(Case.objects.filter(pk__in=items).values_list("comment__author", flat=True))
    pages = {
        "the admin index": ["/admin/"] * ROUNDS,
        "queue, one kind": ["/admin/posts/case/?kind=6"] * ROUNDS,
        "queue, deep": ["/admin/posts/case/?after=6-" + str(items[-1])] * ROUNDS,
        "item": [f"/admin/posts/case/{pk}/change/" for pk in items],
        "a person": [f"/admin/accounts/user/{pk}/change/" for pk in people],
        "the audit log": ["/admin/posts/logentry/"] * ROUNDS,
        "public log": ["/moderation-log/"] * ROUNDS,
        "figures, counted": ["/admin/posts/case/figures/"] * ROUNDS,
    }
    print(f"\n{OPEN:,} open, {HISTORY:,} in the history; medians\n{'':<20}{'ms':>8}{'of these db':>13}{'queries':>9}")
    for name, addresses in pages.items():
        whole, database, queries = [], [], 0
        # the first request fills the caches of this process
        client.get(addresses[0])
        for address in addresses:
            cache.delete("figures")
            with CaptureQueriesContext(connection) as asked:
                begun = time.perf_counter()
                response = client.get(address)
                whole.append(1000 * (time.perf_counter() - begun))
            if response.status_code != 200:
                raise SystemExit(f"{address}: {response.status_code}")
            database.append(1000 * sum(float(query["time"]) for query in asked))
            queries = max(queries, len([query for query in asked if "SAVEPOINT" not in query["sql"]]))
        if "-v" in sys.argv:
            for query in sorted(asked, key=lambda query: -float(query["time"]))[:2]:
                print(query["time"], " ".join(query["sql"].split())[:300])
        missed = "" if queries <= MOST_QUERIES else "  MISSED"
        print(f"{name:<20}{statistics.median(whole):>8.1f}{statistics.median(database):>13.1f}{queries:>9}{missed}")


if __name__ == "__main__":
    main()
