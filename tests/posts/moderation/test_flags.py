"""Flags: their weight, when they hide a comment, and the outcome that the flagger sees."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from posts.models import Case, Flag, LogEntry, SiteChoices
from posts.moderation import actions, flags
from posts.threads.exceptions import Refused
from posts.writing import comments
from tests.factories import WHY, moderator, person, reply


def flag(comment, who=None, reason="unkind", **more):
    return flags.flag(comment=comment, person=who, reason=reason, **more)


def newcomer():
    return person(trust=User.Trust.NEW)


def is_hidden(comment):
    comment.refresh_from_db()
    return comment.hidden_at is not None


def test_flag_opens_case_and_second_flag_returns_first(comment, bob):
    first = flag(comment, bob, note="  Look.  ")
    assert flag(comment, bob, "spam") == first
    assert (first.note, first.outcome, first.weight) == ("Look.", Flag.Outcome.OPEN, 2)
    case = Case.objects.get()
    assert (case.kind, case.why, case.weight) == (Case.Kind.FLAGGED, ["flag"], 2)
    assert not is_hidden(comment)


@pytest.mark.parametrize(("reason", "kind"), [("harm", Case.Kind.URGENT), ("personal", Case.Kind.PRIVACY)])
def test_most_pressing_reason_sets_kind_of_case(comment, bob, reason, kind):
    flag(comment, bob, reason)
    flag(comment, person(), "off_topic")
    assert Case.objects.get().kind == kind
    assert Case.objects.get().is_masked


def test_flags_of_five_members_hide_comment_and_inform_author(comment, alice):
    for _number in range(4):
        flag(comment, person())
    assert not is_hidden(comment)
    flag(comment, person())
    assert is_hidden(comment)
    entry = LogEntry.objects.get()
    assert (entry.act, entry.moderator, entry.person) == (LogEntry.Act.HIDE, None, alice)
    alice.refresh_from_db()
    assert alice.has_statement
    comment.thread.refresh_from_db()
    assert comment.thread.comment_count == 0


def test_owner_sets_weight_that_hides(comment):
    SiteChoices.objects.update_or_create(pk=1, defaults={"hide_at": 4})
    flag(comment, person())
    assert not is_hidden(comment)
    flag(comment, person())
    assert is_hidden(comment)


def test_one_flag_hides_only_if_from_staff(comment, opening):
    SiteChoices.objects.update_or_create(pk=1, defaults={"hide_at": 1})
    flag(comment, person(trust=User.Trust.TRUSTED))
    assert not is_hidden(comment)
    other = reply(opening, person())
    flag(other, moderator())
    assert is_hidden(other)


def test_many_flags_of_newcomers_and_visitors_count_as_one(comment):
    for number in range(15):
        flag(comment, newcomer())
        flag(comment, visitor=f"{number:032}")
    assert not is_hidden(comment)
    assert Case.objects.get().weight == flags.NEWCOMERS_WEIGH
    for _number in range(4):
        flag(comment, person())
    assert not is_hidden(comment)  # 4 × 2 + 1
    flag(comment, person())
    assert is_hidden(comment)


def test_visitor_flags_once_per_address_if_allowed(comment):
    assert flag(comment, visitor="a" * 32) == flag(comment, visitor="a" * 32)
    assert flags.delete_expired_visitors(timezone.now()) == 1
    assert Flag.objects.get().visitor == ""
    SiteChoices.objects.update_or_create(pk=1, defaults={"visitors_may_flag": False})
    with pytest.raises(PermissionDenied):
        flag(comment, visitor="b" * 32)


def test_own_and_unreadable_comments_cannot_be_flagged(comment, alice, bob, mod):
    with pytest.raises(Refused):
        flag(comment, alice)
    actions.remove(moderator=mod, comment=comment, reason=WHY)
    with pytest.raises(Refused):
        flag(comment, bob)
    assert not Flag.objects.exists()


@pytest.mark.parametrize(
    ("act", "outcome"),
    [(actions.remove, "agreed"), (actions.approve, "kept"), (actions.lock_branch, "agreed")],
)
def test_flag_gets_outcome_of_decision(comment, bob, mod, act, outcome):
    flag(comment, bob)
    act(moderator=mod, comment=comment, reason=WHY)
    assert Flag.objects.get().outcome == outcome
    case = Case.objects.get()
    assert case.closed_at is not None
    assert case.closed_by == LogEntry.objects.get()


def test_flagger_sees_own_flag_and_outcome(client, comment, bob, mod):
    address = f"/c/{comment.pk}/flag/"
    flag(comment, person(), note="Somebody else’s words.")
    flag(comment, visitor="v" * 32, note="A visitor’s words.")
    client.force_login(bob)
    assert "You flagged it" not in client.get(address).content.decode()
    client.post(address, {"reason": "unkind", "note": "Look at the end <of> it."})
    text = client.get(address).content.decode()
    for told in ("It is unkind", "Look at the end &lt;of&gt; it.", "A moderator will look at it.", 'href="/flags/"'):
        assert told in text.partition("<details>")[0]
    assert "words." not in text
    # an addition is still accepted
    assert "Add something to it" in text
    wrong = client.post(address, {"reason": "", "note": "One more thing."}).content.decode()
    assert "One more thing." in wrong.partition("<details open>")[2]
    actions.approve(moderator=mod, comment=comment, reason=WHY)
    text = client.get(address).content.decode()
    assert "kept the comment" in text
    assert "Flag it again" in text
    client.logout()
    assert "You flagged it" not in client.get(address).content.decode()


def test_deletion_closes_case_and_undo_reopens_it(comment, alice, bob):
    flag(comment, bob)
    comments.delete(author=alice, comment=comment)
    assert Flag.objects.get().outcome == Flag.Outcome.GONE
    assert not Case.objects.open().exists()
    comments.undelete(author=alice, comment=comment)
    assert Flag.objects.get().outcome == Flag.Outcome.OPEN
    assert Case.objects.open().count() == 1


def test_accuracy_counts_from_five_decided_flags(opening, bob, mod):
    def decided(number, act):
        for _number in range(number):
            comment = reply(opening, person())
            flag(comment, bob)
            act(moderator=mod, comment=comment, reason=WHY)

    decided(4, actions.remove)
    assert flags.weight_of(bob) == 2
    decided(1, actions.remove)
    assert flags.weight_of(bob) == 3
    decided(5, actions.approve)
    assert flags.weight_of(bob) == 2
    decided(10, actions.approve)
    assert flags.weight_of(bob) == 1.5
