"""What has come since a decision, when that is appealed against or taken back: it stands, and is told."""

import re
import time
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from forum.models import OutboxMessage
from posts.models import Case, Flag, LogEntry, Rules
from posts.models.comment import COMMENT_MAX_LENGTH
from posts.moderation import actions, appeal_answers, appeals, decisions, flags, notices, sanctions, undo
from posts.threads.exceptions import Refused, Stale
from posts.writing import comments
from tests.factories import moderator, person, reply
from tests.posts.moderation.case_forms import QUEUE, said, seated

WHY = "It is unkind to somebody."


@pytest.fixture
def comment(opening, alice):
    return reply(opening, alice)


def answer(mia, entry, who, outcome="reversed", **instead):
    """Somebody appeals against `entry`, and Mia answers."""
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
def test_what_is_out_of_sight_since_for_another_reason_stays_so(client, comment, alice, mod, mia, since):
    entry = actions.lock_branch(moderator=mod, comment=comment, reason=WHY)
    SINCE[since](comment, mod)
    answer(mia, entry, alice)
    comment.refresh_from_db()
    assert (comment.is_published, comment.locked_at) == (False, None)
    assert Case.objects.open().get().comment == comment
    assert not Flag.objects.exclude(outcome="").exists()
    client.force_login(alice)
    assert "stays out of sight" in said(client.get(f"/decisions/{entry.pk}/"))


def test_flags_raised_since_wait_and_nothing_is_decided_along_with_them(comment, alice, bob, mod, mia):
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


def test_an_old_flag_that_has_become_a_pressing_one_is_looked_at(comment, alice, bob, mod, mia):
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


def test_who_answers_hears_of_what_was_decided_meanwhile(comment, alice, mod, mia):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    appeals.appeal(entry=entry, text="Please look again.", person=alice)
    case = Case.objects.get(appeal__entry=entry)
    actions.restore(moderator=mod, comment=comment, reason=WHY)
    with pytest.raises(Stale):
        appeal_answers.answer_appeal(moderator=mia, case=case, seen=case.version, outcome="reversed", answer="Yes.")


def test_a_later_ban_is_not_made_shorter(comment, alice, mod, mia):
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    entry = decisions.decide(moderator=mod, case=case, seen=1, act="remove", reason=WHY, sanction="suspend_7")
    ban = sanctions.suspend(moderator=mod, person=alice, reason="Threats since.")
    with pytest.raises(Refused, match="longer"):
        sanctions.suspend(moderator=mod, person=alice, reason=WHY, until=timezone.now() + timedelta(days=1))
    with pytest.raises(Refused):
        answer(mia, entry, alice, "changed", sanction="suspend_1")
    case = Case.objects.get(appeal__entry=entry)
    appeal_answers.answer_appeal(moderator=mia, case=case, seen=case.version, outcome="reversed", answer="Yes.")
    alice.refresh_from_db()
    assert (alice.is_suspended, alice.suspended_until) == (True, None)
    assert LogEntry.objects.get(undoes=entry).details == {"left": ["suspend"]}
    # and with the ban gone, what was taken back before does not come again
    undo.undo(moderator=mod, entry=ban, reason="A mistake.")
    alice.refresh_from_db()
    assert not alice.is_suspended


def test_a_decision_that_was_taken_back_does_not_come_again_with_the_undo_of_a_later_one(alice, mod, mia):
    first = sanctions.warn(moderator=mod, person=alice, reason=WHY)
    second = sanctions.warn(moderator=mod, person=alice, reason="Again.")
    answer(mia, first, alice)
    undo.undo(moderator=mod, entry=second, reason="Wrong.")
    alice.refresh_from_db()
    assert alice.warned_at is None


def test_a_removal_that_was_taken_back_does_not_come_again_with_the_undo_of_what_restored_it(comment, alice, mod, mia):
    removed = actions.remove(moderator=mod, comment=comment, reason=WHY)
    restored = actions.restore(moderator=mod, comment=comment, reason=WHY)
    answer(mia, removed, alice)
    undo.undo(moderator=mod, entry=restored, reason="Wrong.")
    comment.refresh_from_db()
    assert comment.is_published


def test_a_text_that_would_be_too_long_with_the_passage_stays_as_it_is(comment, alice, mod, mia):
    entry = actions.edit_out(moderator=mod, comment=comment, passage="unkind the week", reason=WHY)
    comment.refresh_from_db()
    longest = comment.source + " " + "x" * (COMMENT_MAX_LENGTH - len(comment.source) - 1)
    comments.edit(editor=alice, comment=comment, source=longest)
    answer(mia, entry, alice)
    comment.refresh_from_db()
    assert comment.source == longest
    assert LogEntry.objects.get(undoes=entry).details == {"left": ["text"]}


