"""The verb of those whom a decision went against."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from posts.models import Appeal, Case, LogEntry
from posts.models.appeal import APPEAL_WITHIN
from posts.threads import exceptions
from posts.threads.exceptions import Refused


@transaction.atomic
def appeal(*, entry, text, person=None):
    """The Appeal against `entry` by whom it concerns, which a moderator finds in the queue; the second time the first.

    `person` is nobody for whoever came by the link in the mail. Raises PermissionDenied for others, Refused where it is
    too late, nothing is said, or the decision is not one to appeal against.
    """
    if person is not None and entry.person_id != person.pk:
        raise PermissionDenied
    if not may_appeal(entry):
        raise Refused(exceptions.NO_APPEAL)
    if not text.strip():
        raise Refused(exceptions.EMPTY_APPEAL)
    now = timezone.now()
    try:
        with transaction.atomic():
            made = Appeal.objects.create(entry=entry, person=person or entry.person, text=text.strip(), made_at=now)
    except IntegrityError:
        return Appeal.objects.get(entry=entry)
    Case.objects.create(comment=entry.comment, kind=Case.Kind.APPEAL, why=[Case.Why.APPEAL], appeal=made, opened_at=now)
    return made


def may_appeal(entry, at=None):
    """The decision is one to appeal against, lately made, and still stands."""
    at = at or timezone.now()
    is_undone = LogEntry.objects.filter(undoes=entry).exists()
    return entry.is_appealable and at - entry.at <= APPEAL_WITHIN and not is_undone
