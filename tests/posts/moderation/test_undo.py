"""Undo and appeals after later changes: the later decisions and texts stay, and the case is open again."""

import re
import time
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from forum.models import OutboxMessage
from posts.models import Case, Comment, Flag, LogEntry, Rules
from posts.moderation import actions, appeal_answers, appeals, decisions, flags, notices, sanctions, undo
from posts.threads.exceptions import Refused, Stale
from posts.writing import comments
from tests.factories import WHY, moderator, person, reply
from tests.posts.moderation.case_forms import QUEUE, said, seated
from tests.posts.writing.test_concurrency import at_once


def answer(mia, entry, who, outcome="reversed", **instead):
    """Appeal against `entry` and answer the appeal."""
    appeals.appeal(entry=entry, text="Please look again.", person=who)
    case = Case.objects.get(appeal__entry=entry)
    about = {"seen": case.version, "outcome": outcome, "answer": "You are right."}
    return appeal_answers.answer_appeal(moderator=mia, case=case, **about, **instead)


SINCE = {
    "hidden because somebody could be recognised": lambda comment, mod: flags.flag(
        comment=comment, person=mod, reason="personal"
    ),
    "held by another moderator": lambda comment, mod: actions.hold(moderator=mod, comment=comment, reason=WHY),
    "held, seen and held again": lambda comment, mod: [
        act(moderator=mod, comment=comment, reason=WHY) for act in (actions.hold, actions.approve, actions.hold)
    ],
}


@pytest.mark.parametrize("since", SINCE)
def test_comment_hidden_later_for_another_reason_stays_hidden(client, comment, alice, mod, mia, since):
    entry = actions.lock_branch(moderator=mod, comment=comment, reason=WHY)
    SINCE[since](comment, mod)
    answer(mia, entry, alice)
    comment.refresh_from_db()
    assert (comment.is_published, comment.locked_at) == (False, None)
    assert Case.objects.open().get().comment == comment
    assert not Flag.objects.exclude(outcome="").exists()
    client.force_login(alice)
    assert "stays hidden" in said(client.get(f"/decisions/{entry.pk}/"))


def test_later_flags_stay_open(comment, alice, bob, mod, mia):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    actions.restore(moderator=mod, comment=comment, reason=WHY)
    flags.flag(comment=comment, person=bob, reason="personal", note="That is me.")
    with pytest.raises(Refused, match="since"):
        answer(mia, entry, alice, "changed", act="edit_out", passage="unkind the week")
    case = Case.objects.get(appeal__entry=entry)
    appeal_answers.answer_appeal(
        moderator=mia, case=case, seen=case.version, outcome="reversed", answer="You are right."
    )
    assert Flag.objects.get().outcome == ""
    assert Case.objects.open().get().kind == Case.Kind.PRIVACY


def test_flag_that_became_pressing_stays_open(comment, alice, bob, mod, mia):
    flags.flag(comment=comment, person=bob, reason="unkind")
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    undone = actions.restore(moderator=mod, comment=comment, reason=WHY)
    flags.flag(comment=comment, person=bob, reason="unkind")
    second = actions.hold(moderator=mod, comment=comment, reason=WHY)
    flags.flag(comment=comment, person=bob, reason="personal", note="That is me.")
    answer(mia, second, alice)
    comment.refresh_from_db()
    assert (comment.hidden_at, undone.pk > entry.pk) == (None, True)
    assert Case.objects.open().get().kind == Case.Kind.PRIVACY
    assert Flag.objects.order_by("-id")[0].outcome == ""


def test_answer_is_stale_after_other_decision(comment, alice, mod, mia):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    appeals.appeal(entry=entry, text="Please look again.", person=alice)
    case = Case.objects.get(appeal__entry=entry)
    actions.restore(moderator=mod, comment=comment, reason=WHY)
    with pytest.raises(Stale):
        appeal_answers.answer_appeal(moderator=mia, case=case, seen=case.version, outcome="reversed", answer="Yes.")