def test_a_passage_does_not_come_into_the_place_of_another_decisions_mark(comment, alice, mod, mia):
    text = "My neighbour Anna Berg told me this. Then the weather was fine and we went home. Later Carl Dorn shouted."
    comments.edit(editor=alice, comment=comment, source=text)
    entry = actions.edit_out(moderator=mod, comment=comment, passage="Anna Berg", reason=WHY)
    actions.edit_out(moderator=mod, comment=comment, passage="Carl Dorn", reason=WHY)
    comment.refresh_from_db()
    now = comment.source.replace("My neighbour […] told me this. ", "")
    comments.edit(editor=alice, comment=comment, source=now)
    answer(mia, entry, alice)
    comment.refresh_from_db()
    assert comment.source == now


# Appealed and undone -------------------------------------------------------------------------------------------------


def test_what_is_appealed_against_is_answered_and_not_undone_meanwhile(client, comment, alice, mod, mia):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    appeals.appeal(entry=entry, text="Please look again.", person=alice)
    with pytest.raises(Refused, match="appeal"):
        undo.undo(moderator=mod, entry=entry, reason="Hm.")
    assert f"undo/{entry.pk}/" not in said(seated(client, mod).get(f"{QUEUE}{case.pk}/change/"))
    assert "There is an appeal against this." in said(client.get(f"{QUEUE}undo/{entry.pk}/"))


def test_nothing_stands_of_what_was_taken_back(comment, alice, mod, mia):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    undo.undo(moderator=mod, entry=entry, reason="Hm.")
    # as if she had sent it in the same moment
    appeal = appeals.Appeal.objects.create(entry=entry, person=alice, text="Please.", made_at=timezone.now())
    case = Case.objects.create(comment=comment, kind=3, why=["appeal"], appeal=appeal, opened_at=timezone.now())
    about = {"moderator": mia, "case": case, "seen": 1, "answer": "So it is."}
    for outcome in ("upheld", "changed"):
        with pytest.raises(Refused, match="taken back already"):
            appeal_answers.answer_appeal(outcome=outcome, **about)
    appeal_answers.answer_appeal(outcome="reversed", **about)


@pytest.mark.parametrize(
    ("act", "sanction", "instead"),
    [
        ("remove", "", {"sanction": "suspend_1"}),
        ("edit_out", "", {"act": "remove"}),
        ("hold", "", {"act": "remove"}),
        ("remove", "suspend_3", {"sanction": "suspend_7"}),
        ("remove", "warn", {"sanction": "watch"}),
        ("remove", "", {"act": "", "sanction": "watch"}),
        ("lock_branch", "", {"act": "", "sanction": "warn"}),
    ],
)
def test_nobody_fares_worse_for_having_appealed(comment, alice, mod, mia, act, sanction, instead):
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    passage = {"passage": "unkind the week"} if act == "edit_out" else {}
    entry = decisions.decide(moderator=mod, case=case, seen=1, act=act, reason=WHY, sanction=sanction, **passage)
    with pytest.raises(Refused, match="worse"):
        answer(mia, entry, alice, "changed", **instead)


def test_a_passage_is_made_smaller_on_appeal(comment, alice, mod, mia):
    source = comment.source
    entry = actions.edit_out(moderator=mod, comment=comment, passage="unkind the week", reason=WHY)
    answer(mia, entry, alice, "changed", act="edit_out", passage="unkind")
    comment.refresh_from_db()
    assert comment.source == source.replace("unkind", "[…]")


def test_what_came_instead_and_is_undone_leaves_an_item_to_decide_anew(comment, alice, mod, mia):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    done = answer(mia, entry, alice, "changed", act="edit_out", passage="unkind the week")
    undo.undo(moderator=mia, entry=LogEntry.objects.get(pk=done.details["instead"][0]), reason="Too much.")
    assert Case.objects.open().get().comment == comment


def test_a_moderator_publishes_their_own_comment_by_no_act(opening, mod, mia):
    own = reply(opening, mod)
    flags.flag(comment=own, person=mia, reason="personal")
    with pytest.raises(PermissionDenied):
        actions.edit_out(moderator=mod, comment=own, passage="unkind", reason=WHY)


# What is confidential, and for how long links hold -------------------------------------------------------------------


