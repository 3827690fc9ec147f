"""The verbs around a clinician's verification: ask, withdraw, answer, grant and revoke. A badge says what was checked
and when.

A request is an item of the queue. With its answer the registration number and the evidence are erased.
"""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User, Verification, VerificationRequest
from posts.models import Case, LogEntry
from posts.moderation import decisions
from posts.moderation.audit_log import check_right, log
from posts.threads import exceptions, permissions, publishing
from posts.threads.exceptions import Refused

Act, Outcome = LogEntry.Act, VerificationRequest.Outcome
HOLDS_FOR = timedelta(days=365)
GIVEN = ["profession", "regulator", "region", "number", "evidence"]
CHECKED = ["profession", "regulator", "region", "method"]


def request_of(person):
    """The open VerificationRequest of `person`, or None."""
    return VerificationRequest.objects.filter(person=person, outcome=Outcome.OPEN).first()


@transaction.atomic
def ask(*, person, **given):
    """The open VerificationRequest of `person`, new or with what is `given` (GIVEN) in the place of what it said.

    Raises PermissionDenied and Refused for whoever may not write.
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
        # there is one: whoever decides about it has to have seen what it says now
        _open_cases(person).update(version=F("version") + 1)
        VerificationRequest.objects.filter(person=person, outcome=Outcome.OPEN).update(**given)
        # or there was: it has been answered in this moment
        return request_of(person) or ask(person=person, **given)
    Case.objects.create(kind=Case.Kind.VERIFICATION, why=[Case.Why.CLINICIAN], verification_request=made, opened_at=now)
    return made


@transaction.atomic
def withdraw(*, person):
    """Takes back an open request, with all that it said; whether there was one."""
    return _close_request(person, Outcome.WITHDRAWN, None)


@transaction.atomic
def answer(*, moderator, case, seen, outcome, reason, **checked):
    """The log's entry of the answer to a request: GRANTED, and then what was `checked` (CHECKED) is the Verification,
    or REFUSED.

    `seen` is the version of the case it is made on. Raises Stale, Refused, and PermissionDenied for one's own request.
    """
    check_right(moderator, reason)
    if case.verification_request_id is None:
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
def grant(*, moderator, person, profession, regulator, region, method, reason):
    """The Verification of `person` as a clinician, from now on for HOLDS_FOR; earlier ones stay as they are, and it
    answers an open request.

    Raises PermissionDenied for oneself: the check is somebody else's; Refused where one of CHECKED is not said.
    """
    check_right(moderator, reason)
    _check_not_oneself(moderator, person)
    checked = {"profession": profession, "regulator": regulator, "region": region, "method": method}
    return _granted(moderator, person, reason, checked)[0]


@transaction.atomic
def revoke(*, moderator, person, reason):
    """Ends every verification of `person` that is in force; returns how many. Old badges then say “when posted”."""
    check_right(moderator, reason)
    publishing.raise_versions_of_author(person)
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    now = timezone.now()
    revoked = person.verifications.in_force(now).update(revoked_at=now)
    if revoked:
        log(moderator, Act.REVOKE, reason, person=person)
    return revoked


def _granted(moderator, person, reason, checked):
    """The new Verification and the log's entry. The open case is locked before the person, as everywhere."""
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


def _close_request(person, outcome, entry):
    """The open request is decided, its item closed, and what was told for the check alone is erased."""
    now = timezone.now()
    _open_cases(person).update(closed_at=now, closed_by=entry, version=F("version") + 1)
    requests = VerificationRequest.objects.filter(person=person, outcome=Outcome.OPEN)
    return bool(requests.update(outcome=outcome, decided_at=now, number="", evidence=""))


def _open_cases(person):
    """The open case of the request, locked, as a query set of one or none.

    Locked first and changed by its id: an UPDATE that asks for the person by a join would not see that somebody closed
    the case while it waited for the row.
    """
    cases = Case.objects.filter(verification_request__person=person, closed_at=None)
    locked = cases.select_for_update(no_key=True, of=["self"]).values_list("pk", flat=True)
    return Case.objects.filter(pk__in=list(locked))


def _check_not_oneself(moderator, person):
    if person.pk == moderator.pk:
        raise PermissionDenied(exceptions.NOT_YOURSELF)
