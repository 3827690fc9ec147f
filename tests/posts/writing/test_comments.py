"""Writing: threads, the place of replies, versions of edits, and tombstones of deletions."""

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


def test_new_thread_has_opening_post_and_questions(alice):
    thread = make_thread(author=alice, title="A first thread")
    assert thread.opening.depth == 0
    assert thread.opening.author == alice
    assert thread.opening.path == path.segment(thread.opening.pk)
    assert [(q.position, q.asks) for q in thread.questions.all()] == [(1, "clinicians"), (2, "patients")]
    assert thread.get_absolute_url() == f"/t/{thread.pk}/a-first-thread/"


@pytest.mark.parametrize(("setting", "allowed"), [("everybody", True), ("trusted", False), ("staff", False)])
def test_setting_decides_who_may_start_threads(settings, alice, setting, allowed):
    settings.THREAD_STARTERS = setting
    assert permissions.may_start_thread(alice) is allowed
    if not allowed:
        with pytest.raises(PermissionDenied):
            make_thread(author=alice)


def test_replies_have_place_and_counts(opening, alice, bob):
    question = opening.thread.questions.first()
    first = reply(opening, alice, question=question)
    second = reply(first, bob)
    assert second.path == first.path + path.segment(second.pk)
    assert second.question == question
    assert counts(opening.thread) == (2, [2, 0])
    first.refresh_from_db()
    assert first.reply_count == 1


def test_reply_changes_activity_and_version_of_thread(opening, alice):
    before = Thread.objects.get(pk=opening.thread_id)
    answer = reply(opening, alice)
    after = Thread.objects.get(pk=opening.thread_id)
    assert after.last_activity_at == answer.created_at
    assert after.version == before.version + 1


def test_question_of_another_thread_is_refused(opening, alice):
    other = make_thread(title="Another thread").questions.first()
    with pytest.raises(PermissionDenied):
        reply(opening, alice, question=other)


def test_form_sent_twice_creates_one_comment(opening, alice):
    assert reply(opening, alice, key="once") == reply(opening, alice, key="once")
    assert counts(opening.thread) == (1, [0, 0])


def test_thread_form_sent_twice_creates_one_thread(alice):
    assert make_thread(author=alice, key="once") == make_thread(author=alice, key="once")


def test_same_form_key_of_two_people_creates_two_comments(opening, alice, bob):
    assert reply(opening, alice, key="same") != reply(opening, bob, key="same")


def test_reply_to_deleted_comment_is_refused(opening, alice, bob, mod):
    comment = reply(opening, alice)
    reply(comment, bob)
    comments.delete(author=alice, comment=comment)
    with pytest.raises(Refused, match="deleted or removed"):
        reply(comment, bob)


def test_writing_in_locked_thread_is_refused(opening, alice, mod):
    comment = reply(opening, alice)
    actions.lock(moderator=mod, thread=opening.thread, reason="Enough for today.")
    with pytest.raises(Refused, match="locked"):
        reply(opening, alice)
    with pytest.raises(Refused, match="locked"):
        comments.edit(editor=alice, comment=comment, source=WORDS + " More.")


def test_suspended_person_can_read_but_not_write(opening, alice, mod):
    sanctions.suspend(moderator=mod, person=alice, reason="Spam.")
    alice.refresh_from_db()
    with pytest.raises(Refused, match="banned"):
        reply(opening, alice)


def test_edit_in_first_minutes_leaves_no_mark(opening, alice):
    comment = reply(opening, alice)
    comments.edit(editor=alice, comment=comment, source="Other words, written a moment later.")
    comment.refresh_from_db()
    assert comment.html == "<p>Other words, written a moment later.</p>"
    assert comment.edited_at is None
    assert not comment.revisions.exists()


def test_later_edit_keeps_earlier_version(opening, alice):
    comment = reply(opening, alice, at=timezone.now() - timedelta(minutes=6))
    for text in ("The second text of this comment.", "The third text of this comment."):
        comments.edit(editor=alice, comment=comment, source=text)
    comment.refresh_from_db()
    assert comment.edited_at is not None
    assert [r.source for r in comment.revisions.all()] == [WORDS, "The second text of this comment."]
    assert [r.number for r in Revision.objects.filter(comment=comment)] == [1, 2]


def test_unchanged_text_is_no_edit(opening, alice):
    comment = reply(opening, alice, at=timezone.now() - timedelta(hours=1))
    comments.edit(editor=alice, comment=comment, source=WORDS)
    assert not comment.revisions.exists()


