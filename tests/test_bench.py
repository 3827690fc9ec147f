"""The rows that the benchmark creates equal those that the functions of the forum create."""

import random

import pytest
from django.test import Client

from bench import fill
from posts.models import Comment
from posts.reading import queries
from tests.factories import reply

SIZE = 300


@pytest.fixture
def filled(db):
    people = fill.people(5)
    return fill.thread_of(SIZE, people, fill.texts(random.Random(1), 20))  # noqa: S311


def test_every_count_equals_the_rows(filled):
    rows = list(Comment.objects.filter(thread=filled).order_by("path"))
    assert len(rows) == SIZE + 1 == filled.comment_count + 1
    by_pk = {row.pk: row for row in rows}
    for row in rows:
        below = [other for other in rows if other.path.startswith(row.path) and other is not row]
        assert row.below_count == len(below)
        assert row.reply_count == sum(other.parent_id == row.pk for other in below)
        if row.depth:
            above = by_pk[row.parent_id]
            assert row.path.startswith(above.path)
            assert row.depth == above.depth + 1
            assert row.depth == 1 or row.question_id == above.question_id
            assert 40 <= len(row.source.split()) <= 120
    for question in filled.questions.all():
        assert question.comment_count == sum(row.question_id == question.pk for row in rows) > 0
    moments = [row.published_at for row in sorted(rows, key=lambda row: row.pk) if row.depth]
    assert moments == sorted(set(moments))
    assert filled.last_activity_at == moments[-1]


def test_it_is_found_again_read_and_written_in(filled):
    assert fill.thread_of(SIZE) == filled
    assert len(queries.page_of_replies(filled.opening.pk).rows) > 50
    html = Client().get(filled.get_absolute_url()).content.decode()
    assert "300 comments" in html


def test_what_a_measurement_wrote_is_taken_back(filled):
    before = list(Comment.objects.order_by("pk").values())
    counts = [question.comment_count for question in filled.questions.all()]
    parent = Comment.objects.filter(depth=3).exclude(question=None).first()
    for number in range(3):
        # the ids that the copy took are not given again
        reply(parent, fill.people(1)[0], key=f"bench{number}")
    reply(filled.opening, fill.people(1)[0], key="bench", question=filled.questions.first())
    fill.take_replies_back(filled)
    assert list(Comment.objects.order_by("pk").values()) == before
    filled.refresh_from_db()
    assert filled.comment_count == SIZE
    assert [question.comment_count for question in filled.questions.all()] == counts


def test_words_follow_the_law_of_a_language():
    texts = fill.texts(random.Random(1), 50)  # noqa: S311
    words = " ".join(source for source, _html in texts).lower().replace(".", "").split()
    counts = sorted((words.count(word) for word in set(words)), reverse=True)
    assert counts[0] > 5 * counts[50]
