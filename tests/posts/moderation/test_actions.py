"""Actions of moderators: they require a reason, and each is logged in a log that cannot be changed."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from posts.models import Comment, LogEntry, Thread
from posts.moderation import actions, sanctions
from posts.moderation import verification as moderation_verification
from posts.threads.exceptions import Refused
from posts.writing import comments as writing_comments
from tests.factories import WHY, moderator, reply
from tests.factories import thread as factories_thread


def test_moderator_removes_and_restores_comment(opening, alice, bob, mod):
    comment = reply(opening, alice)
    answer = reply(comment, bob)
    assert actions.remove(moderator=mod, comment=comment, reason=WHY)
    comment.refresh_from_db()
    assert comment.state == Comment.State.REMOVED
    assert not comment.has_text_for(alice)
    assert answer in Comment.objects.visible_to(bob)
    assert Thread.objects.get().comment_count == 1
    assert actions.restore(moderator=mod, comment=comment, reason="It does not, after all.")
    comment.refresh_from_db()
    assert comment.is_published
    assert Thread.objects.get().comment_count == 2
    acts = LogEntry.objects.order_by("id").values_list("act", "moderator", "comment", "reason")
    assert list(acts) == [
        ("remove", mod.pk, comment.pk, WHY),
        ("restore", mod.pk, comment.pk, "It does not, after all."),
    ]


def test_action_without_effect_is_not_logged(opening, alice, mod):
    comment = reply(opening, alice)
    assert actions.remove(moderator=mod, comment=comment, reason=WHY)
    assert not actions.remove(moderator=mod, comment=comment, reason=WHY)
    assert LogEntry.objects.count() == 1


def test_restore_keeps_comment_deleted_by_author_deleted(opening, alice, mod):
    comment = reply(opening, alice)
    actions.remove(moderator=mod, comment=comment, reason=WHY)
    Comment.objects.filter(pk=comment.pk).update(deleted_at=timezone.now())
    actions.restore(moderator=mod, comment=comment, reason=WHY)
    comment.refresh_from_db()
    assert comment.state == Comment.State.DELETED
    assert Thread.objects.get().comment_count == 0


def test_held_comment_is_visible_to_author_and_moderators_only(opening, alice, bob, mod):
    comment = reply(opening, alice)
    actions.hold(moderator=mod, comment=comment, reason="Needs a second look.")
    comment.refresh_from_db()
    assert comment in Comment.objects.visible_to(alice)
    assert comment.has_text_for(alice)
    assert comment in Comment.objects.visible_to(mod)
    assert comment not in Comment.objects.visible_to(bob)
    actions.approve(moderator=mod, comment=comment, reason="Fine.")
    assert comment in Comment.objects.visible_to(bob)


def test_removing_opening_post_withdraws_thread(opening, bob, mod):
    actions.remove(moderator=mod, comment=opening, reason=WHY)
    assert not Thread.objects.visible_to(bob).exists()
    assert Thread.objects.visible_to(mod).exists()
    actions.restore(moderator=mod, comment=opening, reason=WHY)
    assert Thread.objects.visible_to(bob).exists()


@pytest.mark.parametrize(("there", "back", "field"), [("lock", "unlock", "locked_at"), ("pin", "unpin", "pinned_at")])
def test_moderator_locks_and_pins_thread_and_undoes_it(thread, mod, there, back, field):
    assert getattr(actions, there)(moderator=mod, thread=thread, reason=WHY)
    assert getattr(Thread.objects.get(), field) is not None
    assert getattr(actions, back)(moderator=mod, thread=thread, reason=WHY)
    assert getattr(Thread.objects.get(), field) is None
    assert list(LogEntry.objects.order_by("id").values_list("act", flat=True)) == [there, back]


def test_suspension_ends_on_time_or_by_moderator(alice, mod):
    until = timezone.now() + timedelta(days=7)
    assert sanctions.suspend(moderator=mod, person=alice, reason=WHY, until=until)
    alice.refresh_from_db()
    assert alice.is_suspended
    alice.suspended_until = timezone.now() - timedelta(seconds=1)
    assert not alice.is_suspended
    assert sanctions.unsuspend(moderator=mod, person=alice, reason="Talked it over.")
    alice.refresh_from_db()
    assert not alice.is_suspended


def test_moderators_cannot_suspend_themselves_or_each_other(mod):
    other = moderator("Rosa Ternes")
    for person in (mod, other):
        with pytest.raises(PermissionDenied):
            sanctions.suspend(moderator=mod, person=person, reason=WHY)


def test_moderator_gives_and_revokes_trust(alice, mod):
    assert sanctions.trust(moderator=mod, person=alice, reason="A year of kind answers.")
    alice.refresh_from_db()
    assert alice.is_trusted
    assert sanctions.untrust(moderator=mod, person=alice, reason=WHY)
    alice.refresh_from_db()
    assert not alice.is_trusted


ACTS = {
    "remove": lambda who, comment, why: actions.remove(moderator=who, comment=comment, reason=why),
    "restore": lambda who, comment, why: actions.restore(moderator=who, comment=comment, reason=why),
    "hold": lambda who, comment, why: actions.hold(moderator=who, comment=comment, reason=why),
    "approve": lambda who, comment, why: actions.approve(moderator=who, comment=comment, reason=why),
    "lock": lambda who, comment, why: actions.lock(moderator=who, thread=comment.thread, reason=why),
    "unlock": lambda who, comment, why: actions.unlock(moderator=who, thread=comment.thread, reason=why),
    "pin": lambda who, comment, why: actions.pin(moderator=who, thread=comment.thread, reason=why),
    "unpin": lambda who, comment, why: actions.unpin(moderator=who, thread=comment.thread, reason=why),
    "suspend": lambda who, comment, why: sanctions.suspend(moderator=who, person=comment.author, reason=why),
    "unsuspend": lambda who, comment, why: sanctions.unsuspend(moderator=who, person=comment.author, reason=why),
    "trust": lambda who, comment, why: sanctions.trust(moderator=who, person=comment.author, reason=why),
    "untrust": lambda who, comment, why: sanctions.untrust(moderator=who, person=comment.author, reason=why),
    "revoke": lambda who, comment, why: moderation_verification.revoke(
        moderator=who, person=comment.author, reason=why
    ),
    "grant": lambda who, comment, why: moderation_verification.grant(
        moderator=who, person=comment.author, profession="x", regulator="x", region="GB", method="x", reason=why
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_actions_require_moderator_and_reason(opening, alice, bob, mod, name):
    comment = reply(opening, alice)
    with pytest.raises(PermissionDenied):
        ACTS[name](bob, comment, WHY)
    with pytest.raises(Refused, match="reason"):
        ACTS[name](mod, comment, "  ")
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    "state",
    [{"suspended_at": timezone.now()}, {"is_active": False}, {"is_staff": False}],
    ids=["suspended", "closed", "no-staff"],
)
def test_former_moderator_cannot_moderate(opening, mod, state):
    for field, value in state.items():
        setattr(mod, field, value)
    with pytest.raises(PermissionDenied):
        actions.remove(moderator=mod, comment=opening, reason=WHY)


def test_moderator_cannot_verify_themselves(mod):
    with pytest.raises(PermissionDenied):
        moderation_verification.grant(
            moderator=mod, person=mod, profession="x", regulator="x", region="GB", method="x", reason="x"
        )


def test_thread_with_deleted_opening_post_returns_when_removal_is_undone(alice, bob, mod):
    opening = factories_thread(author=alice).opening
    reply(opening, bob)
    writing_comments.delete(author=alice, comment=opening)
    actions.remove(moderator=mod, comment=opening, reason=WHY)
    assert not Thread.objects.visible_to(bob).exists()
    actions.restore(moderator=mod, comment=opening, reason=WHY)
    assert Thread.objects.visible_to(bob).exists()


@pytest.mark.parametrize(
    "statement", ["UPDATE posts_logentry SET reason = 'nothing happened'", "DELETE FROM posts_logentry"]
)
def test_database_refuses_to_change_log(opening, mod, statement):
    actions.remove(moderator=mod, comment=opening, reason=WHY)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert LogEntry.objects.get().reason == WHY


def test_database_refuses_to_truncate_log(db):
    """The test suite disables this trigger, because Django truncates tables between tests. This test enables it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE posts_logentry ENABLE TRIGGER posts_logentry_no_truncate")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute("TRUNCATE posts_logentry CASCADE")
        cursor.execute("ALTER TABLE posts_logentry DISABLE TRIGGER posts_logentry_no_truncate")


