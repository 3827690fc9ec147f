"""In a thread of 20,000 comments every page is read from index ranges: PostgreSQL's own account of each query."""

import random

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts import page, tree
from posts.models import Comment
from tests import factories

COMMENTS = 20_000
PAGE = 100


def grow(thread, people):
    """A random tree as talks grow: seven of ten comments reply to an earlier one. Some 2,000 are tombstones' leaves."""
    dice = random.Random(4)  # noqa: S311  (the same tree every time)
    opening, now, questions = thread.opening, timezone.now(), [None, *thread.questions.all()]
    rows = []
    for number in range(opening.pk + 1, opening.pk + 1 + COMMENTS):
        parent = dice.choice(rows) if rows and dice.random() < 0.7 else opening
        path = tree.child_path(parent.path, number)
        rows.append(
            Comment(
                pk=number, thread=thread, parent=parent, path=path, depth=tree.depth_of(path),
                author=dice.choice(people),
                question=parent.question if parent.depth else dice.choice(questions), source="x", html="<p>x</p>",
                renderer=1, created_at=now, deleted_at=now if dice.random() < 0.1 else None,
            )
        )  # fmt: skip
    Comment.objects.bulk_create(rows, batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE posts_comment")
    return rows


def nodes(plan):
    """A plan's node and all below it."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def faults(queries):
    """What is read without an index, or in more rows than a page has, by the queries."""
    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
            plan = cursor.fetchone()[0][0]["Plan"]
        for node in nodes(plan):
            rows = node["Actual Rows"] * node["Actual Loops"]
            if node.get("Relation Name") == "posts_comment" and node["Node Type"] == "Seq Scan":
                yield f"read without an index: {query['sql'][:300]}"
            if rows > 2 * PAGE or (node["Node Type"] == "Sort" and rows > PAGE + 1):
                yield f"{rows} rows in a {node['Node Type']}: {query['sql'][:300]}"


@pytest.mark.django_db
def test_every_page_is_read_from_index_ranges(settings):
    settings.COMMENTS_PER_PAGE = PAGE
    thread, people = factories.thread(), [factories.person() for _ in range(20)]
    rows = grow(thread, people)
    deep = rows[COMMENTS // 2]
    positions = [{}, {"after": deep.path}, {"before": deep.path}, {"at": deep.path}, {"after": rows[-1].path}]
    tabs = [page.ALL, page.CONVERSATION, *thread.questions.all()]
    found = []
    for viewer in (AnonymousUser(), people[0], factories.moderator()):
        for tab in tabs:
            for position in positions:
                with CaptureQueriesContext(connection) as queries:
                    page.of_thread(thread, viewer, tab, **position)
                    page.address_of(deep, viewer)
                comments = [query for query in queries if 'FROM "posts_comment"' in query["sql"]]
                assert comments
                assert not any("OFFSET" in query["sql"] for query in comments)
                found += faults(comments)
    assert found == []


@pytest.mark.django_db
def test_the_account_would_tell_of_a_whole_table():
    thread = factories.thread()
    grow(thread, [factories.person()])
    with CaptureQueriesContext(connection) as queries:
        list(Comment.objects.filter(source="y").order_by("source")[:5])
        list(Comment.objects.order_by("created_at")[:5])
    assert len(list(faults(queries))) >= 2
