"""Concurrent writing and moderation, each person on their own database connection."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from posts.models import Comment, Question, Thread
from posts.moderation import actions, decisions
from posts.threads import publishing
from posts.threads.exceptions import Refused
from posts.writing import comments
from tests.factories import moderator, person, reply
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
def test_twenty_concurrent_replies_have_different_places():
    opening = make_thread().opening
    parent = reply(opening, person("Anna"), question=Question.objects.first())
    made = at_once([person() for _ in range(20)], lambda somebody: reply(parent, somebody))
    rows = list(Comment.objects.filter(path__startswith=parent.path, depth__gt=parent.depth).order_by("path"))
    assert len(made) == len(rows) == len({row.path for row in rows}) == 20
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    parent.refresh_from_db()
    assert parent.reply_count == 20
    thread = Thread.objects.get()
    assert thread.comment_count == 21
    assert [question.comment_count for question in thread.questions.all()] == [21, 0]


@pytest.mark.django_db(transaction=True)
def test_form_sent_twenty_times_at_once_creates_one_comment():
    opening = make_thread().opening
    anna = person("Anna")
    made = at_once([anna] * 20, lambda somebody: reply(opening, somebody, key="once"))
    assert len(made) == 20
    assert len({comment.pk for comment in made}) == 1
    assert Comment.objects.filter(depth=1).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("closing", ["remove", "delete", "lock"])
def test_reply_during_lock_is_counted_or_refused_completely(closing):
    opening = make_thread().opening
    anna, mod = person("Anna"), moderator()
    parent = reply(opening, anna)
    reply(parent, anna)

    def act(somebody):
        if somebody == mod:
            if closing == "lock":
                actions.lock(moderator=mod, thread=opening.thread, reason="Enough.")
            elif closing == "remove":
                actions.remove(moderator=mod, comment=parent, reason="Unkind.")
            else:
                comments.delete(author=anna, comment=parent)
            return "closed"
        try:
            reply(parent, somebody)
        except Refused:
            return "refused"
        return "placed"

    results = at_once([person() for _ in range(6)] + [mod] + [person() for _ in range(5)], act)
    assert results.count("closed") == 1
    assert len(results) == 12
    placed = results.count("placed")
    parent.refresh_from_db()
    opening.refresh_from_db()
    assert parent.reply_count == parent.below_count == 1 + placed == Comment.objects.filter(parent=parent).count()
    assert opening.below_count == 2 + placed
    gone = 0 if closing == "lock" else 1
    assert Thread.objects.get().comment_count == 2 + placed - gone
    moments = list(Comment.objects.order_by("published_at").values_list("published_at", flat=True))
    assert len(set(moments)) == len(moments)


@pytest.mark.django_db
def test_reply_to_comment_closed_after_check_changes_nothing():
    opening = make_thread().opening
    parent = reply(opening, person("Anna"))
    before = Thread.objects.values().get()
    for change in ({"removed_at": timezone.now()}, {}):
        comment = Comment(author=person(), parent=parent)
        comment.write("Words that come too late.")
        if change:
            Comment.objects.filter(pk=parent.pk).update(**change)
        else:
            Comment.objects.filter(pk=parent.pk).update(removed_at=None)
            Thread.objects.update(locked_at=timezone.now())
        with pytest.raises(publishing.ThreadClosed), transaction.atomic():
            publishing.publish_reply(comment, parent, None)
    Thread.objects.update(locked_at=None)
    assert Thread.objects.values().get() == before
    assert not Comment.objects.filter(depth=2).exists()


@pytest.mark.django_db(transaction=True)
def test_case_opened_by_two_moderators_at_once_is_claimed_by_one():
    opening, mods = make_thread().opening, [moderator(f"Moderator {name}") for name in ("Ada", "Ben", "Cleo", "Dan")]
    for _number in range(8):
        case = decisions.open_or_begin(moderator=mods[0], comment_id=reply(opening, person()).pk)
        assert at_once(mods, lambda mod, pk=case.pk: decisions.claim(moderator=mod, case_id=pk)).count(True) == 1
