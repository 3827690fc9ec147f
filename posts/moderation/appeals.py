"""Appeal against a decision."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from posts.models import Appeal, Case, LogEntry
from posts.models.appeal import APPEAL_WITHIN
from posts.threads import exceptions
from posts.threads.exceptions import Refused


@transaction.atomic
def appeal(*, entry: LogEntry, text: str, person: User | None = None) -> Appeal:
    """Create the appeal against `entry` and its case in the review queue; a second appeal returns the first one.

    `person` is None if the page was opened by the link in the mail. Raises PermissionDenied if the decision is about
    another person, and Refused if the text is empty, the time is over, or the decision cannot be appealed.
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


def may_appeal(entry: LogEntry, at: datetime | None = None) -> bool:
    """Return whether there can be an appeal against the decision.

    It must be of an appealable kind, not older than APPEAL_WITHIN at the moment `at` (now by default), and not undone.
    """
    at = at or timezone.now()
    is_undone = LogEntry.objects.filter(undoes=entry).exists()
    return entry.is_appealable and at - entry.at <= APPEAL_WITHIN and not is_undone
