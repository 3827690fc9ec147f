"""Many people at the same moment, each on a database connection of their own."""

import threading

import pytest
from django.db import connection

from posts.models import Comment, Question, Thread
from tests.factories import person, reply
from tests.factories import thread as make_thread


def at_once(people, act):
    """Runs `act(person)` for all at the same moment, each on a connection of its own; gives the results."""
    barrier, results = threading.Barrier(len(people)), []

    def run(somebody):
        try:
            barrier.wait(timeout=30)
            results.append(act(somebody))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[somebody]) for somebody in people]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=60)
    return results


@pytest.mark.django_db(transaction=True)
def test_twenty_replies_at_once_find_twenty_places():
    opening = make_thread().opening
    parent = reply(opening, person("Anna"), question=Question.objects.first())
    made = at_once([person() for _ in range(20)], lambda somebody: reply(parent, somebody))
    rows = list(Comment.objects.below(parent.path).in_reading_order())
    assert len(made) == len(rows) == len({row.path for row in rows}) == 20
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    parent.refresh_from_db()
    assert parent.reply_count == 20
    thread = Thread.objects.get()
    assert thread.comment_count == 21
    assert [question.comment_count for question in thread.questions.all()] == [21, 0]


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_twenty_times_at_once_makes_one_comment():
    opening = make_thread().opening
    anna = person("Anna")
    made = at_once([anna] * 20, lambda somebody: reply(opening, somebody, key="once"))
    assert len(made) == 20
    assert len({comment.pk for comment in made}) == 1
    assert Comment.objects.filter(depth=1).count() == 1
