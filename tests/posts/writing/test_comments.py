"""People write: threads begin, replies find their place, edits leave a trace, deletions a tombstone."""

from copy import copy
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from posts.models import Comment, Revision, Thread, path
from posts.moderation import actions, sanctions, verification
from posts.threads import permissions
from posts.threads.exceptions import Refused
from posts.writing import comments
from tests.factories import WORDS, reply
from tests.factories import thread as make_thread


def counts(thread):
    thread = Thread.objects.get(pk=thread.pk)
    return thread.comment_count, [question.comment_count for question in thread.questions.all()]


def test_a_thread_begins_with_its_opening_post_and_questions(alice):
    thread = make_thread(author=alice, title="A first thread")
    assert thread.opening.depth == 0
    assert thread.opening.author == alice
    assert thread.opening.path == path.segment(thread.opening.pk)
    assert [(q.position, q.asks) for q in thread.questions.all()] == [(1, "clinicians"), (2, "patients")]
    assert thread.get_absolute_url() == f"/t/{thread.pk}/a-first-thread/"


@pytest.mark.parametrize(("setting", "allowed"), [("everybody", True), ("trusted", False), ("staff", False)])
def test_who_may_start_a_thread_is_a_setting(settings, alice, setting, allowed):
    settings.THREAD_STARTERS = setting
    assert permissions.may_start_thread(alice) is allowed
    if not allowed:
        with pytest.raises(PermissionDenied):
            make_thread(author=alice)


def test_alice_replies_and_bob_replies_to_her(opening, alice, bob):
    question = opening.thread.questions.first()
    first = reply(opening, alice, question=question)
    second = reply(first, bob)
    assert second.path == first.path + path.segment(second.pk)
    assert second.question == question
    assert counts(opening.thread) == (2, [2, 0])
    first.refresh_from_db()
    assert first.reply_count == 1


def test_a_reply_moves_activity_and_version(opening, alice):
    before = Thread.objects.get(pk=opening.thread_id)
    answer = reply(opening, alice)
    after = Thread.objects.get(pk=opening.thread_id)
    assert after.last_activity_at == answer.created_at
    assert after.version == before.version + 1


def test_a_question_of_another_thread_is_refused(opening, alice):
    other = make_thread(title="Another thread").questions.first()
    with pytest.raises(PermissionDenied):
        reply(opening, alice, question=other)


def test_the_same_form_twice_makes_one_comment(opening, alice):
    assert reply(opening, alice, key="once") == reply(opening, alice, key="once")
    assert counts(opening.thread) == (1, [0, 0])


def test_the_same_thread_form_twice_makes_one_thread(alice):
    assert make_thread(author=alice, key="once") == make_thread(author=alice, key="once")


def test_the_key_of_one_person_does_not_stop_another(opening, alice, bob):
    assert reply(opening, alice, key="same") != reply(opening, bob, key="same")


def test_nobody_replies_to_what_is_gone(opening, alice, bob, mod):
    comment = reply(opening, alice)
    reply(comment, bob)
    comments.delete(author=alice, comment=comment)
    with pytest.raises(Refused, match="deleted or removed"):
        reply(comment, bob)


def test_nobody_writes_in_a_locked_thread(opening, alice, mod):
    comment = reply(opening, alice)
    actions.lock(moderator=mod, thread=opening.thread, reason="Enough for today.")
    with pytest.raises(Refused, match="locked"):
        reply(opening, alice)
    with pytest.raises(Refused, match="locked"):
        comments.edit(editor=alice, comment=comment, source=WORDS + " More.")


def test_a_suspended_person_reads_but_does_not_write(opening, alice, mod):
    sanctions.suspend(moderator=mod, person=alice, reason="Spam.")
    alice.refresh_from_db()
    with pytest.raises(Refused, match="banned"):
        reply(opening, alice)


def test_an_edit_in_the_first_minutes_leaves_no_mark(opening, alice):
    comment = reply(opening, alice)
    comments.edit(editor=alice, comment=comment, source="Other words, written a moment later.")
    comment.refresh_from_db()
    assert comment.html == "<p>Other words, written a moment later.</p>"
    assert comment.edited_at is None
    assert not comment.revisions.exists()


def test_a_later_edit_keeps_what_was_there(opening, alice):
    comment = reply(opening, alice, at=timezone.now() - timedelta(minutes=6))
    for text in ("The second text of this comment.", "The third text of this comment."):
        comments.edit(editor=alice, comment=comment, source=text)
    comment.refresh_from_db()
    assert comment.edited_at is not None
    assert [r.source for r in comment.revisions.all()] == [WORDS, "The second text of this comment."]
    assert [r.number for r in Revision.objects.filter(comment=comment)] == [1, 2]


def test_the_same_text_again_is_no_edit(opening, alice):
    comment = reply(opening, alice, at=timezone.now() - timedelta(hours=1))
    comments.edit(editor=alice, comment=comment, source=WORDS)
    assert not comment.revisions.exists()


