"""An undone decision on a privacy or urgent case republishes nothing: the comment waits for a decision."""

from datetime import timedelta

import pytest
from django.test import Client

from forum.models import OutboxMessage
from posts.models import Case, Comment, LogEntry, Rules
from posts.moderation import actions, decisions, flags, hiding, undo
from posts.threads import publishing
from posts.threads.exceptions import Refused
from posts.writing import comments
from tests.factories import WHY, person, reply
from tests.posts.moderation.case_forms import QUEUE, said

ADDRESS = "12 Elm Street"
TEXT = f"My patient Anna lives at {ADDRESS} and comes on Mondays, as she told me."
ACTS = ["remove", "hold", "edit_out", "hide"]
KINDS = {"personal": Case.Kind.PRIVACY, "harm": Case.Kind.URGENT}


def taken_back_later(opening, mod, act, reason):
    """The log's entry of an act that hid the comment, on an open case of that kind."""
    comment = reply(opening, person(), TEXT)
    flags.flag(comment=comment, person=person(), reason=reason)
    comment.refresh_from_db()
    if act == "hide":
        entry = LogEntry.objects.filter(comment=comment, act="hide").first()
        return entry or hiding.hide_until_reviewed(publishing.lock_comment(comment), "Hidden at once.")
    about = {"moderator": mod, "comment": comment, "reason": "It names a patient."}
    if act == "edit_out":
        return actions.edit_out(passage=ADDRESS, **about)
    return getattr(actions, act)(**about)


def is_public(comment):
    """Whether a stranger reads the address anywhere that the comment is shown."""
    pages = [
        comment.thread.get_absolute_url(),
        *(f"/c/{comment.pk}/{way}" for way in ("", "branch/", "history/?version=1")),
    ]
    return any(ADDRESS in said(Client().get(page, follow=True)) for page in pages)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.django_db(transaction=False)
def test_undo_on_a_pressing_case_asks_why_and_holds_the_comment(opening, mod, mod_client, act, kind):
    entry = taken_back_later(opening, mod, act, kind)
    address = f"{QUEUE}undo/{entry.pk}/"
    for quick in ({}, {"reason": " "}):
        asked = mod_client.post(address, quick)
        assert 'name="reason"' in said(asked)
        assert not LogEntry.objects.filter(act="undo").exists()
        assert not is_public(entry.comment)
    assert asked.status_code == 422
    assert 'name="reason"' in said(mod_client.get(address))
    told = said(mod_client.post(address, {"reason": WHY}, follow=True))
    assert "stays hidden until a decision" in told
    comment = Comment.objects.get(pk=entry.comment_id)
    assert (comment.state, comment.source) == (Comment.State.HIDDEN, TEXT)
    assert not is_public(comment)
    case = Case.objects.open().get(comment=comment)
    assert case.kind == KINDS[kind]
    assert LogEntry.objects.get(act="undo").reason == WHY
    decisions.decide(moderator=mod, case=case, seen=case.version, act="approve", reason="It is made up.")
    assert is_public(comment)


def test_undo_of_several_asks_why_if_one_of_them_is_pressing(opening, mod, mod_client):
    private, plain = taken_back_later(opening, mod, "remove", "personal"), None
    comment = reply(opening, person())
    plain = actions.remove(moderator=mod, comment=comment, reason="Unkind.")
    address = f"{QUEUE}undo/?entries={private.pk}.{plain.pk}"
    assert 'name="reason"' in said(mod_client.post(address))
    assert not LogEntry.objects.filter(act="undo").exists()
    mod_client.post(address, {"reason": WHY})
    assert set(LogEntry.objects.filter(act="undo").values_list("reason", flat=True)) == {WHY}
    assert not is_public(private.comment)
    comment.refresh_from_db()
    assert comment.is_published


