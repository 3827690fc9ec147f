"""Conflicts: held comments stay in the queue, no decisions in one's own favour, undo is complete."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from posts.models import Appeal, Case, Comment, Flag, LogEntry
from posts.models.comment import EDIT_GRACE
from posts.moderation import actions, appeal_answers, appeals, decisions, flags, sanctions, undo
from posts.threads.exceptions import Refused, Stale
from posts.writing import comments
from tests.factories import WHY, moderator, person, reply

NUMBER = "Call me on 555 0100 when you like."


@pytest.fixture
def comment_with_number(opening, alice):
    """A comment that holds a telephone number."""
    return reply(opening, alice, f"{NUMBER} Or write.")


def act(verb, mod, comment, **more):
    return verb(moderator=mod, comment=Comment.objects.get(pk=comment.pk), reason=WHY, **more)


def answer(mod, entry, who, outcome=Appeal.Outcome.REVERSED):
    appeals.appeal(entry=entry, text="Please look again.", person=who)
    case = Case.objects.get(appeal__entry=entry)
    return appeal_answers.answer_appeal(
        moderator=mod, case=case, seen=case.version, outcome=outcome, answer="You are right."
    )


def unseen():
    """Return comments that are held or hidden but have no open case."""
    waiting = Comment.objects.filter(Q(held_at__isnull=False) | Q(hidden_at__isnull=False))
    waiting = waiting.filter(removed_at=None, deleted_at=None)
    return waiting.exclude(cases__in=Case.objects.filter(closed_at=None, appeal=None))


# Passages that were taken out ----------------------------------------------------------------------------------------


def test_passage_is_taken_out_of_earlier_versions(client, comment_with_number, alice, mod):
    Comment.objects.filter(pk=comment_with_number.pk).update(created_at=timezone.now() - 2 * EDIT_GRACE)
    comments.edit(editor=alice, comment=comment_with_number, source=f"{NUMBER} Or do not.")
    entry = act(actions.edit_out, mod, comment_with_number, passage="555 0100")
    for version in (1, 2, 3):
        assert "555 0100" not in client.get(f"/c/{comment_with_number.pk}/history/?version={version}").content.decode()
    assert "555 0100" not in str(LogEntry.objects.values())
    undo.undo(moderator=mod, entry=entry, reason=WHY)
    assert "555 0100" in client.get(f"/c/{comment_with_number.pk}/history/?version=1").content.decode()


def test_author_who_puts_passage_back_is_held(comment_with_number, alice, mod):
    act(actions.edit_out, mod, comment_with_number, passage="555 0100")
    alice.refresh_from_db()
    changed = comments.edit(editor=alice, comment=comment_with_number, source="I meant it: 555 0100.")
    assert changed.hidden_at is not None
    assert Case.objects.open().get().why == ["passage"]


# Held comments stay in the queue -------------------------------------------------------------------------------------


def test_locking_branch_of_held_comment_keeps_it_in_queue(comment, bob, mod):
    flags.flag(comment=comment, person=bob, reason="unkind")
    act(actions.hold, mod, comment)
    act(actions.lock_branch, mod, comment)
    assert not unseen().exists()


def test_held_comment_is_in_queue_after_restore(opening, mod):
    held = reply(opening, person(trust=User.Trust.NEW))
    act(actions.remove, mod, held)
    act(actions.restore, mod, held)
    assert Case.objects.open().get(comment=held)


def test_approving_removed_comment_publishes_it(comment, mod):
    act(actions.remove, mod, comment)
    act(actions.approve, mod, comment)
    comment.refresh_from_db()
    assert comment.is_published


def test_undo_of_removal_publishes_comment_approved_meanwhile(opening, mod):
    held = reply(opening, person(trust=User.Trust.NEW))
    entry = act(actions.remove, mod, held)
    Comment.objects.filter(pk=held.pk).update(held_at=None)
    undo.undo(moderator=mod, entry=entry, reason=WHY)
    held.refresh_from_db()
    assert held.is_published
    assert held.published_at is not None


STEPS = ["remove", "restore", "hold", "approve", "lock_branch", "edit_out", "undo", "flag", "edit", "delete", "appeal"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=9), st.booleans())
def test_held_comment_always_has_a_case(db, steps, is_new):
    from tests.factories import thread

    with transaction.atomic():
        mod, mia = moderator(), moderator("Mia Second")
        opening, author = thread().opening, person(trust=User.Trust.NEW if is_new else User.Trust.MEMBER)
        comment = reply(opening, author, f"{NUMBER} Or write.")
        for step in steps:
            try:
                with transaction.atomic():
                    _do(step, mod, mia, author, Comment.objects.get(pk=comment.pk))
            except (Refused, PermissionDenied):
                continue
            assert not unseen().exists(), step
            opening.thread.refresh_from_db()
            shown = Comment.objects.filter(
                depth__gt=0, held_at=None, hidden_at=None, removed_at=None, deleted_at=None
            ).count()
            assert opening.thread.comment_count == shown, step
        transaction.set_rollback(True)


def _do(step, mod, mia, author, comment):
    last = LogEntry.objects.exclude(act="undo").order_by("-id").first()
    if step == "undo":
        return last and undo.undo(moderator=mod, entry=last, reason=WHY)
    if step == "flag":
        return flags.flag(comment=comment, person=mia, reason="unkind")
    if step == "edit":
        return comments.edit(editor=author, comment=comment, source=f"{comment.source} More.")
    if step == "delete":
        return comments.delete(author=author, comment=comment)
    if step == "appeal":
        return last and answer(mia, last, author)
    more = {"passage": "555 0100"} if step == "edit_out" else {}
    return act(getattr(actions, step), mod, comment, **more)


# Undo is complete ----------------------------------------------------------------------------------------------------


def test_undo_includes_sanction(comment, alice, bob, mod):
    flags.flag(comment=comment, person=bob, reason="unkind")
    case = Case.objects.get()
    entry = decisions.decide(moderator=mod, case=case, seen=case.version, act="remove", reason=WHY, sanction="ban")
    undo.undo(moderator=mod, entry=entry, reason=WHY)
    alice.refresh_from_db()
    assert not alice.is_suspended
    assert LogEntry.objects.filter(act="undo").count() == 2


def test_sanction_that_was_ended_does_not_prevent_undo(comment, alice, bob, mod):
    flags.flag(comment=comment, person=bob, reason="unkind")
    case = Case.objects.get()
    entry = decisions.decide(moderator=mod, case=case, seen=case.version, act="remove", reason=WHY, sanction="ban")
    sanctions.unsuspend(moderator=mod, person=alice, reason=WHY)
    undo.undo(moderator=mod, entry=entry, reason=WHY)
    comment.refresh_from_db()
    alice.refresh_from_db()
    assert comment.is_published
    assert not alice.is_suspended


def test_acknowledged_warning_can_be_undone_and_reversed(comment, alice, mod, mia):
    for take_back in (
        lambda entry: undo.undo(moderator=mod, entry=entry, reason=WHY),
        lambda entry: answer(mia, entry, alice),
    ):
        entry = sanctions.warn(moderator=mod, person=alice, reason=WHY, comment=comment)
        alice.refresh_from_db()
        assert sanctions.acknowledge(person=alice, warned_at=alice.warned_at)
        take_back(entry)
        assert LogEntry.objects.filter(undoes=entry).exists()


def test_next_flag_does_not_hide_again_after_reversal(comment, alice, mia):
    for _number in range(5):
        flags.flag(comment=comment, person=person(), reason="unkind")
    answer(mia, LogEntry.objects.get(act="hide"), alice)
    assert set(Flag.objects.values_list("outcome", flat=True)) == {Flag.Outcome.KEPT}
    assert not Case.objects.open().exists()
    flags.flag(comment=comment, person=person(trust=User.Trust.NEW), reason="unkind")
    comment.refresh_from_db()
    assert comment.is_published


def test_reversed_removal_changes_outcome_of_flag(comment, alice, bob, mod, mia):
    flags.flag(comment=comment, person=bob, reason="unkind")
    answer(mia, act(actions.remove, mod, comment), alice)
    assert Flag.objects.get().outcome == Flag.Outcome.KEPT


# Decisions about oneself ---------------------------------------------------------------------------------------------


def test_moderator_cannot_decide_in_own_favour(opening, mod, mia):
    own = reply(opening, mod)
    flags.flag(comment=own, person=person(), reason="unkind")
    with pytest.raises(PermissionDenied):
        act(actions.approve, mod, own)
    entry = act(actions.remove, mia, own)
    for attempt in (
        lambda: undo.undo(moderator=mod, entry=entry, reason=WHY),
        lambda: act(actions.restore, mod, own),
        lambda: answer(mod, entry, mod),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    appeal = Appeal.objects.get()
    with pytest.raises(DatabaseError, match="somebody else"), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(outcome="upheld", decided_at=timezone.now(), decided_by=mod)
    assert not Case.objects.offered_to(mod, timezone.now()).exists()


def test_moderator_cannot_suspend_staff_by_undo(mod, mia):
    owner = person("Olga Owner", is_staff=True, is_superuser=True)
    sanctions.suspend(moderator=owner, person=mia, reason=WHY, until=timezone.now() + timedelta(days=1))
    ended = sanctions.unsuspend(moderator=owner, person=mia, reason=WHY)
    with pytest.raises(PermissionDenied):
        undo.undo(moderator=mod, entry=ended, reason=WHY)
    undo.undo(moderator=owner, entry=ended, reason=WHY)
    mia.refresh_from_db()
    assert mia.is_suspended


# Flags ---------------------------------------------------------------------------------------------------------------


def test_second_flag_is_added_to_first_and_can_make_it_urgent(comment, bob):
    flags.flag(comment=comment, person=bob, reason="unkind", note="The tone.")
    flags.flag(comment=comment, person=bob, reason="harm", note="She says that she will do it tonight.")
    flag = Flag.objects.get()
    assert flag.reason == "harm"
    assert flag.note == "The tone.\n\nShe says that she will do it tonight."
    assert Case.objects.get().kind == Case.Kind.URGENT


def test_kept_comment_can_be_flagged_again(comment, bob, mod):
    flags.flag(comment=comment, person=bob, reason="unkind")
    act(actions.approve, mod, comment)
    flags.flag(comment=comment, person=bob, reason="harm")
    assert Flag.objects.count() == 2
    assert Case.objects.open().get().kind == Case.Kind.URGENT


def test_flag_of_suspended_person_has_no_weight(comment, bob):
    bob.suspended_at = timezone.now()
    assert flags.flag(comment=comment, person=bob, reason="unkind").weight == 0


def test_flag_without_additional_weight_does_not_make_decision_stale(comment, mod):
    flags.flag(comment=comment, person=person(trust=User.Trust.NEW), reason="unkind")
    case = Case.objects.get()
    flags.flag(comment=comment, person=person(trust=User.Trust.NEW), reason="unkind")
    assert decisions.decide(moderator=mod, case=case, seen=case.version, act="remove", reason=WHY)


def test_appeal_cannot_be_decided_like_a_comment(comment, alice, mod, mia):
    appeals.appeal(entry=act(actions.remove, mod, comment), text="Please look again.", person=alice)
    case = Case.objects.open().get()
    with pytest.raises(Refused) as refused:
        decisions.decide(moderator=mia, case=case, seen=case.version, act="remove", reason=WHY)
    assert not isinstance(refused.value, Stale)


def test_unfounded_flag_does_not_make_later_decision_confidential(comment, bob, mod):
    flags.flag(comment=comment, person=bob, reason="personal")
    act(actions.approve, mod, comment)
    assert not act(actions.remove, mod, comment).is_confidential


def test_appeal_of_person_without_comments(client, alice, mod, mia):
    from tests.posts.moderation.case_forms import page, said, seated

    entry = sanctions.suspend(moderator=mod, person=alice, reason=WHY, until=timezone.now() + timedelta(days=1))
    appeals.appeal(entry=entry, text="I have not even begun.", person=alice)
    case = Case.objects.get()
    mod_client = seated(client, mia)
    assert "Alice" in said(mod_client.get("/admin/posts/case/"))
    assert "I have not even begun." in said(mod_client.get(page(case)))
    mod_client.post(f"/admin/posts/case/{case.pk}/note/", {"text": "New here."})
    assert alice.notes.count() == 1
    data = {"outcome": "reversed", "answer": "You are right.", "seen": case.version}
    assert mod_client.post(page(case), data).status_code == 302
    alice.refresh_from_db()
    assert not alice.is_suspended