def test_later_ban_is_not_shortened(comment, alice, mod, mia):
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    entry = decisions.decide(moderator=mod, case=case, seen=1, act="remove", reason=WHY, sanction="suspend_7")
    ban = sanctions.suspend(moderator=mod, person=alice, reason="Threats since.")
    with pytest.raises(Refused, match="longer"):
        sanctions.suspend(moderator=mod, person=alice, reason=WHY, until=timezone.now() + timedelta(days=1))
    with pytest.raises(Refused):
        answer(mia, entry, alice, "changed", act="remove", sanction="suspend_1")
    case = Case.objects.get(appeal__entry=entry)
    appeal_answers.answer_appeal(moderator=mia, case=case, seen=case.version, outcome="reversed", answer="Yes.")
    alice.refresh_from_db()
    assert (alice.is_suspended, alice.suspended_until) == (True, None)
    assert set(LogEntry.objects.exclude(undoes=None).values_list("undoes__act", flat=True)) == {"remove", "suspend"}
    # when the ban is undone, the earlier suspension does not come back
    undo.undo(moderator=mod, entry=ban, reason="A mistake.")
    alice.refresh_from_db()
    assert not alice.is_suspended


def test_undo_of_later_warning_does_not_bring_back_earlier_one(alice, mod, mia):
    first = sanctions.warn(moderator=mod, person=alice, reason=WHY)
    second = sanctions.warn(moderator=mod, person=alice, reason="Again.")
    answer(mia, first, alice)
    undo.undo(moderator=mod, entry=second, reason="Wrong.")
    alice.refresh_from_db()
    assert alice.warned_at is None


def test_undo_of_restore_does_not_bring_back_reversed_removal(comment, alice, mod, mia):
    removed = actions.remove(moderator=mod, comment=comment, reason=WHY)
    restored = actions.restore(moderator=mod, comment=comment, reason=WHY)
    answer(mia, removed, alice)
    undo.undo(moderator=mod, entry=restored, reason="Wrong.")
    comment.refresh_from_db()
    assert comment.is_published


# Appeals and undo ----------------------------------------------------------------------------------------------------


def test_decision_with_open_appeal_cannot_be_undone(client, comment, alice, mod, mia):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    appeals.appeal(entry=entry, text="Please look again.", person=alice)
    with pytest.raises(Refused, match="appeal"):
        undo.undo(moderator=mod, entry=entry, reason="Hm.")
    assert f"undo/{entry.pk}/" not in said(seated(client, mod).get(f"{QUEUE}{case.pk}/change/"))
    assert "There is an appeal against this." in said(client.get(f"{QUEUE}undo/{entry.pk}/"))


def test_appeal_against_undone_decision_can_only_be_reversed(comment, alice, mod, mia):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    undo.undo(moderator=mod, entry=entry, reason="Hm.")
    # as if the appeal was sent at the same time
    appeal = appeals.Appeal.objects.create(entry=entry, person=alice, text="Please.", made_at=timezone.now())
    case = Case.objects.create(comment=comment, kind=3, why=["appeal"], appeal=appeal, opened_at=timezone.now())
    about = {"moderator": mia, "case": case, "seen": 1, "answer": "So it is."}
    for outcome in ("upheld", "changed"):
        with pytest.raises(Refused, match="reversed already"):
            appeal_answers.answer_appeal(outcome=outcome, **about)
    appeal_answers.answer_appeal(outcome="reversed", **about)


@pytest.mark.parametrize(
    ("act", "sanction", "instead"),
    [
        ("remove", "", {"act": "remove", "sanction": "suspend_1"}),
        ("edit_out", "", {"act": "remove"}),
        ("hold", "", {"act": "remove"}),
        ("remove", "suspend_3", {"act": "remove", "sanction": "suspend_7"}),
        ("remove", "warn", {"act": "remove", "sanction": "watch"}),
        ("remove", "", {"act": "approve", "sanction": "watch"}),
        ("lock_branch", "", {"act": "approve", "sanction": "warn"}),
    ],
)
def test_appeal_cannot_lead_to_harsher_decision(comment, alice, mod, mia, act, sanction, instead):
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    passage = {"passage": "unkind the week"} if act == "edit_out" else {}
    entry = decisions.decide(moderator=mod, case=case, seen=1, act=act, reason=WHY, sanction=sanction, **passage)
    with pytest.raises(Refused, match="worse"):
        answer(mia, entry, alice, "changed", **instead)