def test_undo_of_an_ordinary_decision_is_done_at_once(opening, mod, mod_client):
    comment = reply(opening, person())
    entry = actions.remove(moderator=mod, comment=comment, reason="Unkind.")
    mod_client.post(f"{QUEUE}undo/{entry.pk}/")
    comment.refresh_from_db()
    assert comment.is_published
    assert LogEntry.objects.get(act="undo").reason == "Reversed by a moderator."


def test_undo_of_an_approval_on_a_pressing_case_needs_no_reason(opening, mod):
    comment = reply(opening, person(), TEXT)
    flags.flag(comment=comment, person=person(), reason="personal")
    comment.refresh_from_db()
    actions.hold(moderator=mod, comment=comment, reason="A second look.")
    entry = actions.approve(moderator=mod, comment=comment, reason="It is made up.")
    undo.undo(moderator=mod, entry=entry)
    comment.refresh_from_db()
    assert comment.state == Comment.State.HIDDEN


def test_undo_of_a_redaction_without_a_reason_is_refused_and_changes_nothing(opening, mod):
    entry = taken_back_later(opening, mod, "edit_out", "personal")
    with pytest.raises(Refused):
        undo.undo(moderator=mod, entry=entry)
    assert ADDRESS not in Comment.objects.get(pk=entry.comment_id).source


def test_author_of_a_comment_that_stays_out_of_sight_gets_no_mail_that_it_is_back(opening, mod):
    entry = taken_back_later(opening, mod, "remove", "personal")
    OutboxMessage.objects.all().delete()
    undo.undo(moderator=mod, entry=entry, reason=WHY)
    assert not OutboxMessage.objects.exists()


RULE = "Leave other people’s lives to them"


@pytest.mark.parametrize("act", ["restore", "show_again"])
def test_decision_by_rule_about_privacy_is_not_taken_back_at_once(opening, mod, act):
    """No reader flagged it: the rule alone says that it is about privacy."""
    assert RULE in Rules.in_force().titles_in_numbers
    comment = reply(opening, person(), TEXT)
    about = {"moderator": mod, "comment": comment, "reason": "It names a patient.", "rule": RULE}
    if act == "restore":
        actions.remove(**about)
        actions.restore(moderator=mod, comment=comment, reason=WHY)
    else:
        actions.edit_out(passage=ADDRESS, **about)
        with pytest.raises(Refused, match="stay withheld"):
            actions.show_again(moderator=mod, revision=comment.revisions.get(), reason=WHY)
    assert not is_public(comment)
    assert Case.objects.masked_among([comment.pk]) == {comment.pk}


def test_older_versions_of_cleaned_comment_stay_withheld(opening, mod):
    comment = reply(opening, person(), TEXT)
    Comment.objects.filter(pk=comment.pk).update(created_at=comment.created_at - timedelta(hours=1))
    comments.edit(editor=comment.author, comment=comment, source=f"{TEXT} And more.")
    flags.flag(comment=comment, person=mod, reason="personal")
    comments.edit(editor=comment.author, comment=comment, source="There is no name in it any more, as you see.")
    case = Case.objects.open().get()
    decisions.decide(moderator=mod, case=case, seen=case.version, act="approve", reason="It is clean now.")
    comment.refresh_from_db()
    assert comment.is_published
    assert comment.revisions.filter(withheld_at=None).count() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_restored_comment_of_pressing_case_waits_for_decision(opening, mod, kind):
    entry = taken_back_later(opening, mod, "remove", kind)
    OutboxMessage.objects.all().delete()
    actions.restore(moderator=mod, comment=entry.comment, reason=WHY)
    comment = Comment.objects.get(pk=entry.comment_id)
    assert (comment.state, is_public(comment)) == (Comment.State.HIDDEN, False)
    assert Case.objects.open().get(comment=comment).kind == KINDS[kind]
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_version_withheld_in_pressing_case_is_not_shown_again(opening, mod, kind):
    entry = taken_back_later(opening, mod, "edit_out", kind)
    with pytest.raises(Refused, match="stay withheld"):
        actions.show_again(moderator=mod, revision=entry.comment.revisions.get(), reason=WHY)
    assert not is_public(entry.comment)
