"""The verbs around a clinician's verification: grant and revoke. A badge says what was checked and when."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User, Verification
from posts.actions import counting, refusals
from posts.actions.recording import check_right, log
from posts.models import LogEntry

Act = LogEntry.Act
HOLDS_FOR = timedelta(days=365)


@transaction.atomic
def grant(*, moderator, person, profession, regulator, region, method, reason):
    """The Verification of `person` as a clinician, from now on for HOLDS_FOR; earlier ones stay as they are.

    Raises PermissionDenied for oneself: the check is somebody else's.
    """
    check_right(moderator, reason)
    if person.pk == moderator.pk:
        raise PermissionDenied(refusals.NOT_YOURSELF)
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    now = timezone.now()
    verification = Verification.objects.create(
        user=person, profession=profession, regulator=regulator, region=region, method=method,
        checked_at=now, checked_by=moderator, expires_at=now + HOLDS_FOR,
    )  # fmt: skip
    log(moderator, Act.VERIFY, reason, person=person)
    return verification


@transaction.atomic
def revoke(*, moderator, person, reason):
    """Ends every verification of `person` that is in force; returns how many. Old badges then say “when posted”."""
    check_right(moderator, reason)
    counting.author_looks_different(person)
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    now = timezone.now()
    revoked = person.verifications.in_force(now).update(revoked_at=now)
    if revoked:
        log(moderator, Act.REVOKE, reason, person=person)
    return revoked
