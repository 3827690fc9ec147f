"""An appeal against what a moderator's flag hid is answered by another moderator."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from posts.models import Appeal, Case, Flag, LogEntry
from posts.moderation import actions, decisions, flags
from tests.factories import WHY
from tests.posts.moderation.case_forms import page, said, seated
from tests.posts.moderation.test_appeals import answer, appeal

pytestmark = pytest.mark.django_db
Outcome = Appeal.Outcome


@pytest.fixture
def hidden_by_flag(mod, mia, comment):
    flags.flag(comment=comment, reason=Flag.Reason.SPAM, person=mod)
    return LogEntry.objects.get(act=LogEntry.Act.HIDE)


def test_appeal_against_what_a_flag_hid_is_answered_by_another_moderator(client, alice, mod, mia, hidden_by_flag):
    made = appeal(hidden_by_flag, alice)
    # a further note changes when the flag was made
    flags.flag(comment=hidden_by_flag.comment, reason=Flag.Reason.HARM, note="Look!", person=mod)
    with pytest.raises(PermissionDenied, match="your flag"):
        answer(mod, made, Outcome.UPHELD)
    with pytest.raises(DatabaseError, match="somebody else"), transaction.atomic():
        Appeal.objects.update(outcome="upheld", decided_at=timezone.now(), decided_by=mod)
    assert not decisions.claim(moderator=mod, case_id=made.case.pk)
    assert made.case not in Case.objects.offered_to(mod, timezone.now())
    assert 'name="outcome"' not in said(seated(client, mod).get(page(made.case)))
    assert answer(mia, made, Outcome.UPHELD)


def test_flag_that_was_decided_before_does_not_count(alice, mod, mia, comment):
    flags.flag(comment=comment, reason=Flag.Reason.SPAM, person=mod)
    actions.approve(moderator=mia, comment=comment, reason=WHY)
    flags.flag(comment=comment, reason=Flag.Reason.SPAM, person=mia)
    made = appeal(LogEntry.objects.filter(act=LogEntry.Act.HIDE).latest("pk"), alice)
    assert answer(mod, made, Outcome.UPHELD)


def test_only_moderator_answers_appeal_against_own_flag(alice, mod, mia, hidden_by_flag):
    User.objects.filter(pk=mia.pk).update(is_staff=False)
    assert answer(mod, appeal(hidden_by_flag, alice), Outcome.UPHELD)
