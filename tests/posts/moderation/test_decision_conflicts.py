"""What could go wrong between a decision and its end: nothing waits unseen, nobody judges themselves, undo is whole."""

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
from posts.models.comment import GRACE
from posts.moderation import actions, appeal_answers, appeals, decisions, flags, sanctions, undo
from posts.threads.exceptions import Refused, Stale
from posts.writing import comments
from tests.factories import moderator, person, reply

WHY = "It is unkind to somebody."
NUMBER = "Call me on 555 0100 when you like."


@pytest.fixture
def mia(mod):
    return moderator("Mia Second")


@pytest.fixture
def comment(opening, alice):
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
    """Comments that wait for a moderator and are in no queue."""
    waiting = Comment.objects.filter(Q(held_at__isnull=False) | Q(hidden_at__isnull=False))
    waiting = waiting.filter(removed_at=None, deleted_at=None)
    return waiting.exclude(cases__in=Case.objects.filter(closed_at=None, appeal=None))


# A passage that was taken out ----------------------------------------------------------------------------------------


def test_what_was_taken_out_is_in_no_earlier_version_either(client, comment, alice, mod):
    Comment.objects.filter(pk=comment.pk).update(created_at=timezone.now() - 2 * GRACE)
    comments.edit(editor=alice, comment=comment, source=f"{NUMBER} Or do not.")
    entry = act(actions.edit_out, mod, comment, passage="555 0100")
    for version in (1, 2, 3):
        assert "555 0100" not in client.get(f"/c/{comment.pk}/history/?version={version}").content.decode()
    assert "555 0100" not in str(LogEntry.objects.values())
    undo.undo(moderator=mod, entry=entry, reason=WHY)
    assert "555 0100" in client.get(f"/c/{comment.pk}/history/?version=1").content.decode()


def test_who_puts_it_back_waits_for_a_moderator(comment, alice, mod):
    act(actions.edit_out, mod, comment, passage="555 0100")
    alice.refresh_from_db()
    changed = comments.edit(editor=alice, comment=comment, source="I meant it: 555 0100.")
    assert changed.hidden_at is not None
    assert Case.objects.open().get().why == ["passage"]


# Nothing waits unseen ------------------------------------------------------------------------------------------------


def test_locking_the_branch_of_what_waits_leaves_it_in_the_queue(comment, bob, mod):
    flags.flag(comment=comment, person=bob, reason="unkind")
    act(actions.hold, mod, comment)
    act(actions.lock_branch, mod, comment)
    assert not unseen().exists()


def test_what_is_restored_into_waiting_is_in_the_queue(opening, mod):
    held = reply(opening, person(trust=User.Trust.NEW))
    act(actions.remove, mod, held)
    act(actions.restore, mod, held)
    assert Case.objects.open().get(comment=held)


def test_approving_what_was_removed_shows_it(comment, mod):
    act(actions.remove, mod, comment)
    act(actions.approve, mod, comment)
    comment.refresh_from_db()
    assert comment.is_published


def test_a_removal_is_undone_also_where_it_was_held_before_and_approved_since(opening, mod):
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
def test_whatever_is_done_to_a_comment_it_never_waits_unseen(db, steps, is_new):
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


# Undo is whole -------------------------------------------------------------------------------------------------------


def test_a_decision_is_taken_back_with_its_sanction(comment, alice, bob, mod):
    flags.flag(comment=comment, person=bob, reason="unkind")
    case = Case.objects.get()
    entry = decisions.decide(moderator=mod, case=case, seen=case.version, act="remove", reason=WHY, sanction="ban")
    undo.undo(moderator=mod, entry=entry, reason=WHY)
    alice.refresh_from_db()
    assert not alice.is_suspended
    assert LogEntry.objects.filter(act="undo").count() == 2


def test_a_sanction_that_somebody_ended_since_does_not_stand_in_the_way(comment, alice, bob, mod):
    flags.flag(comment=comment, person=bob, reason="unkind")
    case = Case.objects.get()
    entry = decisions.decide(moderator=mod, case=case, seen=case.version, act="remove", reason=WHY, sanction="ban")
    sanctions.unsuspend(moderator=mod, person=alice, reason=WHY)
    undo.undo(moderator=mod, entry=entry, reason=WHY)
    comment.refresh_from_db()
    alice.refresh_from_db()
    assert comment.is_published
    assert not alice.is_suspended


def test_a_warning_that_was_acknowledged_can_be_taken_back_and_reversed(comment, alice, mod, mia):
    for take_back in (
        lambda entry: undo.undo(moderator=mod, entry=entry, reason=WHY),
        lambda entry: answer(mia, entry, alice),
    ):
        entry = sanctions.warn(moderator=mod, person=alice, reason=WHY, comment=comment)
        alice.refresh_from_db()
        assert sanctions.acknowledge(person=alice, warned_at=alice.warned_at)
        take_back(entry)
        assert LogEntry.objects.filter(undoes=entry).exists()