def test_an_edit_moves_the_version_of_the_thread(opening, alice):
    comment = reply(opening, alice)
    before = Thread.objects.get().version
    comments.edit(editor=alice, comment=comment, source="Other words, written a moment later.")
    assert Thread.objects.get().version == before + 1


def test_a_clinician_who_writes_as_a_patient_after_all_loses_the_badge_there(opening, alice, mod):
    verification.grant(moderator=mod, person=alice, profession="x", regulator="x", region="GB", method="x", reason="x")
    comment = reply(opening, alice, standpoint="clinician")
    comments.edit(editor=alice, comment=comment, source=WORDS, standpoint="patient")
    comment.refresh_from_db()
    assert (comment.standpoint, comment.verification) == ("patient", None)


def test_ones_words_can_be_taken_back_at_any_time(opening, alice, mod):
    comment = reply(opening, alice)
    actions.lock(moderator=mod, thread=opening.thread, reason="Enough.")
    sanctions.suspend(moderator=mod, person=alice, reason="Spam.")
    alice.refresh_from_db()
    comments.delete(author=alice, comment=comment)
    comment.refresh_from_db()
    assert comment.state == Comment.State.DELETED


def test_a_change_of_standpoint_alone_is_saved(opening, alice):
    comment = reply(opening, alice)
    comments.edit(editor=alice, comment=comment, source=WORDS, standpoint="patient")
    comment.refresh_from_db()
    assert comment.standpoint == "patient"


def test_bob_cannot_edit_or_delete_what_alice_wrote(opening, alice, bob, mod):
    comment = reply(opening, alice)
    for somebody in (bob, mod):
        with pytest.raises(PermissionDenied):
            comments.edit(editor=somebody, comment=comment, source="Words she never wrote herself.")
        with pytest.raises(PermissionDenied):
            comments.delete(author=somebody, comment=comment)


def test_a_deleted_comment_without_replies_is_gone(opening, alice, bob):
    comment = reply(opening, alice)
    comments.delete(author=alice, comment=comment)
    comments.delete(author=alice, comment=comment)
    assert list(Comment.objects.visible_to(bob).filter(depth__gt=0)) == []
    assert counts(opening.thread) == (0, [0, 0])


def test_a_tombstone_stays_while_replies_hang_on_it_and_leaves_with_the_last(opening, alice, bob):
    top = reply(opening, alice, question=opening.thread.questions.first())
    middle = reply(top, bob)
    leaf = reply(middle, alice)
    comments.delete(author=alice, comment=top)
    comments.delete(author=bob, comment=middle)
    shown = Comment.objects.visible_to(bob).filter(depth__gt=0)
    assert {comment.pk for comment in shown} == {top.pk, middle.pk, leaf.pk}
    assert counts(opening.thread) == (1, [1, 0])
    comments.delete(author=alice, comment=leaf)
    assert not shown.all().exists()
    assert counts(opening.thread) == (0, [0, 0])
    opening.refresh_from_db()
    assert opening.reply_count == 0


def test_a_thread_whose_opening_post_is_taken_back_unanswered_is_withdrawn(alice, bob):
    thread = make_thread(author=alice)
    comments.delete(author=alice, comment=thread.opening)
    assert not Thread.objects.visible_to(bob).filter(pk=thread.pk).exists()


def test_below_the_deepest_level_a_reply_becomes_a_neighbour(opening, alice):
    parent, chain = reply(opening, alice), []
    # as replies would be, in one go: so many of them take a quarter of a minute
    for pk in range(parent.pk + 1, parent.pk + path.DEEPEST):
        below = copy(parent)
        below.pk, below.parent, below.depth = pk, parent, parent.depth + 1
        below.path = path.child_path(parent.path, pk)
        chain.append(below)
        parent = below
    Comment.objects.bulk_create(chain)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('posts_comment', 'id'), %s)", [parent.pk])
    assert parent.depth == path.DEEPEST
    neighbour = reply(parent, alice)
    assert (neighbour.depth, neighbour.parent_id) == (path.DEEPEST, parent.parent_id)


BROKEN = {
    "comment_path_as_long_as_deep": {"path": "00000001"},
    "comment_by_somebody": {"author": None, "byline": ""},
    "comment_not_too_long": {"source": "x" * 20_001},
    "comment_depth_of_opening": {"depth": 0, "path": "00000009"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_database_itself_keeps_the_tree_whole(opening, alice, name):
    comment = reply(opening, alice)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Comment.objects.filter(pk=comment.pk).update(**BROKEN[name])


def test_a_thread_has_one_opening_post(opening):
    with pytest.raises(IntegrityError, match="comment_one_opening_per_thread"), transaction.atomic():
        Comment.objects.create(
            thread=opening.thread,
            path="zzzzzzzz",
            depth=0,
            byline="Somebody",
            source="x",
            html="x",
            renderer=1,
            created_at=timezone.now(),
            published_at=timezone.now(),
        )