def test_badge_is_shown_only_on_comments_posted_as_clinician(opening, alice, mod):
    verification = moderation_verification.grant(
        moderator=mod,
        person=alice,
        profession="Psychologist",
        regulator="Board of Psychologists",
        region="US-MD",
        method="Looked up in the public register",
        reason="She asked for it.",
    )
    assert reply(opening, alice, standpoint="clinician").verification == verification
    assert reply(opening, alice, standpoint="both").verification == verification
    assert reply(opening, alice, standpoint="patient").verification is None
    assert moderation_verification.revoke(moderator=mod, person=alice, reason="No longer registered.") == 1
    old = Comment.objects.exclude(verification=None).first()
    assert not old.is_verification_in_force
    assert reply(opening, alice, standpoint="clinician").verification is None


def test_expired_verification_gives_no_badge(opening, alice, mod):
    verification = moderation_verification.grant(
        moderator=mod, person=alice, profession="x", regulator="x", region="GB", method="x", reason="x"
    )
    now = timezone.now()
    alice.verifications.filter(pk=verification.pk).update(
        checked_at=now - timedelta(days=400), expires_at=now - timedelta(days=35)
    )
    assert reply(opening, alice, standpoint="clinician").verification is None


def test_edit_to_clinician_standpoint_adds_badge(opening, alice, mod):
    comment = reply(opening, alice)
    moderation_verification.grant(
        moderator=mod, person=alice, profession="x", regulator="x", region="GB", method="x", reason="x"
    )
    writing_comments.edit(editor=alice, comment=comment, source=comment.source, standpoint="clinician")
    comment.refresh_from_db()
    assert comment.verification is not None


def test_is_known_to_agrees_with_visible_to(opening, alice, bob, mod):
    comments = [reply(opening, alice) for _ in range(6)]
    writing_comments.delete(author=alice, comment=comments[1])
    actions.remove(moderator=mod, comment=comments[2], reason="Unkind.")
    actions.hold(moderator=mod, comment=comments[3], reason="A second look.")
    reply(comments[4], bob)
    writing_comments.delete(author=alice, comment=comments[4])
    for viewer in (AnonymousUser(), alice, bob, mod):
        visible = set(Comment.objects.visible_to(viewer))
        for comment in Comment.objects.all():
            assert comment.is_known_to(viewer) == (comment in visible), (viewer, comment.state)