def test_a_reversed_hiding_does_not_hide_again_with_the_next_flag(comment, alice, mia):
    for _number in range(5):
        flags.flag(comment=comment, person=person(), reason="unkind")
    answer(mia, LogEntry.objects.get(act="hide"), alice)
    assert set(Flag.objects.values_list("outcome", flat=True)) == {Flag.Outcome.KEPT}
    assert not Case.objects.open().exists()
    flags.flag(comment=comment, person=person(trust=User.Trust.NEW), reason="unkind")
    comment.refresh_from_db()
    assert comment.is_published


def test_a_reversed_removal_tells_the_flagger_so(comment, alice, bob, mod, mia):
    flags.flag(comment=comment, person=bob, reason="unkind")
    answer(mia, act(actions.remove, mod, comment), alice)
    assert Flag.objects.get().outcome == Flag.Outcome.KEPT


# Nobody judges themselves --------------------------------------------------------------------------------------------


def test_a_moderator_decides_nothing_in_their_own_favour(opening, mod, mia):
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


def test_nobody_suspends_staff_by_taking_back_that_a_suspension_ended(mod, mia):
    owner = person("Olga Owner", is_staff=True, is_superuser=True)
    sanctions.suspend(moderator=owner, person=mia, reason=WHY, until=timezone.now() + timedelta(days=1))
    ended = sanctions.unsuspend(moderator=owner, person=mia, reason=WHY)
    with pytest.raises(PermissionDenied):
        undo.undo(moderator=mod, entry=ended, reason=WHY)
    undo.undo(moderator=owner, entry=ended, reason=WHY)
    mia.refresh_from_db()
    assert mia.is_suspended


# Flags ---------------------------------------------------------------------------------------------------------------


def test_a_second_flag_adds_to_the_first_and_may_make_it_urgent(comment, bob):
    flags.flag(comment=comment, person=bob, reason="unkind", note="The tone.")
    flags.flag(comment=comment, person=bob, reason="harm", note="She says that she will do it tonight.")
    flag = Flag.objects.get()
    assert flag.reason == "harm"
    assert flag.note == "The tone.\n\nShe says that she will do it tonight."
    assert Case.objects.get().kind == Case.Kind.URGENT


def test_what_was_kept_once_may_be_flagged_anew(comment, bob, mod):
    flags.flag(comment=comment, person=bob, reason="unkind")
    act(actions.approve, mod, comment)
    flags.flag(comment=comment, person=bob, reason="harm")
    assert Flag.objects.count() == 2
    assert Case.objects.open().get().kind == Case.Kind.URGENT


def test_a_flag_of_somebody_suspended_is_read_and_hides_nothing(comment, bob):
    bob.suspended_at = timezone.now()
    assert flags.flag(comment=comment, person=bob, reason="unkind").weight == 0


def test_flags_that_weigh_nothing_more_make_no_decision_stale(comment, mod):
    flags.flag(comment=comment, person=person(trust=User.Trust.NEW), reason="unkind")
    case = Case.objects.get()
    flags.flag(comment=comment, person=person(trust=User.Trust.NEW), reason="unkind")
    assert decisions.decide(moderator=mod, case=case, seen=case.version, act="remove", reason=WHY)


def test_an_appeal_is_answered_and_not_decided_anew(comment, alice, mod, mia):
    appeals.appeal(entry=act(actions.remove, mod, comment), text="Please look again.", person=alice)
    case = Case.objects.open().get()
    with pytest.raises(Refused) as refused:
        decisions.decide(moderator=mia, case=case, seen=case.version, act="remove", reason=WHY)
    assert not isinstance(refused.value, Stale)


def test_a_baseless_flag_keeps_nothing_out_of_the_public_log(comment, bob, mod):
    flags.flag(comment=comment, person=bob, reason="personal")
    act(actions.approve, mod, comment)
    assert not act(actions.remove, mod, comment).is_confidential


def test_somebody_who_wrote_nothing_appeals_and_is_answered(client, alice, mod, mia):
    from tests.posts.moderation.case_forms import page, said, seated

    entry = sanctions.suspend(moderator=mod, person=alice, reason=WHY, until=timezone.now() + timedelta(days=1))
    appeals.appeal(entry=entry, text="I have not even begun.", person=alice)
    case = Case.objects.get()
    desk = seated(client, mia)
    assert "Alice" in said(desk.get("/admin/posts/case/"))
    assert "I have not even begun." in said(desk.get(page(case)))
    desk.post(f"/admin/posts/case/{case.pk}/note/", {"text": "New here."})
    assert alice.notes.count() == 1
    data = {"outcome": "reversed", "answer": "You are right.", "seen": case.version}
    assert desk.post(page(case), data).status_code == 302
    alice.refresh_from_db()
    assert not alice.is_suspended