def test_passage_can_be_made_smaller_on_appeal(comment, alice, mod, mia):
    source = comment.source
    entry = actions.edit_out(moderator=mod, comment=comment, passage="unkind the week", reason=WHY)
    answer(mia, entry, alice, "changed", act="edit_out", passage="unkind")
    comment.refresh_from_db()
    assert comment.source == source.replace("unkind", "[…]")


def test_undo_of_replacing_decision_opens_case(comment, alice, mod, mia):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    done = answer(mia, entry, alice, "changed", act="edit_out", passage="unkind the week")
    undo.undo(moderator=mia, entry=appeal_answers.instead_of(done)[0], reason="Too much.")
    assert Case.objects.open().get().comment == comment


def test_moderator_cannot_publish_own_comment_by_taking_out_passage(opening, mod, mia):
    own = reply(opening, mod)
    flags.flag(comment=own, person=mia, reason="personal")
    with pytest.raises(PermissionDenied):
        actions.edit_out(moderator=mod, comment=own, passage="unkind", reason=WHY)


# Confidential decisions, and expiry of links -------------------------------------------------------------------------


def test_decisions_related_to_confidential_one_are_confidential(client, comment, alice, bob, mod, mia):
    rule = Rules.in_force().titles_in_numbers[0]
    flags.flag(comment=comment, person=bob, reason="harm")
    case = Case.objects.get()
    about = {"moderator": mod, "reason": WHY}
    # the comment is approved, and its author is put under watch
    decisions.decide(case=case, seen=case.version, act="approve", sanction="watch", **about)
    sanctions.unwatch(person=alice, **about)
    answer(mia, sanctions.warn(person=alice, rule=rule, **about), alice, "upheld")
    sanctions.suspend(person=alice, rule=rule, **about)
    sanctions.unsuspend(person=alice, **about)
    assert not client.get("/moderation-log/").context["entries"]


def test_links_from_statement_expire_with_first_link(client, comment, alice, mod, mia, monkeypatch):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    answer(mia, entry, alice, "changed", act="edit_out", passage="unkind the week")
    last_minute = notices.token_of(entry, until=time.time() + 60)
    first = said(client.get(f"/decisions/by-link/{last_minute}/"))
    second = said(client.get(re.search(r'href="(/decisions/by-link/[^"]+)"', first).group(1)))
    back = re.search(r'href="(/decisions/by-link/[^"]+)"', second).group(1)
    assert client.get(back).status_code == 200
    later = time.time() + 120
    monkeypatch.setattr("posts.moderation.notices.time.time", lambda: later)
    assert client.get(back).status_code == 404


def test_ended_suspension_is_shown_as_over(client, comment, alice, mod):
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    entry = decisions.decide(moderator=mod, case=case, seen=1, act="remove", reason=WHY, sanction="suspend_7")
    sanctions.unsuspend(moderator=mod, person=alice, reason="Enough.")
    client.force_login(alice)
    assert "over</span>" in said(client.get(f"/decisions/{entry.pk}/"))
    assert said(client.get("/decisions/")).count("over</span>") == 1
    assert "This has ended." in said(client.get(f"/decisions/{LogEntry.objects.get(act='suspend').pk}/"))
    appeals.appeal(entry=entry, text="Please look again.", person=alice)
    item = said(seated(client, moderator("Thea Third")).get(f"{QUEUE}{Case.objects.open().get().pk}/change/"))
    assert '<option value="remove" selected>' in item
    assert "It stays: suspended" not in item