def test_edit_raises_version_of_thread(opening, alice):
    comment = reply(opening, alice)
    before = Thread.objects.get().version
    comments.edit(editor=alice, comment=comment, source="Other words, written a moment later.")
    assert Thread.objects.get().version == before + 1


def test_badge_is_removed_if_clinician_changes_standpoint_to_patient(opening, alice, mod):
    verification.grant(moderator=mod, person=alice, profession="x", regulator="x", region="GB", method="x", reason="x")
    comment = reply(opening, alice, standpoint="clinician")
    comments.edit(editor=alice, comment=comment, source=WORDS, standpoint="patient")
    comment.refresh_from_db()
    assert (comment.standpoint, comment.verification) == ("patient", None)


def test_author_can_delete_comment_at_any_time(opening, alice, mod):
    comment = reply(opening, alice)
    actions.lock(moderator=mod, thread=opening.thread, reason="Enough.")
    sanctions.suspend(moderator=mod, person=alice, reason="Spam.")
    alice.refresh_from_db()
    comments.delete(author=alice, comment=comment)
    comment.refresh_from_db()
    assert comment.state == Comment.State.DELETED


def test_change_of_standpoint_only_is_saved(opening, alice):
    comment = reply(opening, alice)
    comments.edit(editor=alice, comment=comment, source=WORDS, standpoint="patient")
    comment.refresh_from_db()
    assert comment.standpoint == "patient"


def test_other_member_cannot_edit_or_delete_comment(opening, alice, bob, mod):
    comment = reply(opening, alice)
    for somebody in (bob, mod):
        with pytest.raises(PermissionDenied):
            comments.edit(editor=somebody, comment=comment, source="Words she never wrote herself.")
        with pytest.raises(PermissionDenied):
            comments.delete(author=somebody, comment=comment)


def test_deleted_comment_without_replies_is_not_shown(opening, alice, bob):
    comment = reply(opening, alice)
    comments.delete(author=alice, comment=comment)
    comments.delete(author=alice, comment=comment)
    assert list(Comment.objects.visible_to(bob).filter(depth__gt=0)) == []
    assert counts(opening.thread) == (0, [0, 0])


def test_tombstone_is_shown_until_its_last_reply_is_deleted(opening, alice, bob):
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


def test_thread_is_withdrawn_with_unanswered_opening_post(alice, bob):
    thread = make_thread(author=alice)
    comments.delete(author=alice, comment=thread.opening)
    assert not Thread.objects.visible_to(bob).filter(pk=thread.pk).exists()


def test_reply_below_deepest_level_becomes_sibling(opening, alice):
    parent, chain = reply(opening, alice), []
    # created in bulk, because so many replies would take a quarter of a minute
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
def test_database_constraints_on_tree(opening, alice, name):
    comment = reply(opening, alice)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Comment.objects.filter(pk=comment.pk).update(**BROKEN[name])


def test_thread_has_one_opening_post(opening):
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


@pytest.fixture
def places(opening, alice, bob):
    """Comments of Alice in a thread, each with the comment at which she is after its deletion."""
    first = reply(opening, bob)
    root = reply(opening, alice)
    leaf = reply(first, alice)
    gone = reply(first, bob)
    below = reply(gone, alice)
    gone.refresh_from_db()
    comments.delete(author=bob, comment=gone)
    answered = reply(first, alice)
    reply(answered, bob)
    return {
        "root": (root, first),
        "leaf": (leaf, first),
        "last below a tombstone": (below, first),
        "answered": (answered, first),
    }


@pytest.mark.parametrize("kind", ["root", "leaf", "last below a tombstone", "answered"])
def test_deletion_and_its_undo_stay_in_the_thread(client, alice, places, kind):
    comment, left_of = places[kind]
    client.force_login(alice)
    page = comment.thread.get_absolute_url()
    assert client.post(f"/c/{comment.pk}/delete/").url == f"{page}#c{left_of.pk}"
    assert client.post(f"/c/{comment.pk}/undelete/").url == f"{page}#c{comment.pk}"


def test_deletion_of_first_comment_leads_to_the_list(client, alice, opening):
    comment = reply(opening, alice)
    client.force_login(alice)
    assert client.post(f"/c/{comment.pk}/delete/").url == f"{opening.thread.get_absolute_url()}#talk"
