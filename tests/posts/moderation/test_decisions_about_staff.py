"""Only superusers decide about staff, and nobody about themselves."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User, Verification
from posts.models import LogEntry
from posts.moderation import sanctions, verification
from tests.factories import WHY, moderator

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("act", ["trust", "untrust", "unsuspend", "unwatch", "revoke"])
@pytest.mark.parametrize("about", ["self", "moderator", "owner"])
@pytest.mark.parametrize("by", ["moderator", "owner"])
def test_only_superusers_decide_about_staff_and_nobody_about_themselves(act, about, by):
    mo, mia = moderator("Mo Derby"), moderator("Mia Second")
    owner = moderator("Olga Owner", is_superuser=True)
    one = mo if by == "moderator" else owner
    other = {"self": one, "moderator": mia, "owner": moderator("Otto Owner", is_superuser=True)}[about]
    later = timezone.now() + timedelta(days=9)
    trust = User.Trust.MEMBER if act == "trust" else User.Trust.TRUSTED
    User.objects.filter(pk=other.pk).update(trust=trust, watched_at=timezone.now())
    if act == "unsuspend" and one != other:
        User.objects.filter(pk=other.pk).update(suspended_at=timezone.now(), suspended_until=later)
    Verification.objects.create(
        user=other,
        profession="P",
        regulator="R",
        region="GB",
        method="M",
        checked_by=owner,
        checked_at=timezone.now(),
        expires_at=later,
    )
    do = verification.revoke if act == "revoke" else getattr(sanctions, act)
    if by == "owner" and about != "self":
        assert do(moderator=one, person=other, reason=WHY)
        return
    with pytest.raises(PermissionDenied):
        do(moderator=one, person=other, reason=WHY)
    assert not LogEntry.objects.exists()
