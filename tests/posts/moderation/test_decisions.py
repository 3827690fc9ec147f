"""Decisions of moderators: one decision for each case, and complete undo."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from posts.models import Appeal, Case, Comment, LogEntry, Question, Thread
from posts.models.case import CLAIMED_FOR
from posts.moderation import actions, decisions, sanctions, undo
from posts.threads import permissions
from posts.threads.exceptions import Refused, Stale
from posts.writing import comments
from tests.factories import WHY, WORDS, moderator, person, reply
from tests.factories import thread as make_thread
from tests.posts.writing.test_concurrency import at_once

Act, Outcome = LogEntry.Act, Appeal.Outcome


def decide(mod, case, act="remove", **more):
    case.refresh_from_db()
    return decisions.decide(**{"moderator": mod, "case": case, "seen": case.version, "act": act, "reason": WHY} | more)


def everything():
    """Return all that readers and authors see, except the versions that invalidate caches."""
    return [
        list(Comment.objects.order_by("pk").values()),
        [{**row, "version": 0} for row in Thread.objects.order_by("pk").values()],
        list(Question.objects.order_by("pk").values()),
        [{**row, "has_statement": False} for row in User.objects.order_by("pk").values()],
    ]


ACTS = {
    "approve": {},
    "remove": {},
    "hold": {},
    "lock_branch": {},
    "edit_out": {"passage": "unkind the week"},
}


@pytest.mark.parametrize("sanction", ["", *sanctions.SANCTIONS])
def test_decision_and_its_effect_on_author(mod, case, alice, sanction):
    entry = decide(mod, case, rule="Be kind", sanction=sanction)
    alice.refresh_from_db()
    assert (entry.act, entry.person, entry.rule, entry.moderator) == (Act.REMOVE, alice, "Be kind", mod)
    assert entry.rules is not None
    assert alice.has_statement
    assert (alice.warned_at is not None) == (sanction == "warn")
    assert (alice.watched_at is not None) == (sanction == "watch")
    suspends = [name for name, row in sanctions.SANCTIONS.items() if row.ended_by == Act.UNSUSPEND]
    assert alice.is_suspended == (sanction in suspends)
    lasts = sanctions.SANCTIONS[sanction].duration if sanction else None
    if lasts:
        assert timedelta() <= timezone.now() + lasts - alice.suspended_until < timedelta(minutes=1)
    case.refresh_from_db()
    assert case.closed_by == entry


def test_warning_must_be_acknowledged_before_next_comment(mod, case, alice, opening):
    decide(mod, case, sanction="warn")
    alice.refresh_from_db()
    with pytest.raises(Refused):
        reply(opening, alice, "Something else to say.")
    sanctions.acknowledge(person=alice, warned_at=alice.warned_at)
    alice.refresh_from_db()
    assert reply(opening, alice, "Something else to say.").pk


def test_sanction_against_guest_is_refused_completely(mod, opening):
    from posts.writing import guests

    held = guests.comment_as_guest(name="Wren", email="", parent=opening, source=WORDS, key="k")
    with pytest.raises(Refused):
        decide(mod, Case.objects.get(comment=held), sanction="warn")
    held.refresh_from_db()
    assert held.removed_at is None


@pytest.mark.parametrize("act", ACTS)
def test_undo_restores_everything(mod, case, flagged_answer, act):
    before = everything()
    entry = decide(mod, case, act, **ACTS[act])
    if act != "approve":
        assert everything() != before
    undo.undo(moderator=mod, entry=entry, reason="Too strict.")
    assert everything() == before
    case.refresh_from_db()
    if act != "hold":
        assert case.closed_at is None
        assert flagged_answer.flags.get().outcome == ""


@pytest.mark.parametrize("sanction", sanctions.SANCTIONS)
def test_undo_restores_person(mod, flagged_answer, alice, sanction):
    before = everything()
    entry = sanctions.apply_sanction(moderator=mod, person=alice, name=sanction, reason=WHY, comment=flagged_answer)
    assert everything() != before
    undo.undo(moderator=mod, entry=entry, reason="Too strict.")
    assert everything() == before


def test_undo_of_first_publication_holds_comment_again(mod, opening):
    new = person(trust=User.Trust.NEW)
    held = reply(opening, new)
    before = everything()
    entry = decide(mod, Case.objects.get(comment=held), "approve")
    held.refresh_from_db()
    assert held.is_published
    undo.undo(moderator=mod, entry=entry, reason="I meant another one.")
    assert everything()[0] == before[0]
    assert Case.objects.open().get(comment=held)


def test_undo_is_possible_once(mod, case, flagged_answer, alice):
    entry = decide(mod, case, "hold")
    comments.delete(author=alice, comment=flagged_answer)
    undo.undo(moderator=mod, entry=entry, reason="Too strict.")
    with pytest.raises(Refused):
        undo.undo(moderator=mod, entry=entry, reason="Too strict.")


def test_undo_after_later_decision_restores_nothing_and_opens_case(mod, case, flagged_answer):
    entry = decide(mod, case)
    actions.restore(moderator=mod, comment=flagged_answer, reason=WHY)
    assert undo.undo(moderator=mod, entry=entry, reason="No.").act == Act.REOPEN
    flagged_answer.refresh_from_db()
    assert flagged_answer.is_published
    again = Case.objects.open().get()
    assert (again, Case.Why.UNDO in again.why) == (case, True)
    with pytest.raises(Refused):
        undo.undo(moderator=mod, entry=entry, reason="No.")


def test_taking_out_passage_withholds_earlier_text(mod, case, flagged_answer):
    decide(mod, case, "edit_out", passage="unkind the week")
    flagged_answer.refresh_from_db()
    assert flagged_answer.source == WORDS.replace("unkind the week", "[…]")
    assert "unkind the week" not in flagged_answer.html
    revision = flagged_answer.revisions.get()
    assert (revision.source, revision.withheld_at is not None) == (WORDS, True)
    assert LogEntry.objects.get(act=Act.EDIT_OUT).before_image.redaction.revision == revision.pk
    assert revision.taken_out == "unkind the week"


@pytest.mark.parametrize("passage", ["not in it", "  ", WORDS])
def test_missing_or_complete_passage_is_refused(mod, case, flagged_answer, passage):
    with pytest.raises(Refused):
        decide(mod, case, "edit_out", passage=passage)
    flagged_answer.refresh_from_db()
    assert flagged_answer.source == WORDS


def test_locked_branch_takes_no_replies(mod, case, flagged_answer, opening, bob):
    decide(mod, case, "lock_branch")
    below = Comment.objects.filter(depth=3).select_related("thread").get()
    flagged_answer.refresh_from_db()
    for parent in (flagged_answer, below):
        with pytest.raises(Refused, match="branch"):
            reply(parent, bob)
        with pytest.raises(Refused, match="branch"):
            permissions.check_may_reply(bob, parent)
    assert reply(opening, bob).pk


def test_decision_on_changed_case_is_refused(mod, case, flagged_answer, alice):
    seen = case.version
    comments.edit(editor=alice, comment=flagged_answer, source="I have thought better of it.")
    with pytest.raises(Stale):
        decisions.decide(moderator=mod, case=case, seen=seen, act="remove", reason=WHY)
    flagged_answer.refresh_from_db()
    assert flagged_answer.removed_at is None


def test_decided_case_cannot_be_decided_again(mod, mia, case):
    decide(mod, case)
    case.refresh_from_db()
    with pytest.raises(Stale, match="Somebody else decided"):
        decide(mia, case)


def test_claim_lasts_fifteen_minutes(mod, mia, case):
    assert decisions.claim(moderator=mod, case_id=case.pk)
    assert not decisions.claim(moderator=mia, case_id=case.pk)
    with pytest.raises(Stale):
        decide(mia, case)
    assert case not in Case.objects.offered_to(mia, timezone.now())
    Case.objects.update(claimed_at=timezone.now() - CLAIMED_FOR)
    assert decisions.claim(moderator=mia, case_id=case.pk)
    assert decisions.claim(moderator=mod, case_id=case.pk, takes_over=True)


def test_passed_case_is_offered_to_others_only(mod, mia, case):
    decisions.claim(moderator=mod, case_id=case.pk)
    decisions.pass_on(moderator=mod, case=case)
    assert case not in Case.objects.offered_to(mod, timezone.now())
    assert case in Case.objects.offered_to(mia, timezone.now())


def test_decisions_require_moderator(case, flagged_answer, alice, bob):
    entry = LogEntry(comment=flagged_answer, act=Act.REMOVE)
    for act in (
        lambda: decide(bob, case),
        lambda: decisions.claim(moderator=bob, case_id=case.pk),
        lambda: decisions.pass_on(moderator=bob, case=case),
        lambda: undo.undo(moderator=bob, entry=entry, reason=WHY),
        lambda: decisions.note(moderator=bob, text="Hm.", person=alice),
        lambda: sanctions.apply_sanction(moderator=bob, person=alice, name="ban", reason=WHY),
    ):
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.django_db(transaction=True)
def test_concurrent_moderators_decide_each_case_once():
    mods = [moderator("Mo Derby"), moderator("Mia Second")]
    opening, number = make_thread().opening, 100
    made = [reply(opening, person(), f"{WORDS} {each}") for each in range(number)]
    cases = Case.objects.bulk_create(
        Case(comment=comment, kind=6, why=["flag"], opened_at=opening.created_at) for comment in made
    )
    together = threading.Barrier(len(mods))

    def decide_all(mod):
        """Decide each case at the same moment as the other moderator; return the entries by case."""
        entries = []
        for case in Case.objects.filter(pk__in=[case.pk for case in cases]).order_by("pk"):
            together.wait(timeout=30)
            try:
                entries.append(decisions.decide(moderator=mod, case=case, seen=1, act="remove", reason=WHY))
            except Stale:
                entries.append(None)
        return entries

    done = at_once(mods, decide_all)
    assert [sum(entry is not None for entry in both) for both in zip(*done, strict=True)] == [1] * number
    assert LogEntry.objects.filter(comment__in=made).count() == number
