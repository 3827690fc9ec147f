"""Pages of a thread of 10,000 comments are read from index ranges, as EXPLAIN shows for each query."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Max
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts.models import Comment, Reading
from posts.models import path as models_path
from posts.reading import nesting, orders, slots
from posts.reading import queries as reading_queries
from tests import factories

COMMENTS = 10_000
PAGE = 100


def grow(thread, people):
    """Make COMMENTS comments: seven of ten reply to an earlier one, and every tenth is deleted. Return them."""
    dice = random.Random(4)  # noqa: S311  (the same tree every time)
    opening, now, questions = thread.opening, timezone.now(), [None, *thread.questions.all()]
    rows = []
    first = Comment.objects.aggregate(last=Max("pk"))["last"] + 1
    for number in range(first, first + COMMENTS):
        parent = dice.choice(rows) if rows and dice.random() < 0.7 else opening
        path = models_path.child_path(parent.path, number)
        rows.append(
            Comment(
                pk=number,
                thread=thread,
                parent=parent,
                path=path,
                depth=models_path.depth_of(path),
                author=dice.choice(people),
                question=parent.question if parent.depth else dice.choice(questions),
                source="x",
                html="<p>x</p>",
                renderer=1,
                created_at=now,
                published_at=now + timedelta(microseconds=number),
                deleted_at=now if dice.random() < 0.1 else None,
                helpful_count=int(dice.expovariate(1)),
            )
        )
    # the last first: whether something is shown below a tombstone is known before it is asked
    for row in reversed(rows):
        if row.deleted_at is None or row.reply_count:
            row.parent.reply_count += 1
            row.parent.below_count += 1 + row.below_count
    opening.save(update_fields=["reply_count", "below_count"])
    Comment.objects.bulk_create(rows, batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('posts_comment', 'id'), %s)", [first + COMMENTS])
        # all tables that a page joins: what earlier tests left in the statistics must not choose the plan
        cursor.execute("ANALYZE posts_comment, accounts_user, accounts_verification, posts_thread, posts_question")
    return rows


def nodes(plan):
    """A plan's node and all below it."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def faults(queries, most=2 * PAGE):
    """What the queries read without an index, in more than `most` rows, or sort in more rows than a page has."""
    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query['sql']}")
            plan = cursor.fetchone()[0][0]["Plan"]
        for node in nodes(plan):
            # rows that are read and thrown away are read, too
            rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            if node.get("Relation Name") == "posts_comment" and node["Node Type"] == "Seq Scan":
                yield f"read without an index: {query['sql'][:300]}"
            # entries of an index that are passed over are counted nowhere but in the blocks that are read
            blocks = node["Shared Hit Blocks"] + node["Shared Read Blocks"]
            if "Index" in node["Node Type"] and rows <= 1 and blocks > 12 * node["Actual Loops"]:
                yield f"{blocks} blocks in a {node['Node Type']}: {query['sql'][:300]}"
            if rows > most or (
                node["Node Type"] == "Sort" and rows > PAGE + nesting.most_shown(reading_queries.FEWEST)
            ):
                yield f"{rows} rows in a {node['Node Type']}: {query['sql'][:300]}"


@pytest.mark.django_db
def test_pages_permalinks_and_slots_are_read_from_index_ranges(settings):
    """One test, because the threads take longer to make than to read."""
    settings.COMMENTS_PER_PAGE = PAGE
    # what stands in the table before the thread must not be walked through
    grow(factories.thread(title="An older talk"), [factories.person()])
    thread, people = factories.thread(), [factories.person() for _ in range(20)]
    rows = grow(thread, people)
    assert list(faults_of_pages(thread, rows)) == []
    assert list(faults_of_slots(thread, rows, people[0])) == []
    assert list(faults_of_permalinks(rows)) == []
    # queries that do read the whole table are found
    with CaptureQueriesContext(connection) as queries:
        list(Comment.objects.filter(source="y").order_by("source")[:5])
        list(Comment.objects.order_by("created_at")[:5])
    assert len(list(faults(queries))) >= 2


def faults_of_pages(thread, rows):
    """Find the faults of pages of every order and tab, and of branches, at the beginning, middle and end."""
    deep, last = Comment.objects.get(pk=rows[COMMENTS // 2].pk), Comment.objects.get(pk=rows[-1].pk)
    branch = Comment.objects.filter(parent=thread.opening).order_by("-below_count").first()
    tops = [
        (thread.opening.pk, "", tab)
        for tab in (reading_queries.ALL, reading_queries.CONVERSATION, *thread.questions.all())
    ]
    tops += [(branch.pk, branch.path, reading_queries.ALL), (deep.pk, deep.path, reading_queries.ALL)]
    for order, details in orders.ORDERS.items():
        positions = [None] + [
            (way, orders.parse_position(order, details.position_of(comment)))
            for comment in (deep, last)
            for way in ("at", "after", "before")
        ]
        for top, path, tab in tops:
            for position in positions:
                with CaptureQueriesContext(connection) as queries:
                    shown = reading_queries.page_of_replies(top, path, order, tab, position)
                comments = [query for query in queries if '"posts_comment"' in query["sql"] or "c.id" in query["sql"]]
                assert len(queries) == len(comments) == 2
                assert len(shown.rows) <= 2 * PAGE
                assert not any("OFFSET" in query["sql"] for query in comments)
                yield from faults(comments)


def faults_of_slots(thread, rows, member):
    """Find the faults of what is added to a page for a member and for a moderator."""
    seen = Reading(person=member, thread=thread, seen_at=timezone.now(), new_since=rows[-COMMENTS // 2].published_at)
    for viewer in (member, factories.moderator()):
        shown = reading_queries.page_of_replies(thread.opening.pk)
        for comment in (shown.top, *shown.rows):
            comment.thread = thread
        with CaptureQueriesContext(connection) as queries:
            places = slots.slots_for_member(thread, shown, viewer, seen, timezone.now())
        assert f"More than {slots.MOST_NEW} new" in places["since:0"]
        # what is new is counted up to a limit of its own
        comments = [query for query in queries if "posts_comment" in query["sql"]]
        yield from faults(comments, slots.MOST_NEW + 2 * PAGE)


def faults_of_permalinks(rows):
    """Find the faults of 200 permalinks."""
    for row in random.Random(5).sample(rows, 200):  # noqa: S311
        with CaptureQueriesContext(connection) as queries:
            reading_queries.address_of(Comment.objects.select_related("thread").get(pk=row.pk))
        assert len(queries) <= 4
        yield from faults(queries)