# Regressions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["hidden for privacy", "a newcomer’s first comment"])
def test_reversed_branch_lock_does_not_publish_comment(opening, alice, mod, mia, before):
    author = alice if before.startswith("hidden") else person(trust=User.Trust.NEW)
    comment = reply(opening, author)
    if author == alice:
        flags.flag(comment=comment, person=mod, reason="personal")
    entry = actions.lock_branch(moderator=mod, comment=comment, reason=WHY)
    answer(mia, entry, author)
    comment.refresh_from_db()
    assert (comment.is_published, comment.locked_at) == (False, None)
    assert Case.objects.open().get().comment == comment
    assert not Flag.objects.exclude(outcome="").exists()


@pytest.mark.parametrize("sanction", ["warn", "watch"])
def test_appeal_cannot_add_sanction_to_decision_that_stays(comment, alice, mod, mia, sanction):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    with pytest.raises(Refused, match="worse"):
        answer(mia, entry, alice, "changed", act="remove", sanction=sanction)


def test_appeal_cannot_bring_back_ended_sanction(alice, mod, mia):
    ban = sanctions.suspend(moderator=mod, person=alice, reason=WHY)
    sanctions.unsuspend(moderator=mod, person=alice, reason="Enough.")
    with pytest.raises(Refused, match="worse"):
        answer(mia, ban, alice, "changed", sanction="suspend_3")


def test_passage_cannot_be_made_larger_on_appeal(comment, alice, mod, mia):
    entry = actions.edit_out(moderator=mod, comment=comment, passage="unkind", reason=WHY)
    with pytest.raises(Refused, match="worse"):
        answer(mia, entry, alice, "changed", act="edit_out", passage="been unkind the week")


@pytest.mark.parametrize("since", ["hold", "flag"])
def test_answer_is_stale_after_hold_or_flag(comment, alice, bob, mod, mia, since):
    entry = actions.lock_branch(moderator=mod, comment=comment, reason=WHY)
    appeals.appeal(entry=entry, text="Please look again.", person=alice)
    case = Case.objects.get(appeal__entry=entry)
    if since == "hold":
        actions.hold(moderator=mod, comment=comment, reason=WHY)
    else:
        flags.flag(comment=comment, person=bob, reason="unkind")
    with pytest.raises(Stale):
        appeal_answers.answer_appeal(moderator=mia, case=case, seen=case.version, outcome="reversed", answer="Yes.")


def test_moderator_cannot_undo_in_own_favour(opening, mod, mia):
    own = reply(opening, mod)
    actions.lock_branch(moderator=mia, comment=own, reason=WHY)
    entry = actions.edit_out(moderator=mia, comment=own, passage="unkind", reason=WHY)
    revision = own.revisions.get(pk=entry.before_image.redaction.revision)
    for act in (
        lambda: actions.open_branch(moderator=mod, comment=own, reason=WHY),
        lambda: actions.show_again(moderator=mod, revision=revision, reason=WHY),
    ):
        with pytest.raises(PermissionDenied):
            act()
    flags.flag(comment=own, person=person(), reason="unkind")
    assert not decisions.claim(moderator=mod, case_id=Case.objects.open().get().pk)


def test_undo_of_trust_decisions(alice, mod):
    trusted = sanctions.trust(moderator=mod, person=alice, reason="Kind.")
    undo.undo(moderator=mod, entry=trusted, reason="No.")
    sanctions.trust(moderator=mod, person=alice, reason="Kind.")
    untrusted = sanctions.untrust(moderator=mod, person=alice, reason="No more.")
    undo.undo(moderator=mod, entry=untrusted, reason="A mistake.")
    alice.refresh_from_db()
    assert alice.trust == User.Trust.TRUSTED


