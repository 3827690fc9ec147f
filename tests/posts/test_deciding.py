"""Moderators at work: one decision for one item, taken back whole, and appealed against."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from posts.actions import answering, appealing, checking, deciding, flagging, moderating, sanctioning, undoing, writing
from posts.actions.refusals import Refused, Stale
from posts.models import Appeal, Case, Comment, Letter, LogEntry, Question, Thread
from posts.models.case import CLAIMED_FOR
from posts.passages import LEFT_OUT
from tests.factories import WORDS, moderator, person, reply
from tests.factories import thread as make_thread
from tests.posts.test_at_once import at_once

WHY = "It tells details by which somebody could be recognised."
Act, Outcome = LogEntry.Act, Appeal.Outcome


@pytest.fixture
def mia(db):
    return moderator("Mia Second")


@pytest.fixture
def comment(opening, alice):
    """Answers a question, has a branch below it, and is flagged."""
    comment = reply(opening, alice, question=Question.objects.first())
    reply(reply(comment, person("Carla")), person("Dora"))
    flagging.flag(comment=comment, person=person("Flora"), reason="unkind")
    return comment


@pytest.fixture
def case(comment):
    return Case.objects.get(comment=comment)


def decide(mod, case, act="remove", **more):
    case.refresh_from_db()
    return deciding.decide(**{"moderator": mod, "case": case, "seen": case.version, "act": act, "reason": WHY} | more)


def everything():
    """All that readers and authors see, byte for byte, but for the versions that tell caches of a change."""
    return [
        list(Comment.objects.order_by("pk").values()),
        [{**row, "version": 0} for row in Thread.objects.order_by("pk").values()],
        list(Question.objects.order_by("pk").values()),
        [{**row, "has_statement": False} for row in User.objects.order_by("pk").values()],
    ]


ACTS = {
    "approve": {}, "remove": {}, "hold": {}, "lock_branch": {}, "edit_out": {"passage": "unkind the week"},
}  # fmt: skip


@pytest.mark.parametrize("measure", ["", *deciding.MEASURES])
def test_a_decision_and_what_it_means_for_the_author(mod, case, alice, measure):
    entry = decide(mod, case, rule="Be kind", measure=measure)
    alice.refresh_from_db()
    assert (entry.act, entry.person, entry.rule, entry.moderator) == (Act.REMOVE, alice, "Be kind", mod)
    assert entry.rules is not None
    assert alice.has_statement
    assert (alice.warned_at is not None) == (measure == "warn")
    assert (alice.watched_at is not None) == (measure == "watch")
    assert alice.is_suspended == (measure in deciding.SUSPENSIONS)
    lasts = deciding.SUSPENSIONS.get(measure)
    if lasts:
        assert timedelta() <= timezone.now() + lasts - alice.suspended_until < timedelta(minutes=1)
    case.refresh_from_db()
    assert case.closed_by == entry


def test_a_warning_is_acknowledged_before_the_next_comment(mod, case, alice, opening):
    decide(mod, case, measure="warn")
    alice.refresh_from_db()
    with pytest.raises(Refused):
        reply(opening, alice, "Something else to say.")
    sanctioning.acknowledge(person=alice, warned_at=alice.warned_at)
    alice.refresh_from_db()
    assert reply(opening, alice, "Something else to say.").pk


def test_a_measure_needs_an_account_and_then_nothing_is_done(mod, opening):
    from posts.actions import welcoming

    held = welcoming.comment_as_guest(name="Wren", email="", parent=opening, source=WORDS, key="k")
    with pytest.raises(Refused):
        decide(mod, Case.objects.get(comment=held), measure="warn")
    held.refresh_from_db()
    assert held.removed_at is None


@pytest.mark.parametrize("act", ACTS)
def test_a_decision_taken_back_leaves_everything_as_it_was(mod, case, comment, act):
    before = everything()
    entry = decide(mod, case, act, **ACTS[act])
    if act != "approve":
        assert everything() != before
    undoing.undo(moderator=mod, entry=entry, reason="Too strict.")
    assert everything() == before
    case.refresh_from_db()
    if act != "hold":
        assert case.closed_at is None
        assert comment.flags.get().outcome == ""


@pytest.mark.parametrize("measure", deciding.MEASURES)
def test_a_measure_taken_back_too(mod, comment, alice, measure):
    before = everything()
    entry = deciding.take_measure(moderator=mod, person=alice, measure=measure, reason=WHY, comment=comment)
    assert everything() != before
    undoing.undo(moderator=mod, entry=entry, reason="Too strict.")
    assert everything() == before


def test_a_first_publication_taken_back_is_held_again(mod, opening):
    new = person(trust=User.Trust.NEW)
    held = reply(opening, new)
    before = everything()
    entry = decide(mod, Case.objects.get(comment=held), "approve")
    held.refresh_from_db()
    assert held.is_published
    undoing.undo(moderator=mod, entry=entry, reason="I meant another one.")
    assert everything()[0] == before[0]
    assert Case.objects.open().get(comment=held)


def test_a_decision_is_taken_back_once_and_not_behind_anothers_back(mod, case, comment, alice):
    entry = decide(mod, case, "hold")
    writing.delete(author=alice, comment=comment)
    with pytest.raises(Refused):
        undoing.undo(moderator=mod, entry=decide_again(mod, comment), reason="No.")
    undoing.undo(moderator=mod, entry=entry, reason="Too strict.")
    with pytest.raises(Refused):
        undoing.undo(moderator=mod, entry=entry, reason="Too strict.")


def decide_again(mod, comment):
    """A removal on top, undone by hand in another way since."""
    from posts.actions import moderating

    entry = moderating.remove(moderator=mod, comment=comment, reason=WHY)
    moderating.restore(moderator=mod, comment=comment, reason=WHY)
    return entry


def test_a_passage_is_taken_out_and_the_text_before_is_withheld(mod, case, comment):
    decide(mod, case, "edit_out", passage="unkind the week")
    comment.refresh_from_db()
    assert comment.source == WORDS.replace("unkind the week", "[…]")
    assert "unkind the week" not in comment.html
    revision = comment.revisions.get()
    assert (revision.source, revision.withheld_at is not None) == (WORDS, True)
    assert LogEntry.objects.get(act=Act.EDIT_OUT).details == {"revision": revision.pk}
    assert revision.taken_out == "unkind the week"


@pytest.mark.parametrize("passage", ["not in it", "  ", WORDS])
def test_a_passage_that_is_not_there_or_is_everything_is_refused(mod, case, comment, passage):
    with pytest.raises(Refused):
        decide(mod, case, "edit_out", passage=passage)
    comment.refresh_from_db()
    assert comment.source == WORDS


def test_nobody_replies_in_a_locked_branch_but_elsewhere(mod, case, comment, opening, bob):
    decide(mod, case, "lock_branch")
    below = Comment.objects.filter(depth=3).select_related("thread").get()
    comment.refresh_from_db()
    for parent in (comment, below):
        with pytest.raises(Refused, match="branch"):
            reply(parent, bob)
        with pytest.raises(Refused, match="branch"):
            checking.check_may_reply(bob, parent)
    assert reply(opening, bob).pk


def test_a_decision_on_what_has_changed_is_refused(mod, case, comment, alice):
    seen = case.version
    writing.edit(editor=alice, comment=comment, source="I have thought better of it.")
    with pytest.raises(Stale):
        deciding.decide(moderator=mod, case=case, seen=seen, act="remove", reason=WHY)
    comment.refresh_from_db()
    assert comment.removed_at is None


def test_what_is_decided_is_not_decided_again(mod, mia, case):
    decide(mod, case)
    case.refresh_from_db()
    with pytest.raises(Stale, match="Somebody else has decided"):
        decide(mia, case)


def test_a_claim_lasts_fifteen_minutes(mod, mia, case):
    assert deciding.claim(moderator=mod, case_id=case.pk)
    assert not deciding.claim(moderator=mia, case_id=case.pk)
    with pytest.raises(Stale):
        decide(mia, case)
    assert case not in Case.objects.offered_to(mia, timezone.now())
    Case.objects.update(claimed_at=timezone.now() - CLAIMED_FOR)
    assert deciding.claim(moderator=mia, case_id=case.pk)
    assert deciding.claim(moderator=mod, case_id=case.pk, takes_over=True)


def test_not_for_me_hands_on(mod, mia, case):
    deciding.claim(moderator=mod, case_id=case.pk)
    deciding.pass_on(moderator=mod, case=case)
    assert case not in Case.objects.offered_to(mod, timezone.now())
    assert case in Case.objects.offered_to(mia, timezone.now())


def test_who_is_no_moderator_does_nothing_of_all_this(case, comment, alice, bob):
    entry = LogEntry(comment=comment, act=Act.REMOVE, before={"comment": {}})
    for act in (
        lambda: decide(bob, case),
        lambda: deciding.claim(moderator=bob, case_id=case.pk),
        lambda: deciding.pass_on(moderator=bob, case=case),
        lambda: undoing.undo(moderator=bob, entry=entry, reason=WHY),
        lambda: deciding.note(moderator=bob, text="Hm.", person=alice),
        lambda: deciding.take_measure(moderator=bob, person=alice, measure="ban", reason=WHY),
    ):
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.django_db(transaction=True)
def test_a_hundred_items_raced_for_by_two_are_decided_once_each():
    mods = [moderator("Mo Derby"), moderator("Mia Second")]
    opening = make_thread().opening
    for number in range(100):
        comment = reply(opening, person(), f"{WORDS} {number}")
        case = Case.objects.create(comment=comment, kind=6, why=["flag"], opened_at=timezone.now())

        def attempt(mod, case=case):
            try:
                return deciding.decide(moderator=mod, case=case, seen=1, act="remove", reason=WHY)
            except Stale:
                return None

        done = at_once(mods, attempt)
        assert len([entry for entry in done if entry]) == 1
        assert LogEntry.objects.filter(comment=comment).count() == 1


# Appeals -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def removal(mod, case):
    return decide(mod, case)


def appeal(entry, who, text="It names nobody but me."):
    return appealing.appeal(entry=entry, text=text, person=who)


def answer(mod, made, outcome, **instead):
    case = Case.objects.get(appeal=made)
    about = {"seen": case.version, "outcome": outcome, "answer": "We looked again."}
    return answering.answer_appeal(moderator=mod, case=case, **about, **instead)


def test_an_appeal_is_one_for_each_decision_and_an_item_of_the_queue(removal, alice):
    first = appeal(removal, alice)
    assert appeal(removal, alice, "And another thing.") == first
    assert Case.objects.open().get().kind == Case.Kind.APPEAL


def test_only_whom_it_concerns_appeals_and_for_six_months(removal, alice, bob, monkeypatch):
    with pytest.raises(PermissionDenied):
        appeal(removal, bob)
    with pytest.raises(Refused):
        appeal(removal, alice, "  ")
    later = timezone.now() + timedelta(days=183)
    assert appealing.may_appeal(removal)
    assert not appealing.may_appeal(removal, later)


def test_who_decided_does_not_answer_where_there_is_another(removal, alice, mod, mia):
    made = appeal(removal, alice)
    with pytest.raises(PermissionDenied):
        answer(mod, made, Outcome.UPHELD)
    with pytest.raises(DatabaseError, match="somebody else"), transaction.atomic():
        Appeal.objects.update(outcome="upheld", decided_at=timezone.now(), decided_by=mod)
    answer(mia, made, Outcome.UPHELD)
    made.refresh_from_db()
    assert (made.outcome, made.decided_by) == (Outcome.UPHELD, mia)


def test_who_is_alone_answers(removal, alice, mod):
    made = appeal(removal, alice)
    answer(mod, made, Outcome.UPHELD)
    made.refresh_from_db()
    assert made.decided_by == mod


def test_a_reversal_restores_the_comment_byte_for_byte_with_all_counts(mod, mia, case, alice):
    before = everything()
    made = appeal(decide(mod, case), alice)
    assert everything() != before
    answer(mia, made, Outcome.REVERSED)
    assert everything() == before
    assert not Case.objects.open().exists()


def test_a_reversed_removal_of_what_was_held_is_published(mod, mia, opening):
    new = person(trust=User.Trust.NEW)
    held = reply(opening, new)
    made = appeal(decide(mod, Case.objects.get(comment=held)), new)
    answer(mia, made, Outcome.REVERSED)
    held.refresh_from_db()
    assert held.is_published
    assert not Case.objects.open().exists()


def test_an_appeal_that_is_refused_changes_nothing(removal, alice, mia, comment):
    answer(mia, appeal(removal, alice), Outcome.UPHELD)
    comment.refresh_from_db()
    assert comment.removed_at is not None
    assert not Case.objects.open().exists()


def test_changed_on_appeal_another_decision_comes_in_its_place(removal, alice, mia, comment):
    Letter.objects.all().delete()
    answer(mia, appeal(removal, alice), Outcome.CHANGED, act="edit_out", passage="unkind the week", measure="warn")
    comment.refresh_from_db()
    alice.refresh_from_db()
    assert comment.is_published
    assert LEFT_OUT in comment.source
    assert alice.warned_at is not None
    assert not Case.objects.open().exists()
    acts = list(LogEntry.objects.order_by("id").values_list("act", "moderator"))
    assert acts[1:] == [(act, mia.pk) for act in ("undo", "edit_out", "warn", "change")]
    # one mail for all of it
    assert Letter.objects.count() == 1
    # and what came instead is one to appeal against, and to be taken back with its measure
    second = LogEntry.objects.get(act="edit_out")
    assert appealing.may_appeal(second)
    undoing.undo(moderator=mia, entry=second, reason="A mistake.")
    comment.refresh_from_db()
    alice.refresh_from_db()
    assert (LEFT_OUT in comment.source, alice.warned_at) == (False, None)


def test_changed_to_a_measure_alone_the_comment_is_back(mod, mia, alice, opening):
    new = person(trust=User.Trust.NEW)
    held = reply(opening, new)
    made = appeal(decide(mod, Case.objects.get(comment=held)), new)
    answer(mia, made, Outcome.CHANGED, act="", measure="watch")
    held.refresh_from_db()
    new.refresh_from_db()
    assert held.is_published
    assert new.watched_at is not None
    assert not Case.objects.open().exists()


def test_a_ban_is_changed_to_a_suspension(mod, mia, comment, alice):
    entry = deciding.take_measure(moderator=mod, person=alice, measure="ban", reason=WHY)
    answer(mia, appeal(entry, alice), Outcome.CHANGED, measure="suspend_7")
    alice.refresh_from_db()
    assert timezone.now() < alice.suspended_until < timezone.now() + timedelta(days=8)


@pytest.mark.parametrize("instead", [{}, {"act": "edit_out", "passage": "never said"}])
def test_a_change_that_changes_nothing_is_refused_and_nothing_is_done(removal, alice, mia, comment, instead):
    made = appeal(removal, alice)
    with pytest.raises(Refused):
        answer(mia, made, Outcome.CHANGED, **instead)
    comment.refresh_from_db()
    assert comment.removed_at is not None
    assert Case.objects.open().get().appeal == made


def test_a_banned_person_may_appeal(mod, mia, comment, alice):
    entry = deciding.take_measure(moderator=mod, person=alice, measure="ban", reason=WHY, comment=comment)
    alice.refresh_from_db()
    made = appeal(entry, alice)
    answer(mia, made, Outcome.REVERSED)
    alice.refresh_from_db()
    assert not alice.is_suspended


def test_nobody_answers_their_own_appeal_where_there_is_another(opening, mod, mia):
    entry = deciding.decide(
        moderator=mia, case=deciding.begin(moderator=mia, comment_id=reply(opening, mod).pk), seen=1, act="remove",
        reason=WHY,
    )  # fmt: skip
    made = appeal(entry, mod)
    third = moderator("Thea Third")
    for outcome in (Outcome.REVERSED, Outcome.UPHELD):
        with pytest.raises(PermissionDenied):
            answer(mod, made, outcome)
    answer(third, made, Outcome.REVERSED)


def test_a_change_to_what_is_so_already_is_refused_whole(comment, alice, mod, mia):
    entry = deciding.decide(
        moderator=mod, case=Case.objects.get(comment=comment), seen=1, act="edit_out", passage="unkind the week",
        reason=WHY,
    )  # fmt: skip
    deciding.ABOUT_COMMENT["lock_branch"](moderator=mod, comment=comment, reason=WHY)
    made = appeal(entry, alice)
    with pytest.raises(Refused):
        answer(mia, made, Outcome.CHANGED, act="lock_branch")
    comment.refresh_from_db()
    assert LEFT_OUT in comment.source
    assert Case.objects.open().get().appeal == made


def test_an_appeal_against_a_warning_leaves_the_comment_where_it_is(comment, alice, mod, mia):
    decide(mod, Case.objects.get(comment=comment), measure="warn")
    made = appeal(LogEntry.objects.get(act="warn"), alice)
    with pytest.raises(Refused):
        answer(mia, made, Outcome.CHANGED, act="edit_out", passage="unkind the week")
    answer(mia, made, Outcome.CHANGED, measure="watch")
    comment.refresh_from_db()
    assert comment.removed_at is not None


def test_the_same_decision_again_is_no_change(removal, alice, mia):
    with pytest.raises(Refused):
        answer(mia, appeal(removal, alice), Outcome.CHANGED, act="remove")


def test_changed_to_a_locked_branch_what_waited_is_in_sight(mod, mia, opening):
    new = person(trust=User.Trust.NEW)
    held = reply(opening, new)
    made = appeal(decide(mod, Case.objects.get(comment=held)), new)
    answer(mia, made, Outcome.CHANGED, act="lock_branch")
    held.refresh_from_db()
    assert held.is_published
    assert not Case.objects.open().exists()


@pytest.fixture
def banned(mod, case, comment, alice):
    """A removal with a ban, and the appeal against it."""
    entry = decide(mod, case, measure="ban")
    alice.refresh_from_db()
    return appeal(entry, alice)


@pytest.mark.parametrize(
    ("instead", "is_visible", "is_banned", "is_warned"),
    [
        ({"act": ""}, True, True, False),
        ({"act": "edit_out", "passage": "unkind the week"}, True, True, False),
        ({"measure": ""}, False, False, False),
        ({"measure": "warn"}, False, False, True),
        ({"act": "", "measure": "warn"}, True, False, True),
        ({"act": "hold", "measure": ""}, False, False, False),
    ],
)
def test_of_a_changed_decision_each_part_stays_or_gives_way(
    banned, mia, comment, alice, instead, is_visible, is_banned, is_warned
):
    Letter.objects.all().delete()
    done = answer(mia, banned, Outcome.CHANGED, **instead)
    comment.refresh_from_db()
    alice.refresh_from_db()
    assert comment.is_published is is_visible
    assert (alice.is_suspended, alice.warned_at is not None) == (is_banned, is_warned)
    acts = [act for act in (instead.get("act"), instead.get("measure")) if act]
    came = LogEntry.objects.filter(pk__in=(done.details or {}).get("instead", [])).order_by("id")
    assert [entry.act for entry in came] == acts
    # whatever it is, it is told once
    assert Letter.objects.count() == 1


@pytest.mark.parametrize("instead", [{}, {"act": "", "measure": ""}, {"act": "remove"}])
def test_all_or_nothing_of_it_is_no_change(banned, mia, comment, alice, instead):
    with pytest.raises(Refused):
        answer(mia, banned, Outcome.CHANGED, **instead)
    comment.refresh_from_db()
    alice.refresh_from_db()
    assert (comment.is_published, alice.is_suspended) == (False, True)


def test_where_nothing_went_with_it_nothing_of_that_can_be_taken_back(removal, alice, mia):
    made = appeal(removal, alice)
    for instead in ({"measure": ""}, {"act": ""}):
        with pytest.raises(Refused):
            answer(mia, made, Outcome.CHANGED, **instead)


def test_a_passage_comes_back_into_what_its_author_wrote_since(mod, mia, case, comment, alice):
    entry = decide(mod, case, "edit_out", passage="unkind the week")
    comment.refresh_from_db()
    now = f"Hello. {comment.source} And more."
    writing.edit(editor=alice, comment=comment, source=now)
    with pytest.raises(Refused):
        undoing.undo(moderator=mod, entry=entry, reason="A mistake.")
    answer(mia, appeal(entry, alice), Outcome.REVERSED)
    comment.refresh_from_db()
    assert comment.source == now.replace(LEFT_OUT, "unkind the week")
    assert LogEntry.objects.get(undoes=entry).details is None
    # readers see what it said, and nobody stops at the passage any more
    assert not comment.revisions.exclude(withheld_at=None).exists()
    writing.edit(editor=alice, comment=comment, source=comment.source + " Again.")
    assert not Case.objects.open().exists()


def test_a_text_without_the_mark_stays_as_its_author_left_it(mod, mia, case, comment, alice, client):
    entry = decide(mod, case, "edit_out", passage="unkind the week")
    comment.refresh_from_db()
    writing.edit(editor=alice, comment=comment, source="Quite another text by now.")
    answer(mia, appeal(entry, alice), Outcome.REVERSED)
    comment.refresh_from_db()
    assert comment.source == "Quite another text by now."
    assert LogEntry.objects.get(undoes=entry).details == {"left": ["text"]}
    client.force_login(alice)
    assert "You changed the text since" in client.get(f"/decisions/{entry.pk}/").content.decode()


def test_what_another_decision_took_out_stays_out_of_earlier_versions(mod, mia, case, comment, alice):
    first = decide(mod, case, "edit_out", passage="unkind the week")
    comment.refresh_from_db()
    moderating.edit_out(moderator=mod, comment=comment, passage=comment.source.split()[0], reason=WHY)
    answer(mia, appeal(first, alice), Outcome.REVERSED)
    comment.refresh_from_db()
    assert "unkind the week" in comment.source
    assert LEFT_OUT in comment.source
    assert not comment.revisions.filter(withheld_at=None, source__contains=WORDS.split()[0]).exists()


def test_an_appeal_against_what_is_gone_already_is_granted(mod, mia, case, comment, alice, bob):
    """Hidden by flags, appealed against, and approved from the queue before the appeal is answered."""
    removed = decide(mod, case)
    made = appeal(removed, alice)
    moderating.approve(moderator=mod, comment=comment, reason="It is fine.")
    answer(mia, made, Outcome.REVERSED)
    comment.refresh_from_db()
    assert comment.is_published
    assert LogEntry.objects.get(undoes=removed).details == {"left": ["removed_at"]}


def test_what_was_decided_about_a_person_since_stays(mod, mia, comment, alice):
    first = deciding.take_measure(moderator=mod, person=alice, measure="suspend_3", reason=WHY)
    deciding.take_measure(moderator=mod, person=alice, measure="ban", reason=WHY)
    answer(mia, appeal(first, alice), Outcome.REVERSED)
    alice.refresh_from_db()
    assert (alice.is_suspended, alice.suspended_until) == (True, None)
    assert LogEntry.objects.get(undoes=first).details == {"left": ["suspended_at", "suspended_until"]}


def test_several_passages_are_taken_out_by_one_decision(mod, case, comment):
    source, (first, *_rest, last) = comment.source, comment.source.split()
    entry = decide(mod, case, "edit_out", passage=f"{first}\n{LEFT_OUT}\n{last}")
    comment.refresh_from_db()
    assert (comment.source.startswith(LEFT_OUT), comment.source.endswith(LEFT_OUT)) == (True, True)
    assert comment.revisions.taken_out() == [first, last]
    undoing.undo(moderator=mod, entry=entry, reason="A mistake.")
    comment.refresh_from_db()
    assert comment.source == source
