"""Appeals: who may appeal, who may answer, and what happens to the decision."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from forum.models import OutboxMessage
from posts.models import Appeal, Case, LogEntry
from posts.moderation import actions, appeal_answers, appeals, decisions, sanctions, undo
from posts.safety.redaction import LEFT_OUT, passages_of
from posts.threads.exceptions import Refused
from posts.writing import comments
from tests.factories import WHY, moderator, person, reply
from tests.posts.moderation.case_forms import QUEUE, flagged, opened, page, said, seated
from tests.posts.moderation.test_decisions import decide, everything

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


def test_one_appeal_for_each_decision_with_a_case(removal, alice):
    first = appeal(removal, alice)
    assert appeal(removal, alice, "And another thing.") == first
    assert Case.objects.open().get().kind == Case.Kind.APPEAL


def test_only_person_concerned_can_appeal_for_six_months(removal, alice, bob, monkeypatch):
    with pytest.raises(PermissionDenied):
        appeal(removal, bob)
    with pytest.raises(Refused):
        appeal(removal, alice, "  ")
    later = timezone.now() + timedelta(days=183)
    assert appeals.may_appeal(removal)
    assert not appeals.may_appeal(removal, later)


def test_deciding_moderator_cannot_answer_if_there_is_another(removal, alice, mod, mia):
    made = appeal(removal, alice)
    with pytest.raises(PermissionDenied):
        answer(mod, made, Outcome.UPHELD)
    with pytest.raises(DatabaseError, match="somebody else"), transaction.atomic():
        Appeal.objects.update(outcome="upheld", decided_at=timezone.now(), decided_by=mod)
    answer(mia, made, Outcome.UPHELD)
    made.refresh_from_db()
    assert (made.outcome, made.decided_by) == (Outcome.UPHELD, mia)


def test_only_moderator_answers_own_decision(removal, alice, mod):
    made = appeal(removal, alice)
    answer(mod, made, Outcome.UPHELD)
    made.refresh_from_db()
    assert made.decided_by == mod


def test_moderator_without_second_factor_does_not_count_as_another(removal, alice, mod, mia):
    made = appeal(removal, alice)
    mia.authenticator_set.all().delete()
    answer(mod, made, Outcome.UPHELD)
    made.refresh_from_db()
    assert made.decided_by == mod


def test_reversal_restores_comment_and_counts_exactly(mod, mia, case, alice):
    before = everything()
    made = appeal(decide(mod, case), alice)
    assert everything() != before
    answer(mia, made, Outcome.REVERSED)
    assert everything() == before
    assert not Case.objects.open().exists()


def test_reversed_removal_of_held_comment_publishes_it(mod, mia, opening):
    new = person(trust=User.Trust.NEW)
    held = reply(opening, new)
    made = appeal(decide(mod, Case.objects.get(comment=held)), new)
    answer(mia, made, Outcome.REVERSED)
    held.refresh_from_db()
    assert held.is_published
    assert not Case.objects.open().exists()


def test_upheld_appeal_changes_nothing(removal, alice, mia, flagged_answer):
    answer(mia, appeal(removal, alice), Outcome.UPHELD)
    flagged_answer.refresh_from_db()
    assert flagged_answer.removed_at is not None
    assert not Case.objects.open().exists()


def test_changed_decision_is_replaced_by_another(removal, alice, mia, flagged_answer):
    OutboxMessage.objects.all().delete()
    answer(mia, appeal(removal, alice), Outcome.CHANGED, act="edit_out", passage="unkind the week", sanction="warn")
    flagged_answer.refresh_from_db()
    alice.refresh_from_db()
    assert flagged_answer.is_published
    assert LEFT_OUT in flagged_answer.source
    assert alice.warned_at is not None
    assert not Case.objects.open().exists()
    acts = list(LogEntry.objects.order_by("id").values_list("act", "moderator"))
    assert acts[1:] == [(act, mia.pk) for act in ("change", "undo", "edit_out", "warn")]
    # one mail for all decisions
    assert OutboxMessage.objects.get().subject == "Your appeal was answered"
    # the replacing decision can be appealed, and undone with its sanction
    second = LogEntry.objects.get(act="edit_out")
    assert appeals.may_appeal(second)
    undo.undo(moderator=mia, entry=second, reason="A mistake.")
    flagged_answer.refresh_from_db()
    alice.refresh_from_db()
    assert (LEFT_OUT in flagged_answer.source, alice.warned_at) == (False, None)


def test_change_to_sanction_alone_publishes_comment(mod, mia, alice, opening):
    new = person(trust=User.Trust.NEW)
    held = reply(opening, new)
    made = appeal(decide(mod, Case.objects.get(comment=held)), new)
    answer(mia, made, Outcome.CHANGED, act="approve", sanction="warn")
    held.refresh_from_db()
    new.refresh_from_db()
    assert held.is_published
    assert new.warned_at is not None
    assert not Case.objects.open().exists()


def test_ban_is_changed_to_suspension(mod, mia, flagged_answer, alice):
    entry = sanctions.apply_sanction(moderator=mod, person=alice, name="ban", reason=WHY)
    answer(mia, appeal(entry, alice), Outcome.CHANGED, sanction="suspend_7")
    alice.refresh_from_db()
    assert timezone.now() < alice.suspended_until < timezone.now() + timedelta(days=8)


@pytest.mark.parametrize("instead", [{}, {"act": "edit_out", "passage": "never said"}])
def test_change_without_effect_is_refused(removal, alice, mia, flagged_answer, instead):
    made = appeal(removal, alice)
    with pytest.raises(Refused):
        answer(mia, made, Outcome.CHANGED, **instead)
    flagged_answer.refresh_from_db()
    assert flagged_answer.removed_at is not None
    assert Case.objects.open().get().appeal == made


def test_banned_person_can_appeal(mod, mia, flagged_answer, alice):
    entry = sanctions.apply_sanction(moderator=mod, person=alice, name="ban", reason=WHY, comment=flagged_answer)
    alice.refresh_from_db()
    made = appeal(entry, alice)
    answer(mia, made, Outcome.REVERSED)
    alice.refresh_from_db()
    assert not alice.is_suspended


def test_moderator_cannot_answer_own_appeal_if_there_is_another(opening, mod, mia):
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


def test_change_to_existing_state_is_refused_completely(flagged_answer, alice, mod, mia):
    entry = decisions.decide(
        moderator=mod,
        case=Case.objects.get(comment=flagged_answer),
        seen=1,
        act="edit_out",
        passage="unkind the week",
        reason=WHY,
    )
    decisions.ABOUT_COMMENT["lock_branch"](moderator=mod, comment=flagged_answer, reason=WHY)
    made = appeal(entry, alice)
    with pytest.raises(Refused):
        answer(mia, made, Outcome.CHANGED, act="lock_branch")
    flagged_answer.refresh_from_db()
    assert LEFT_OUT in flagged_answer.source
    assert Case.objects.open().get().appeal == made


def test_appeal_against_sanction_does_not_change_comment(flagged_answer, alice, mod, mia):
    decide(mod, Case.objects.get(comment=flagged_answer), sanction="watch")
    made = appeal(LogEntry.objects.get(act="watch"), alice)
    with pytest.raises(Refused):
        answer(mia, made, Outcome.CHANGED, act="edit_out", passage="unkind the week")
    answer(mia, made, Outcome.CHANGED, sanction="warn")
    flagged_answer.refresh_from_db()
    assert flagged_answer.removed_at is not None


def test_change_to_same_decision_is_refused(removal, alice, mia):
    with pytest.raises(Refused):
        answer(mia, appeal(removal, alice), Outcome.CHANGED, act="remove")


def test_change_to_locked_branch_publishes_held_comment(mod, mia, opening):
    new = person(trust=User.Trust.NEW)
    held = reply(opening, new)
    made = appeal(decide(mod, Case.objects.get(comment=held)), new)
    answer(mia, made, Outcome.CHANGED, act="lock_branch")
    held.refresh_from_db()
    assert held.is_published
    assert not Case.objects.open().exists()


@pytest.fixture
def banned(mod, case, flagged_answer, alice):
    """An appeal against a removal with a ban."""
    entry = decide(mod, case, sanction="ban")
    alice.refresh_from_db()
    return appeal(entry, alice)


@pytest.mark.parametrize(
    ("act", "sanction", "is_visible", "is_banned", "is_warned"),
    [
        ("approve", "stays", True, True, False),
        ("edit_out", "stays", True, True, False),
        ("remove", "", False, False, False),
        ("remove", "warn", False, False, True),
        ("approve", "warn", True, False, True),
        ("hold", "", False, False, False),
    ],
)
def test_milder_decision_replaces_decision_and_sanction(
    banned, mia, flagged_answer, alice, act, sanction, is_visible, is_banned, is_warned
):
    OutboxMessage.objects.all().delete()
    passage = {"passage": "unkind the week"} if act == "edit_out" else {}
    done = answer(mia, banned, Outcome.CHANGED, act=act, sanction=sanction, **passage)
    flagged_answer.refresh_from_db()
    alice.refresh_from_db()
    assert flagged_answer.is_published is is_visible
    assert (alice.is_suspended, alice.warned_at is not None) == (is_banned, is_warned)
    came = [each for each in (act, sanction) if each not in ("approve", "stays", "")]
    assert [entry.act for entry in appeal_answers.instead_of(done)] == came
    # there is one mail in each case
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize(
    "instead",
    [{}, {"act": "approve"}, {"act": "remove", "sanction": "stays"}, {"act": "remove", "sanction": "ban"}],
)
def test_change_of_everything_or_nothing_is_refused(banned, mia, flagged_answer, alice, instead):
    with pytest.raises(Refused):
        answer(mia, banned, Outcome.CHANGED, **instead)
    flagged_answer.refresh_from_db()
    alice.refresh_from_db()
    assert (flagged_answer.is_published, alice.is_suspended) == (False, True)


def test_missing_sanction_cannot_be_taken_back(removal, alice, mia):
    made = appeal(removal, alice)
    for instead in ({"act": "remove", "sanction": ""}, {"act": "remove", "sanction": "stays"}, {"act": "approve"}):
        with pytest.raises(Refused):
            answer(mia, made, Outcome.CHANGED, **instead)


@pytest.mark.parametrize("by", ["moderator", "answer to an appeal"])
def test_redaction_of_text_edited_since_is_decided_anew(mod, mia, case, flagged_answer, alice, client, by):
    entry = decide(mod, case, "edit_out", passage="unkind the week", sanction="ban")
    sanctions.unsuspend(moderator=mod, person=alice, reason="So that she can write.")
    flagged_answer.refresh_from_db()
    now = f"Hello. {flagged_answer.source} And more."
    comments.edit(editor=User.objects.get(pk=alice.pk), comment=flagged_answer, source=now)
    if by == "moderator":
        assert undo.undo(moderator=mod, entry=entry, reason="A mistake.").act == "reopen"
    else:
        answer(mia, appeal(entry, alice), Outcome.REVERSED)
    flagged_answer.refresh_from_db()
    assert flagged_answer.source == now
    assert flagged_answer.revisions.exclude(withheld_at=None).count() == 1
    again = Case.objects.open().get()
    assert (again.comment, "undo" in again.why) == (flagged_answer, True)
    assert {undone.undoes.act for undone in LogEntry.objects.exclude(undoes=None)} == {"edit_out", "ban"}
    client.force_login(alice)
    assert "has changed since the decision" in said(client.get(f"/decisions/{entry.pk}/"))
    shown = said(seated(client, mod).get(page(again)))
    assert "The text has changed since." in shown
    assert "Another decision about it" not in shown


def test_revision_with_passage_stays_withheld_after_second_redaction(mod, mia, case, flagged_answer, alice):
    first = decide(mod, case, "edit_out", passage="unkind the week")
    flagged_answer.refresh_from_db()
    actions.edit_out(moderator=mod, comment=flagged_answer, passage=flagged_answer.source.split()[0], reason=WHY)
    answer(mia, appeal(first, alice), Outcome.REVERSED)
    flagged_answer.refresh_from_db()
    assert flagged_answer.source.count(LEFT_OUT) == 2
    assert not flagged_answer.revisions.filter(withheld_at=None).exists()


def test_appeal_against_removal_that_was_undone_is_reversed(mod, mia, case, flagged_answer, alice, bob):
    """The comment is removed, appealed, and approved from the queue before the appeal is answered."""
    removed = decide(mod, case)
    made = appeal(removed, alice)
    actions.approve(moderator=mod, comment=flagged_answer, reason="It is fine.")
    answer(mia, made, Outcome.REVERSED)
    flagged_answer.refresh_from_db()
    assert flagged_answer.is_published
    assert LogEntry.objects.get(undoes=removed).act == "reopen"
    assert Case.objects.open().get().comment == flagged_answer


def test_later_decision_about_person_stays(mod, mia, flagged_answer, alice):
    first = sanctions.apply_sanction(moderator=mod, person=alice, name="suspend_3", reason=WHY)
    sanctions.apply_sanction(moderator=mod, person=alice, name="ban", reason=WHY)
    answer(mia, appeal(first, alice), Outcome.REVERSED)
    alice.refresh_from_db()
    assert (alice.is_suspended, alice.suspended_until) == (True, None)
    assert LogEntry.objects.get(undoes=first).act == "undo"


def test_one_decision_takes_out_several_passages(mod, case, flagged_answer):
    source, (first, *_rest, last) = flagged_answer.source, flagged_answer.source.split()
    entry = decide(mod, case, "edit_out", passage=f"{first}\n{LEFT_OUT}\n{last}")
    flagged_answer.refresh_from_db()
    assert (flagged_answer.source.startswith(LEFT_OUT), flagged_answer.source.endswith(LEFT_OUT)) == (True, True)
    assert passages_of(flagged_answer.revisions.get().taken_out) == [first, last]
    undo.undo(moderator=mod, entry=entry, reason="A mistake.")
    flagged_answer.refresh_from_db()
    assert flagged_answer.source == source


# In the admin ---------------------------------------------------------------------------------------------------------


def test_preview_of_answer(mod_client, opening, alice):
    entry = actions.remove(
        moderator=moderator("Mia Second"), comment=reply(opening, alice), reason="It is unkind.", rule="Be kind"
    )
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "changed", "answer": "One passage goes.", "seen": case.version, "preview": "1"}
    data |= {"act": "edit_out", "passage": "unkind the week", "sanction": "warn"}
    whole = said(mod_client.post(page(case), data))
    assert "reversed already" not in whole
    shown = whole.split('id="will-read"')[1].split("</section>")[0]
    sentences = ["the decision was changed", "A passage was taken out of your comment.", "You were warned.", "Be kind"]
    for told in (*sentences, "One passage goes.", "unkind the week"):
        assert told in shown
    assert Case.objects.open().get() == case
    # the preview shows a refusal, and is rolled back
    refused = said(mod_client.post(page(case), data | {"act": "remove", "sanction": ""}))
    assert "Please choose what comes instead" in refused
    assert [entry.act for entry in LogEntry.objects.all()] == ["remove"]


def test_preview_of_smaller_passage(mod_client, opening, alice):
    comment = reply(opening, alice)
    entry = actions.edit_out(
        moderator=moderator("Mia Second"), comment=comment, passage="unkind the week", reason="It is unkind."
    )
    appeals.appeal(entry=entry, text="One word of it.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "changed", "answer": "One word.", "seen": case.version, "act": "edit_out", "passage": "unkind"}
    assert "been […] the week before" in said(mod_client.post(page(case), data | {"preview": "1"}))


def test_message_has_button_to_undo_replacing_decision(mod_client, opening, alice):
    comment = reply(opening, alice)
    entry = actions.edit_out(
        moderator=moderator("Mia Second"), comment=comment, passage="unkind the week", reason="It is unkind."
    )
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "changed", "answer": "A lock is enough.", "seen": case.version, "act": "lock_branch"}
    told = said(mod_client.post(page(case), data, follow=True))
    assert f'action="{QUEUE}undo/{LogEntry.objects.get(act="lock_branch").pk}/"' in told


@pytest.mark.parametrize(("outcome", "status"), [("changed", 409), ("reversed", 302)])
def test_redaction_of_edited_text_can_be_reversed_and_not_replaced(mod_client, opening, alice, outcome, status):
    comment = reply(opening, alice)
    entry = actions.edit_out(
        moderator=moderator("Mia Second"), comment=comment, passage="unkind the week", reason="It is unkind."
    )
    comment.refresh_from_db()
    comments.edit(editor=alice, comment=comment, source="Quite another text by now.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    data = {"outcome": outcome, "answer": "A lock is enough.", "seen": case.version, "act": "lock_branch"}
    sent = mod_client.post(page(case), data)
    assert sent.status_code == status
    told = said(sent if status == 409 else mod_client.get(QUEUE))
    assert ("changed since, so it" in told, "A lock is enough." in told) == (True, status == 409)
    comment.refresh_from_db()
    assert comment.source == "Quite another text by now."


def test_other_moderator_answers_appeal_in_admin(mod_client, opening, alice, mod):
    entry = actions.remove(moderator=mod, comment=reply(opening, alice), reason="It is unkind.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    mia = moderator("Mia Second")
    case = Case.objects.get()
    data = {"outcome": "reversed", "answer": "You are right.", "seen": case.version}
    assert "another moderator has to answer" in said(mod_client.get(page(case)))
    case.refresh_from_db()
    assert case.claimed_by is None
    refused = mod_client.post(page(case), data)
    assert refused.status_code == 409
    assert "You made this decision" in said(refused)
    other = seated(type(mod_client)(), mia)
    Case.objects.update(claimed_at=timezone.now() - timedelta(hours=1))
    assert "It was meant kindly." in said(other.get(page(case)))
    assert other.post(page(case), data | {"answer": " "}).status_code == 422
    assert other.post(page(case), data, follow=True).status_code == 200
    assert entry.comment.thread.comments.get(pk=entry.comment_id).is_published
    assert "This was decided" in said(other.get(page(case)))


def test_form_changes_decision_on_appeal(mod_client, opening, alice):
    comment = reply(opening, alice)
    entry = actions.remove(moderator=moderator("Mia Second"), comment=comment, reason="It is unkind.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    asked = said(mod_client.get(page(case)))
    assert 'name="act"' in asked
    assert '<option value="remove" selected>' in asked
    assert 'value="ban"' not in asked
    data = {"outcome": "changed", "answer": "One passage goes.", "seen": case.version}
    nothing = mod_client.post(page(case), data | {"act": "remove"})
    assert (nothing.status_code, "Please choose what comes instead" in said(nothing)) == (409, True)
    unsaid = mod_client.post(page(case), data | {"act": "edit_out"})
    assert (unsaid.status_code, "Please say which passage." in said(unsaid)) == (422, True)
    missing = mod_client.post(page(case), data | {"act": "edit_out", "passage": "never said"})
    assert (missing.status_code, "One passage goes." in said(missing)) == (409, True)
    done = mod_client.post(page(case), data | {"act": "edit_out", "passage": "unkind the week"})
    assert done.status_code == 302
    comment.refresh_from_db()
    assert (comment.is_published, "unkind" in comment.source) == (True, False)


def test_replacing_decision_is_ignored_unless_changed(mod_client, opening, alice):
    entry = actions.remove(moderator=moderator("Mia Second"), comment=reply(opening, alice), reason="It is unkind.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "upheld", "answer": "It stays.", "seen": case.version, "sanction": "warn", "act": "hold"}
    assert mod_client.post(page(case), data).status_code == 302
    alice.refresh_from_db()
    assert alice.warned_at is None


def test_form_of_appeal_names_sanctions_in_force(mod_client, opening, alice):
    case, mia = flagged(opening), moderator("Mia Second")
    about = {"moderator": mia, "case": case, "seen": case.version, "reason": "It is unkind."}
    entry = decisions.decide(act="remove", sanction="ban", **about)
    appeals.appeal(entry=entry, text="It was meant kindly.", person=case.comment.author)
    told = "It stays: banned"
    appeal = Case.objects.open().get()
    assert told in said(mod_client.get(page(appeal)))
    undo.undo(moderator=mia, entry=LogEntry.objects.get(act="ban"), reason="Too much.")
    assert told not in said(mod_client.get(page(appeal)))


def test_decision_without_milder_one_cannot_be_changed(mod_client, opening, alice):
    entry = actions.lock_branch(moderator=moderator("Mia Second"), comment=reply(opening, alice), reason="It is loud.")
    appeals.appeal(entry=entry, text="It is a talk.", person=alice)
    shown = said(mod_client.get(page(Case.objects.get())))
    assert ('value="reversed"' in shown, 'value="changed"' in shown, 'name="sanction"' in shown) == (True, False, False)


def test_choice_that_has_gone_is_reported_as_change(mod_client, opening, alice):
    mia, comment = moderator("Mia Second"), reply(opening, alice)
    about = {"moderator": mia, "case": decisions.open_or_begin(moderator=mia, comment_id=comment.pk), "seen": 1}
    entry = decisions.decide(act="remove", sanction="suspend_7", reason="It is unkind.", **about)
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.open().get()
    typed = opened(mod_client, case)
    undo.undo(moderator=mia, entry=LogEntry.objects.get(act="suspend"), reason="Too much.")
    data = {"outcome": "changed", "answer": "Three days.", "act": "remove", "sanction": "suspend_3"} | typed
    refused = mod_client.post(page(case), data)
    assert refused.status_code == 409
    assert "Since you opened it" in said(refused)
    assert "Three days." in said(refused)
