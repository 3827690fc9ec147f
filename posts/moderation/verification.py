"""Verification of clinicians: request, withdraw, answer, grant and revoke.

A badge shows what was checked and when. A request is a case of the review queue. The answer erases the registration
number and the evidence.
"""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import User, Verification, VerificationRequest
from posts.models import Case, LogEntry
from posts.moderation import decisions
from posts.moderation.audit_log import check_right, log
from posts.moderation.sanctions import check_may_be_judged
from posts.threads import exceptions, permissions, publishing
from posts.threads.exceptions import Refused

Act, Outcome = LogEntry.Act, VerificationRequest.Outcome
HOLDS_FOR = timedelta(days=365)
GIVEN = ["profession", "regulator", "region", "number", "evidence"]
CHECKED = ["profession", "regulator", "region", "method"]


def request_of(person: User) -> VerificationRequest | None:
    """Return the open VerificationRequest of `person`, or None."""
    return VerificationRequest.objects.filter(person=person, outcome=Outcome.OPEN).first()


@transaction.atomic
def ask(*, person: User, **given: str) -> VerificationRequest:
    """Create or update the open VerificationRequest of `person` and return it. `given` are its fields (see GIVEN).

    Raises PermissionDenied and Refused if the person may not write.
    """
    permissions.check_may_write(person)
    now = timezone.now()
    try:
        with transaction.atomic():
            made = VerificationRequest.objects.create(person=person, asked_at=now, **given)
    except IntegrityError:
        same = VerificationRequest.objects.filter(person=person, outcome=Outcome.OPEN, **given).first()
        if same is not None:
            return same
        # there is an open request: decisions on its earlier text must be refused
        _open_cases(person).update(version=F("version") + 1)
        VerificationRequest.objects.filter(person=person, outcome=Outcome.OPEN).update(**given)
        # if it was answered in the meantime, create a new one
        return request_of(person) or ask(person=person, **given)
    Case.objects.create(kind=Case.Kind.VERIFICATION, why=[Case.Why.CLINICIAN], verification_request=made, opened_at=now)
    return made


@transaction.atomic
def withdraw(*, person: User) -> bool:
    """Close an open request and erase its number and evidence. Return whether there was one."""
    return _close_request(person, Outcome.WITHDRAWN, None)


@transaction.atomic
def answer(*, moderator: User, case: Case, seen: int, outcome: str, reason: str, **checked: str) -> LogEntry:
    """Answer a request and return the log entry.

    If `outcome` is GRANTED, the fields `checked` (see CHECKED) make the Verification; otherwise it is REFUSED. `seen`
    is the version of the case that the answer is made on. Raises Stale, Refused, and PermissionDenied for one's own
    request.
    """
    check_right(moderator, reason)
    if case.verification_request is None:
        raise Refused(exceptions.NOTHING_TO_DO)
    person = case.verification_request.person
    _check_not_oneself(moderator, person)
    decisions.check_version(moderator, case, seen)
    if outcome == Outcome.GRANTED:
        return _granted(moderator, person, reason, checked)[1]
    entry = log(moderator, Act.REFUSE, reason, person=person)
    _close_request(person, Outcome.REFUSED, entry)
    return entry


@transaction.atomic
def grant(
    *, moderator: User, person: User, profession: str, regulator: str, region: str, method: str, reason: str
) -> Verification:
    """Verify `person` as a clinician from now on, for HOLDS_FOR, and return the Verification.

    Earlier verifications stay as they are, and an open request is answered by this. Raises PermissionDenied for
    oneself, and Refused if one of CHECKED is empty or another moderator has claimed the request.
    """
    check_right(moderator, reason)
    _check_not_oneself(moderator, person)
    for case in _open_cases(person).select_related("claimed_by"):
        claimant = case.claimant()
        if claimant is not None and claimant != moderator:
            raise Refused(exceptions.CLAIMED % {"who": claimant})
    checked = {"profession": profession, "regulator": regulator, "region": region, "method": method}
    return _granted(moderator, person, reason, checked)[0]


@transaction.atomic
def revoke(*, moderator: User, person: User, reason: str) -> int:
    """End all verifications of `person` that are in force, and return how many.

    Older comments then say “when posted”. Raises PermissionDenied for oneself, and for staff unless the moderator is a
    superuser.
    """
    check_right(moderator, reason)
    check_may_be_judged(moderator, person)
    publishing.raise_versions_of_author(person)
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    now = timezone.now()
    revoked = person.verifications.in_force(now).update(revoked_at=now)
    if revoked:
        log(moderator, Act.REVOKE, reason, person=person)
    return revoked


def _granted(moderator: User, person: User, reason: str, checked: dict[str, str]) -> tuple[Verification, LogEntry]:
    """Return the new Verification and its log entry. Locks the open case before the person, as all functions do."""
    if not all(checked.get(name, "").strip() for name in CHECKED):
        raise Refused(exceptions.NOT_CHECKED)
    _open_cases(person)
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    now = timezone.now()
    verification = Verification.objects.create(
        user=person, checked_at=now, checked_by=moderator, expires_at=now + HOLDS_FOR, **checked
    )
    entry = log(moderator, Act.VERIFY, reason, person=person)
    _close_request(person, Outcome.GRANTED, entry)
    return verification, entry


def _close_request(person: User, outcome: str, entry: LogEntry | None) -> bool:
    """Close the open request and its case, and erase the data that was given for the check alone."""
    now = timezone.now()
    _open_cases(person).update(closed_at=now, closed_by=entry, version=F("version") + 1)
    requests = VerificationRequest.objects.filter(person=person, outcome=Outcome.OPEN)
    return bool(requests.update(outcome=outcome, decided_at=now, number="", evidence=""))


def _open_cases(person: User) -> QuerySet[Case]:
    """Return the open case of the request, locked, as a query set of one or none.

    It is locked first and then selected by its id: an UPDATE that joins the request would not see that the case was
    closed while it waited for the row.
    """
    cases = Case.objects.filter(verification_request__person=person, closed_at=None)
    locked = cases.select_for_update(no_key=True, of=["self"]).values_list("pk", flat=True)
    return Case.objects.filter(pk__in=list(locked))


def _check_not_oneself(moderator: User, person: User) -> None:
    if person.pk == moderator.pk:
        raise PermissionDenied(exceptions.NOT_YOURSELF)
