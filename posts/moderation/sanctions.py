"""The verbs of moderators about people: warn, watch, suspend, ban, trust. What holds for posts.moderation.actions holds
here.

Whoever is warned, suspended or banned can read, appeal, and take along what they wrote.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from posts.models import LogEntry
from posts.moderation import notices
from posts.moderation.audit_log import check_right, log
from posts.threads import exceptions
from posts.threads.changes import moment_if, set_fields
from posts.threads.exceptions import Refused

Act = LogEntry.Act


@transaction.atomic
def warn(*, moderator, person, reason, rule="", comment=None, decision=None):
    """The person has to read and acknowledge it before they write again."""
    return _set_person(moderator, person, reason, rule, Act.WARN, comment, decision, warned_at=timezone.now())


@transaction.atomic
def acknowledge(*, person, warned_at):
    """The person has read what they were warned about at the moment `warned_at`; whether it was the latest warning."""
    person = _lock_person(person)
    if person.warned_at is None or person.warned_at != warned_at:
        return person.warned_at is None
    person.warned_at = None
    person.save(update_fields=["warned_at"])
    return True


def opened(*, person):
    """The person has opened what was decided about them."""
    if person.has_statement:
        User.objects.filter(pk=person.pk).update(has_statement=False)
        person.has_statement = False


@transaction.atomic
def watch(*, moderator, person, reason, rule="", comment=None, decision=None):
    """What the person writes from now on is held for review."""
    at = moment_if(True, _lock_person(person).watched_at, timezone.now())
    return _set_person(moderator, person, reason, rule, Act.WATCH, comment, decision, watched_at=at)


@transaction.atomic
def unwatch(*, moderator, person, reason):
    """Undoes `watch`."""
    entry = _set_person(moderator, person, reason, "", Act.UNWATCH, None, None, watched_at=None)
    if entry:
        notices.send_reversal(entry)
    return entry


@transaction.atomic
def suspend(*, moderator, person, reason, until=None, rule="", comment=None, decision=None):
    """The person can read but not write, until the moment `until` or, without it, until the suspension is ended.

    Raises PermissionDenied for oneself, and for staff unless a superuser does it; Refused where that would end sooner
    than what somebody has decided already.
    """
    act = Act.SUSPEND if until else Act.BAN
    locked = _lock_person(person)
    if until and locked.is_suspended and (locked.suspended_until is None or locked.suspended_until > until):
        raise Refused(exceptions.SUSPENDED_LONGER)
    at = locked.suspended_at if locked.is_suspended and locked.suspended_until == until else timezone.now()
    return _set_person(moderator, person, reason, rule, act, comment, decision, suspended_at=at, suspended_until=until)


@transaction.atomic
def unsuspend(*, moderator, person, reason):
    """Ends a suspension or a ban; nobody ends their own."""
    check_right(moderator, reason)
    if person.pk == moderator.pk:
        raise PermissionDenied
    if not _lock_person(person).is_suspended:
        return False
    ended = {"suspended_at": None, "suspended_until": None}
    entry = _set_person(moderator, person, reason, "", Act.UNSUSPEND, None, None, spares_staff=False, **ended)
    notices.send_reversal(entry)
    return entry


@transaction.atomic
def trust(*, moderator, person, reason):
    """The person has shown that they can be trusted; from now on their trust is not reckoned any more."""
    return _set_trust(moderator, person, reason, Act.TRUST, User.Trust.TRUSTED)


@transaction.atomic
def untrust(*, moderator, person, reason):
    """The person is a member like others, and stays that until a moderator says otherwise."""
    return _set_trust(moderator, person, reason, Act.UNTRUST, User.Trust.MEMBER)


def _set_trust(moderator, person, reason, act, level):
    check_right(moderator, reason)
    person = _lock_person(person)
    if person.trust == level:
        return False
    before = {}
    set_fields(person, {"trust": level, "trust_set_at": timezone.now()}, before, "person")
    return log(moderator, act, reason, person=person, before=before)


def _set_person(moderator, person, reason, rule, act, comment, decision, *, spares_staff=True, **values):
    check_right(moderator, reason)
    person = _lock_person(person)
    if spares_staff:
        check_may_be_judged(moderator, person)
    before = {}
    if not set_fields(person, values, before, "person"):
        return False
    until, details, about = values.get("suspended_until"), {}, {}
    if until:
        details["until"] = until.isoformat()
    if decision is not None:
        details["decision"] = decision.pk
    goes_with = decision or _ended_by(act, person)
    if goes_with is not None and goes_with.is_confidential:
        about = {"is_confidential": True}
    return log(
        moderator,
        act,
        reason,
        rule=rule,
        person=person,
        before=before,
        comment=comment,
        thread=comment and comment.thread,
        details=details or None,
        **about,
    )


def _ended_by(act, person):
    """The entry of what `act` ends: whatever kept that out of the public log keeps its end out of it, too."""
    begun = {Act.UNSUSPEND: [Act.SUSPEND, Act.BAN], Act.UNWATCH: [Act.WATCH]}.get(act)
    return LogEntry.objects.filter(person=person, act__in=begun).order_by("-id").first() if begun else None


def may_be_judged(moderator, person):
    """Nobody decides about themselves, and about staff a superuser alone."""
    return person.pk != moderator.pk and (moderator.is_superuser or not person.is_staff)


def check_may_be_judged(moderator, person):
    """Raises PermissionDenied for oneself, and for staff unless a superuser does it."""
    if not may_be_judged(moderator, person):
        raise PermissionDenied(exceptions.NOT_STAFF)


def _lock_person(person):
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)
