"""Appeals: who appeals, who answers, and what becomes of the decision."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from forum.models import OutboxMessage
from posts.models import Appeal, Case, LogEntry
from posts.moderation import actions, appeal_answers, appeals, decisions, undo
from posts.safety.redaction import LEFT_OUT
from posts.threads.exceptions import Refused
from posts.writing import comments
from tests.factories import WORDS, moderator, person, reply
from tests.posts.moderation.case_forms import QUEUE, flagged, opened, page, said, seated
from tests.posts.moderation.test_decisions import WHY, decide, everything

Outcome = Appeal.Outcome


@pytest.fixture
def removal(mod, case):
    return decide(mod, case)


def appeal(entry, who, text="It names nobody but me."):
    return appeals.appeal(entry=entry, text=text, person=who)


def answer(mod, made, outcome, **instead):
    case = Case.objects.get(appeal=made)
    about = {"seen": case.version, "outcome": outcome, "answer": "We looked again."}
    return appeal_answers.answer_appeal(moderator=mod, case=case, **about, **instead)


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
    assert appeals.may_appeal(removal)
    assert not appeals.may_appeal(removal, later)


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
    OutboxMessage.objects.all().delete()
    answer(mia, appeal(removal, alice), Outcome.CHANGED, act="edit_out", passage="unkind the week", sanction="warn")
    comment.refresh_from_db()
    alice.refresh_from_db()
    assert comment.is_published
    assert LEFT_OUT in comment.source
    assert alice.warned_at is not None
    assert not Case.objects.open().exists()
    acts = list(LogEntry.objects.order_by("id").values_list("act", "moderator"))
    assert acts[1:] == [(act, mia.pk) for act in ("undo", "edit_out", "warn", "change")]
    # one mail for all of it
    assert OutboxMessage.objects.count() == 1
    # and what came instead is one to appeal against, and to be taken back with its sanction
    second = LogEntry.objects.get(act="edit_out")
    assert appeals.may_appeal(second)
    undo.undo(moderator=mia, entry=second, reason="A mistake.")
    comment.refresh_from_db()
    alice.refresh_from_db()
    assert (LEFT_OUT in comment.source, alice.warned_at) == (False, None)


def test_changed_to_a_sanction_alone_the_comment_is_back(mod, mia, alice, opening):
    new = person(trust=User.Trust.NEW)
    held = reply(opening, new)
    made = appeal(decide(mod, Case.objects.get(comment=held)), new)
    answer(mia, made, Outcome.CHANGED, act="", sanction="warn")
    held.refresh_from_db()
    new.refresh_from_db()
    assert held.is_published
    assert new.warned_at is not None
    assert not Case.objects.open().exists()


def test_a_ban_is_changed_to_a_suspension(mod, mia, comment, alice):
    entry = decisions.apply_sanction(moderator=mod, person=alice, sanction="ban", reason=WHY)
    answer(mia, appeal(entry, alice), Outcome.CHANGED, sanction="suspend_7")
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
    entry = decisions.apply_sanction(moderator=mod, person=alice, sanction="ban", reason=WHY, comment=comment)
    alice.refresh_from_db()
    made = appeal(entry, alice)
    answer(mia, made, Outcome.REVERSED)
    alice.refresh_from_db()
    assert not alice.is_suspended


def test_nobody_answers_their_own_appeal_where_there_is_another(opening, mod, mia):
    entry = decisions.decide(
        moderator=mia,
        case=decisions.open_or_begin(moderator=mia, comment_id=reply(opening, mod).pk),
        seen=1,
        act="remove",
        reason=WHY,
    )
    made = appeal(entry, mod)
    third = moderator("Thea Third")
    for outcome in (Outcome.REVERSED, Outcome.UPHELD):
        with pytest.raises(PermissionDenied):
            answer(mod, made, outcome)
    answer(third, made, Outcome.REVERSED)


def test_a_change_to_what_is_so_already_is_refused_whole(comment, alice, mod, mia):
    entry = decisions.decide(
        moderator=mod,
        case=Case.objects.get(comment=comment),
        seen=1,
        act="edit_out",
        passage="unkind the week",
        reason=WHY,
    )
    decisions.ABOUT_COMMENT["lock_branch"](moderator=mod, comment=comment, reason=WHY)
    made = appeal(entry, alice)
    with pytest.raises(Refused):
        answer(mia, made, Outcome.CHANGED, act="lock_branch")
    comment.refresh_from_db()
    assert LEFT_OUT in comment.source
    assert Case.objects.open().get().appeal == made


def test_an_appeal_against_a_warning_leaves_the_comment_where_it_is(comment, alice, mod, mia):
    decide(mod, Case.objects.get(comment=comment), sanction="watch")
    made = appeal(LogEntry.objects.get(act="watch"), alice)
    with pytest.raises(Refused):
        answer(mia, made, Outcome.CHANGED, act="edit_out", passage="unkind the week")
    answer(mia, made, Outcome.CHANGED, sanction="warn")
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
    entry = decide(mod, case, sanction="ban")
    alice.refresh_from_db()
    return appeal(entry, alice)


@pytest.mark.parametrize(
    ("instead", "is_visible", "is_banned", "is_warned"),
    [
        ({"act": ""}, True, True, False),
        ({"act": "edit_out", "passage": "unkind the week"}, True, True, False),
        ({"sanction": ""}, False, False, False),
        ({"sanction": "warn"}, False, False, True),
        ({"act": "", "sanction": "warn"}, True, False, True),
        ({"act": "hold", "sanction": ""}, False, False, False),
    ],
)
def test_of_a_changed_decision_each_part_stays_or_gives_way(
    banned, mia, comment, alice, instead, is_visible, is_banned, is_warned
):
    OutboxMessage.objects.all().delete()
    done = answer(mia, banned, Outcome.CHANGED, **instead)
    comment.refresh_from_db()
    alice.refresh_from_db()
    assert comment.is_published is is_visible
    assert (alice.is_suspended, alice.warned_at is not None) == (is_banned, is_warned)
    acts = [act for act in (instead.get("act"), instead.get("sanction")) if act]
    came = LogEntry.objects.filter(pk__in=(done.details or {}).get("instead", [])).order_by("id")
    assert [entry.act for entry in came] == acts
    # whatever it is, it is told once
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("instead", [{}, {"act": "", "sanction": ""}, {"act": "remove"}])
def test_all_or_nothing_of_it_is_no_change(banned, mia, comment, alice, instead):
    with pytest.raises(Refused):
        answer(mia, banned, Outcome.CHANGED, **instead)
    comment.refresh_from_db()
    alice.refresh_from_db()
    assert (comment.is_published, alice.is_suspended) == (False, True)


def test_where_nothing_went_with_it_nothing_of_that_can_be_taken_back(removal, alice, mia):
    made = appeal(removal, alice)
    for instead in ({"sanction": ""}, {"act": ""}):
        with pytest.raises(Refused):
            answer(mia, made, Outcome.CHANGED, **instead)


def test_a_passage_comes_back_into_what_its_author_wrote_since(mod, mia, case, comment, alice):
    entry = decide(mod, case, "edit_out", passage="unkind the week")
    comment.refresh_from_db()
    now = f"Hello. {comment.source} And more."
    comments.edit(editor=alice, comment=comment, source=now)
    with pytest.raises(Refused):
        undo.undo(moderator=mod, entry=entry, reason="A mistake.")
    answer(mia, appeal(entry, alice), Outcome.REVERSED)
    comment.refresh_from_db()
    assert comment.source == now.replace(LEFT_OUT, "unkind the week")
    assert LogEntry.objects.get(undoes=entry).details is None
    # readers see what it said, and nobody stops at the passage any more
    assert not comment.revisions.exclude(withheld_at=None).exists()
    comments.edit(editor=alice, comment=comment, source=comment.source + " Again.")
    assert not Case.objects.open().exists()


def test_a_text_without_the_mark_stays_as_its_author_left_it(mod, mia, case, comment, alice, client):
    entry = decide(mod, case, "edit_out", passage="unkind the week")
    comment.refresh_from_db()
    comments.edit(editor=alice, comment=comment, source="Quite another text by now.")
    answer(mia, appeal(entry, alice), Outcome.REVERSED)
    comment.refresh_from_db()
    assert comment.source == "Quite another text by now."
    assert LogEntry.objects.get(undoes=entry).details == {"left": ["text"]}
    client.force_login(alice)
    assert "The text has been changed since" in client.get(f"/decisions/{entry.pk}/").content.decode()


def test_what_another_decision_took_out_stays_out_of_earlier_versions(mod, mia, case, comment, alice):
    first = decide(mod, case, "edit_out", passage="unkind the week")
    comment.refresh_from_db()
    actions.edit_out(moderator=mod, comment=comment, passage=comment.source.split()[0], reason=WHY)
    answer(mia, appeal(first, alice), Outcome.REVERSED)
    comment.refresh_from_db()
    assert "unkind the week" in comment.source
    assert LEFT_OUT in comment.source
    assert not comment.revisions.filter(withheld_at=None, source__contains=WORDS.split()[0]).exists()


def test_an_appeal_against_what_is_gone_already_is_granted(mod, mia, case, comment, alice, bob):
    """Hidden by flags, appealed against, and approved from the queue before the appeal is answered."""
    removed = decide(mod, case)
    made = appeal(removed, alice)
    actions.approve(moderator=mod, comment=comment, reason="It is fine.")
    answer(mia, made, Outcome.REVERSED)
    comment.refresh_from_db()
    assert comment.is_published
    assert LogEntry.objects.get(undoes=removed).details == {"left": ["removed_at"]}


def test_what_was_decided_about_a_person_since_stays(mod, mia, comment, alice):
    first = decisions.apply_sanction(moderator=mod, person=alice, sanction="suspend_3", reason=WHY)
    decisions.apply_sanction(moderator=mod, person=alice, sanction="ban", reason=WHY)
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
    undo.undo(moderator=mod, entry=entry, reason="A mistake.")
    comment.refresh_from_db()
    assert comment.source == source


# At the desk ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_shown_before_it_is_sent(desk, opening, alice):
    entry = actions.remove(
        moderator=moderator("Mia Second"), comment=reply(opening, alice), reason="It is unkind.", rule="Be kind"
    )
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "changed", "answer": "One passage goes.", "seen": case.version, "preview": "1"}
    data |= {"act": "edit_out", "passage": "unkind the week", "sanction": "warn"}
    whole = said(desk.post(page(case), data))
    assert "taken back already" not in whole
    shown = whole.split('id="will-read"')[1].split("</section>")[0]
    sentences = ["the decision was changed", "A passage was taken out of your comment.", "You were warned.", "Be kind"]
    for told in (*sentences, "One passage goes.", "unkind the week"):
        assert told in shown
    assert Case.objects.open().get() == case
    # what would be refused is told here already, and nothing of it is kept
    refused = said(desk.post(page(case), data | {"act": "stays", "sanction": ""}))
    assert "Please say what comes instead" in refused
    assert [entry.act for entry in LogEntry.objects.all()] == ["remove"]


def test_a_passage_made_smaller_is_shown_before(desk, opening, alice):
    comment = reply(opening, alice)
    entry = actions.edit_out(
        moderator=moderator("Mia Second"), comment=comment, passage="unkind the week", reason="It is unkind."
    )
    appeals.appeal(entry=entry, text="One word of it.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "changed", "answer": "One word.", "seen": case.version, "act": "edit_out", "passage": "unkind"}
    assert "been […] the week before" in said(desk.post(page(case), data | {"preview": "1"}))


def test_what_comes_instead_can_be_taken_back_where_it_is_told(desk, opening, alice):
    comment = reply(opening, alice)
    entry = actions.edit_out(
        moderator=moderator("Mia Second"), comment=comment, passage="unkind the week", reason="It is unkind."
    )
    comment.refresh_from_db()
    comments.edit(editor=alice, comment=comment, source="Quite another text by now.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "changed", "answer": "A word is enough.", "seen": case.version, "act": "lock_branch"}
    told = said(desk.post(page(case), data, follow=True))
    assert f'action="{QUEUE}undo/{LogEntry.objects.get(act="lock_branch").pk}/"' in told
    assert "Some of it was decided or written anew since." in told


def test_an_appeal_is_answered_at_the_desk_by_another(desk, opening, alice, mod):
    entry = actions.remove(moderator=mod, comment=reply(opening, alice), reason="It is unkind.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    mia = moderator("Mia Second")
    case = Case.objects.get()
    data = {"outcome": "reversed", "answer": "You are right.", "seen": case.version}
    assert "another moderator answers it" in said(desk.get(page(case)))
    case.refresh_from_db()
    assert case.claimed_by is None
    refused = desk.post(page(case), data)
    assert refused.status_code == 409
    assert "You made this decision" in said(refused)
    other = seated(type(desk)(), mia)
    Case.objects.update(claimed_at=timezone.now() - timedelta(hours=1))
    assert "It was meant kindly." in said(other.get(page(case)))
    assert other.post(page(case), data | {"answer": " "}).status_code == 422
    assert other.post(page(case), data, follow=True).status_code == 200
    assert entry.comment.thread.comments.get(pk=entry.comment_id).is_published
    assert "This was decided" in said(other.get(page(case)))


def test_a_decision_is_changed_on_appeal_by_the_form(desk, opening, alice):
    comment = reply(opening, alice)
    entry = actions.remove(moderator=moderator("Mia Second"), comment=comment, reason="It is unkind.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    asked = said(desk.get(page(case)))
    assert 'name="act"' in asked
    assert 'value="remove"' not in asked
    assert "It stays: removed" in asked
    data = {"outcome": "changed", "answer": "One passage goes.", "seen": case.version}
    nothing = desk.post(page(case), data)
    assert (nothing.status_code, "Please say what comes instead" in said(nothing)) == (409, True)
    unsaid = desk.post(page(case), data | {"act": "edit_out"})
    assert (unsaid.status_code, "Please say which passage." in said(unsaid)) == (422, True)
    missing = desk.post(page(case), data | {"act": "edit_out", "passage": "never said"})
    assert (missing.status_code, "One passage goes." in said(missing)) == (409, True)
    done = desk.post(page(case), data | {"act": "edit_out", "passage": "unkind the week"})
    assert done.status_code == 302
    comment.refresh_from_db()
    assert (comment.is_published, "unkind" in comment.source) == (True, False)


def test_what_was_chosen_for_another_answer_counts_not(desk, opening, alice):
    entry = actions.remove(moderator=moderator("Mia Second"), comment=reply(opening, alice), reason="It is unkind.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "upheld", "answer": "It stays.", "seen": case.version, "sanction": "warn", "act": "hold"}
    assert desk.post(page(case), data).status_code == 302
    alice.refresh_from_db()
    assert alice.warned_at is None


def test_an_appeal_tells_what_goes_with_the_decision(desk, opening, alice):
    case, mia = flagged(opening), moderator("Mia Second")
    about = {"moderator": mia, "case": case, "seen": case.version, "reason": "It is unkind."}
    entry = decisions.decide(act="remove", sanction="ban", **about)
    appeals.appeal(entry=entry, text="It was meant kindly.", person=case.comment.author)
    told = "It stays: banned"
    appeal = Case.objects.open().get()
    assert told in said(desk.get(page(appeal)))
    undo.undo(moderator=mia, entry=LogEntry.objects.get(act="ban"), reason="Too much.")
    assert told not in said(desk.get(page(appeal)))


def test_what_has_nothing_milder_stands_or_is_reversed(desk, opening, alice):
    entry = actions.lock_branch(moderator=moderator("Mia Second"), comment=reply(opening, alice), reason="It is loud.")
    appeals.appeal(entry=entry, text="It is a talk.", person=alice)
    shown = said(desk.get(page(Case.objects.get())))
    assert ('value="reversed"' in shown, 'value="changed"' in shown, 'name="sanction"' in shown) == (True, False, False)


def test_what_was_chosen_and_is_not_there_any_more_is_told_as_a_change(desk, opening, alice):
    mia, comment = moderator("Mia Second"), reply(opening, alice)
    about = {"moderator": mia, "case": decisions.open_or_begin(moderator=mia, comment_id=comment.pk), "seen": 1}
    entry = decisions.decide(act="remove", sanction="suspend_7", reason="It is unkind.", **about)
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.open().get()
    typed = opened(desk, case)
    undo.undo(moderator=mia, entry=LogEntry.objects.get(act="suspend"), reason="Too much.")
    data = {"outcome": "changed", "answer": "Three days.", "act": "stays", "sanction": "suspend_3"} | typed
    refused = desk.post(page(case), data)
    assert refused.status_code == 409
    assert "Since you opened it" in said(refused)
    assert "Three days." in said(refused)