HEARD = {
    "approved with a ban, undone": lambda mod, comment: undo.undo(
        moderator=mod,
        reason="No.",
        entry=decisions.decide(
            moderator=mod,
            case=decisions.open_or_begin(moderator=mod, comment_id=comment.pk),
            seen=1,
            act="approve",
            reason=WHY,
            sanction="ban",
        ),
    ),
    "removed, approved": lambda mod, comment: [
        act(moderator=mod, comment=comment, reason=WHY) for act in (actions.remove, actions.approve)
    ],
    "restored, undone": lambda mod, comment: [
        actions.remove(moderator=mod, comment=comment, reason=WHY),
        undo.undo(moderator=mod, entry=actions.restore(moderator=mod, comment=comment, reason=WHY), reason="No."),
    ],
    "under watch, ended": lambda mod, comment: [
        act(moderator=mod, person=comment.author, reason=WHY) for act in (sanctions.watch, sanctions.unwatch)
    ],
}


@pytest.mark.parametrize(("how", "mails"), [(how, 3 if "restored" in how else 2) for how in HEARD])
def test_each_change_sends_one_mail(comment, mod, how, mails):
    HEARD[how](mod, comment)
    assert OutboxMessage.objects.count() == mails


def test_undo_is_refused_while_colleague_has_claimed_case(comment, alice, bob, mod, mia):
    entry = actions.lock_branch(moderator=mod, comment=comment, reason=WHY)
    Comment.objects.filter(pk=comment.pk).update(created_at=timezone.now() - timedelta(hours=1))
    comments.edit(editor=alice, comment=comment, source="Another text than the one before it.")
    flags.flag(comment=comment, person=bob, reason="unkind")
    case = Case.objects.open().get()
    decisions.claim(moderator=mia, case_id=case.pk)
    with pytest.raises(Refused, match="Mia Second is looking at this"):
        undo.undo(moderator=mod, entry=entry)
    with pytest.raises(Refused, match="Mia Second is looking at this"):
        actions.withhold(moderator=mod, revision=comment.revisions.get(), reason=WHY)
    decisions.pass_on(moderator=mia, case=case)
    assert undo.undo(moderator=mod, entry=entry)


@pytest.mark.parametrize("hide", ["hold", "flags"])
def test_text_edited_while_hidden_is_not_published_by_undo(comment, alice, mod, mia, hide):
    if hide == "hold":
        entry = actions.hold(moderator=mod, comment=comment, reason=WHY)
    else:
        flags.flag(comment=comment, person=mod, reason="unkind")
        entry = LogEntry.objects.get(act="hide")
    comments.edit(editor=alice, comment=comment, source="A text that no moderator has read.")
    assert undo.undo(moderator=mia, entry=entry).act == "reopen"
    comment.refresh_from_db()
    assert not comment.is_published
    assert "undo" in Case.objects.open().get().why
    # the edit left the earlier text, although it was made within the first minutes
    assert comment.revisions.get().withheld_at is not None


@pytest.mark.parametrize("back", ["PrivName\n two", "**PrivName** two", "PrivNam&#101; two", "_privname_  TWO"])
def test_redacted_passage_that_is_written_differently_is_noticed(opening, alice, mod, back):
    comment = reply(opening, alice, f"It was {back}, they said, who did it.")
    comments.edit(editor=alice, comment=comment, source="It was PrivName two, as I said, who did it to me.")
    Comment.objects.filter(pk=comment.pk).update(created_at=timezone.now() - timedelta(hours=1))
    comments.edit(editor=alice, comment=comment, source=f"And it was PrivName two. Yes, it was {back[:4]}.")
    actions.edit_out(moderator=mod, comment=comment, passage="PrivName two", reason=WHY)
    comment.refresh_from_db()
    assert not comment.revisions.filter(withheld_at=None).exists()
    comments.edit(editor=alice, comment=comment, source=f"Once more: {back}!")
    comment.refresh_from_db()
    assert not comment.is_published


@pytest.mark.django_db(transaction=True)
def test_warning_undone_by_six_requests_at_once_is_undone_once(mod, alice):
    entry = sanctions.warn(moderator=mod, person=alice, reason=WHY)

    def undone(moderator):
        try:
            return undo.undo(moderator=moderator, entry=LogEntry.objects.get(pk=entry.pk)).act
        except Refused:
            return "refused"

    assert sorted(at_once([mod] * 6, undone)) == ["refused"] * 5 + ["undo"]
