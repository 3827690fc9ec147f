"""Moderators do not decide about what concerns themselves, where there is another moderator."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from posts.models import Appeal, Case, Comment, LogEntry
from posts.moderation import actions, appeals, decisions, undo
from posts.writing import comments, guests
from tests.factories import WHY, moderator, person, thread
from tests.posts.moderation.case_forms import page, said, seated
from tests.posts.moderation.test_appeals import answer

pytestmark = pytest.mark.django_db
Outcome = Appeal.Outcome
PASSAGE = "Dr. Secretname of Canaria Street"


@pytest.fixture
def redaction(mod, mia, opening):
    """A passage that Mia took out of a comment that Mo wrote as a guest, and that Mo claimed afterwards."""
    written = guests.comment_as_guest(
        name="Wren", email=mod.email, parent=opening, source=f"I met {PASSAGE}, and it was awful.", key=None
    )
    return actions.edit_out(moderator=mia, comment=written, passage=PASSAGE, reason=WHY)


def claim(mod, entry):
    assert guests.claim(person=mod, addresses=[mod.email], comments=[entry.comment_id])
    return LogEntry.objects.get(pk=entry.pk)


def test_redaction_of_claimed_comment_is_not_undone_by_its_author(mod, redaction):
    entry = claim(mod, redaction)
    with pytest.raises(PermissionDenied, match="about yourself"):
        undo.undo(moderator=mod, entry=entry, reason="I want it back.")
    assert PASSAGE not in Comment.objects.get(pk=entry.comment_id).source


def test_appeal_about_claimed_comment_is_not_answered_by_its_author(client, mod, mia, redaction):
    made = appeals.appeal(entry=redaction, text="I want my words back.", person=None)
    claim(mod, redaction)
    made = Appeal.objects.get(pk=made.pk)
    other = moderator("Third One")
    case = made.case
    with pytest.raises(PermissionDenied, match="about yourself"):
        answer(mod, made, Outcome.REVERSED)
    with pytest.raises(DatabaseError, match="somebody else"), transaction.atomic():
        Appeal.objects.update(outcome="upheld", decided_at=timezone.now(), decided_by=mod)
    assert not decisions.claim(moderator=mod, case_id=case.pk)
    assert case not in Case.objects.offered_to(mod, timezone.now())
    assert case in Case.objects.offered_to(other, timezone.now())
    assert 'name="outcome"' not in said(seated(client, mod).get(page(case)))
    assert answer(other, made, Outcome.UPHELD)


def test_only_moderator_undoes_what_is_about_themselves(mod, mia, redaction):
    User.objects.filter(pk=mia.pk).update(is_staff=False)
    assert undo.undo(moderator=mod, entry=claim(mod, redaction), reason="Nobody else is here.")


@pytest.mark.parametrize("act", [actions.unlock, actions.pin])
def test_moderator_neither_unlocks_nor_pins_own_thread(mod, mia, act):
    own = thread(author=mod, title="A thread of my own")
    actions.lock(moderator=mia, thread=own, reason=WHY)
    with pytest.raises(PermissionDenied, match="about yourself"):
        act(moderator=mod, thread=own, reason=WHY)
    assert act(moderator=mia, thread=own, reason=WHY)


def test_lock_of_own_thread_is_not_undone_by_its_author(mod, mia):
    own = thread(author=mod, title="A thread of my own")
    entry = actions.lock(moderator=mia, thread=own, reason=WHY)
    with pytest.raises(PermissionDenied, match="about yourself"):
        undo.undo(moderator=mod, entry=entry, reason=WHY)
    assert undo.undo(moderator=mia, entry=entry, reason=WHY)


def test_moderator_undoes_decision_about_comment_of_another_in_own_thread(mod, mia):
    own = thread(author=mod, title="A thread of my own")
    written = comments.reply(
        author=person(), parent=own.opening, submission=comments.Submission(source="Somebody else wrote these words.")
    )
    entry = actions.remove(moderator=mia, comment=written, reason=WHY)
    assert undo.undo(moderator=mod, entry=entry, reason="A mistake.")