def test_what_belongs_to_something_confidential_is_confidential(client, comment, alice, bob, mod, mia):
    rule = Rules.in_force().titles_in_numbers[0]
    flags.flag(comment=comment, person=bob, reason="harm")
    case = Case.objects.get()
    about = {"moderator": mod, "reason": WHY}
    # the comment may stay, and its author is watched
    decisions.decide(case=case, seen=case.version, act="approve", sanction="watch", **about)
    sanctions.unwatch(person=alice, **about)
    answer(mia, sanctions.warn(person=alice, rule=rule, **about), alice, "upheld")
    sanctions.suspend(person=alice, rule=rule, **about)
    sanctions.unsuspend(person=alice, **about)
    assert not client.get("/moderation-log/").context["entries"]


def test_a_link_leads_on_for_as_long_as_it_holds_itself(client, comment, alice, mod, mia, monkeypatch):
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


def test_a_suspension_that_was_ended_is_told_as_over(client, comment, alice, mod):
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    entry = decisions.decide(moderator=mod, case=case, seen=1, act="remove", reason=WHY, sanction="suspend_7")
    sanctions.unsuspend(moderator=mod, person=alice, reason="Enough.")
    client.force_login(alice)
    assert "over</span>" in said(client.get(f"/decisions/{entry.pk}/"))
    assert said(client.get("/decisions/")).count("over</span>") == 1
    assert "This is over." in said(client.get(f"/decisions/{LogEntry.objects.get(act='suspend').pk}/"))
    appeals.appeal(entry=entry, text="Please look again.", person=alice)
    item = said(seated(client, moderator("Thea Third")).get(f"{QUEUE}{Case.objects.open().get().pk}/change/"))
    assert "It stays: removed" in item
    assert "It stays: suspended" not in item


# What a second reading found -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["hidden for privacy", "a newcomer’s first comment"])
def test_a_branch_that_is_opened_again_publishes_nothing(opening, alice, mod, mia, before):
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
def test_nothing_is_added_to_what_stays(comment, alice, mod, mia, sanction):
    entry = actions.remove(moderator=mod, comment=comment, reason=WHY)
    with pytest.raises(Refused, match="worse"):
        answer(mia, entry, alice, "changed", sanction=sanction)


def test_what_was_ended_does_not_come_back_by_an_appeal(alice, mod, mia):
    ban = sanctions.suspend(moderator=mod, person=alice, reason=WHY)
    sanctions.unsuspend(moderator=mod, person=alice, reason="Enough.")
    with pytest.raises(Refused, match="worse"):
        answer(mia, ban, alice, "changed", sanction="suspend_3")


def test_on_appeal_a_passage_does_not_become_larger(comment, alice, mod, mia):
    entry = actions.edit_out(moderator=mod, comment=comment, passage="unkind", reason=WHY)
    with pytest.raises(Refused, match="worse"):
        answer(mia, entry, alice, "changed", act="edit_out", passage="been unkind the week")


@pytest.mark.parametrize("since", ["hold", "flag"])
def test_who_answers_has_seen_what_came_since(comment, alice, bob, mod, mia, since):
    entry = actions.lock_branch(moderator=mod, comment=comment, reason=WHY)
    appeals.appeal(entry=entry, text="Please look again.", person=alice)
    case = Case.objects.get(appeal__entry=entry)
    if since == "hold":
        actions.hold(moderator=mod, comment=comment, reason=WHY)
    else:
        flags.flag(comment=comment, person=bob, reason="unkind")
    with pytest.raises(Stale):
        appeal_answers.answer_appeal(moderator=mia, case=case, seen=case.version, outcome="reversed", answer="Yes.")


def test_a_moderator_undoes_nothing_in_their_own_favour(opening, mod, mia):
    own = reply(opening, mod)
    actions.lock_branch(moderator=mia, comment=own, reason=WHY)
    entry = actions.edit_out(moderator=mia, comment=own, passage="unkind", reason=WHY)
    revision = own.revisions.get(pk=entry.details["revision"])
    for act in (
        lambda: actions.open_branch(moderator=mod, comment=own, reason=WHY),
        lambda: actions.show_again(moderator=mod, revision=revision, reason=WHY),
    ):
        with pytest.raises(PermissionDenied):
            act()
    flags.flag(comment=own, person=person(), reason="unkind")
    assert not decisions.claim(moderator=mod, case_id=Case.objects.open().get().pk)


def test_trust_is_taken_back_step_by_step(alice, mod):
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
def test_each_turn_is_heard_of_once(comment, mod, how, mails):
    HEARD[how](mod, comment)
    assert OutboxMessage.objects.count() == mails
