"""Actions of moderators on people: warn, watch, suspend, ban, trust.

The rules of posts.moderation.actions apply here, too. A person who is warned, suspended or banned can still read,
appeal, and export what they wrote.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from posts.models import Comment, LogEntry
from posts.moderation import notices
from posts.moderation.audit_log import check_right, log
from posts.threads import exceptions
from posts.threads.changes import moment_if, set_fields
from posts.threads.exceptions import Refused

Act = LogEntry.Act


@transaction.atomic
def warn(
    *,
    moderator: User,
    person: User,
    reason: str,
    rule: str = "",
    comment: Comment | None = None,
    decision: LogEntry | None = None,
) -> LogEntry | Literal[False]:
    """Warn a person. They have to read and acknowledge the warning before they can write again."""
    return _set_person(moderator, person, reason, rule, Act.WARN, comment, decision, warned_at=timezone.now())


@transaction.atomic
def acknowledge(*, person: User, warned_at: datetime | None) -> bool:
    """Note that the person has read the warning that they got at the moment `warned_at`.

    Returns False if there is a later warning, which stays to be read.
    """
    person = _lock_person(person)
    if person.warned_at is None or person.warned_at != warned_at:
        return person.warned_at is None
    person.warned_at = None
    person.save(update_fields=["warned_at"])
    return True


def opened(*, person: User) -> None:
    """Note that the person has opened the decisions about them."""
    if person.has_statement:
        User.objects.filter(pk=person.pk).update(has_statement=False)
        person.has_statement = False


@transaction.atomic
def watch(
    *,
    moderator: User,
    person: User,
    reason: str,
    rule: str = "",
    comment: Comment | None = None,
    decision: LogEntry | None = None,
) -> LogEntry | Literal[False]:
    """Put a person under watch: what they write from now on is held for review."""
    at = moment_if(True, _lock_person(person).watched_at, timezone.now())
    return _set_person(moderator, person, reason, rule, Act.WATCH, comment, decision, watched_at=at)


@transaction.atomic
def unwatch(*, moderator: User, person: User, reason: str) -> LogEntry | Literal[False]:
    """Undo `watch`."""
    entry = _set_person(moderator, person, reason, "", Act.UNWATCH, None, None, watched_at=None)
    if entry:
        notices.send_reversal(entry)
    return entry


@transaction.atomic
def suspend(
    *,
    moderator: User,
    person: User,
    reason: str,
    until: datetime | None = None,
    rule: str = "",
    comment: Comment | None = None,
    decision: LogEntry | None = None,
) -> LogEntry | Literal[False]:
    """Suspend a person until the moment `until`, or ban them if it is None. They can read, but not write.

    Raises PermissionDenied for oneself, and for staff unless the moderator is a superuser. Raises Refused if the person
    is suspended for longer already.
    """
    act = Act.SUSPEND if until else Act.BAN
    locked = _lock_person(person)
    if until and locked.is_suspended and (locked.suspended_until is None or locked.suspended_until > until):
        raise Refused(exceptions.SUSPENDED_LONGER)
    at = locked.suspended_at if locked.is_suspended and locked.suspended_until == until else timezone.now()
    return _set_person(moderator, person, reason, rule, act, comment, decision, suspended_at=at, suspended_until=until)


@transaction.atomic
def unsuspend(*, moderator: User, person: User, reason: str) -> LogEntry | Literal[False]:
    """End a suspension or a ban. Raises PermissionDenied for one's own."""
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
def trust(*, moderator: User, person: User, reason: str) -> LogEntry | Literal[False]:
    """Make a person a trusted member. Their trust is not recalculated any more."""
    return _set_trust(moderator, person, reason, Act.TRUST, User.Trust.TRUSTED)


@transaction.atomic
def untrust(*, moderator: User, person: User, reason: str) -> LogEntry | Literal[False]:
    """Make a trusted person a member. Their trust is not recalculated any more."""
    return _set_trust(moderator, person, reason, Act.UNTRUST, User.Trust.MEMBER)


def _set_trust(moderator: User, person: User, reason: str, act: Act, level: User.Trust) -> LogEntry | Literal[False]:
    check_right(moderator, reason)
    person = _lock_person(person)
    if person.trust == level:
        return False
    before = {}
    set_fields(person, {"trust": level, "trust_set_at": timezone.now()}, before, "person")
    return log(moderator, act, reason, person=person, before=before)


def _set_person(
    moderator: User,
    person: User,
    reason: str,
    rule: str,
    act: Act,
    comment: Comment | None,
    decision: LogEntry | None,
    *,
    spares_staff: bool = True,
    **values: Any,
) -> LogEntry | Literal[False]:
    """Set the fields `values` of the person and log it.

    The entry is confidential if `decision`, or the entry that this one ends, is.
    """
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


def _ended_by(act: Act, person: User) -> LogEntry | None:
    """Return the entry of the sanction that `act` ends, or None.

    If that one is not in the public log, its end must not be, either.
    """
    begun = {sanction.act for sanction in SANCTIONS.values() if sanction.ended_by == act}
    return LogEntry.objects.filter(person=person, act__in=begun).order_by("-id").first() if begun else None


def may_be_judged(moderator: User, person: User) -> bool:
    """Return whether `moderator` may decide about `person`.

    Moderators cannot decide about themselves, and only superusers about staff.
    """
    return person.pk != moderator.pk and (moderator.is_superuser or not person.is_staff)


def check_may_be_judged(moderator: User, person: User) -> None:
    """Raise PermissionDenied for oneself, and for staff unless the moderator is a superuser."""
    if not may_be_judged(moderator, person):
        raise PermissionDenied(exceptions.NOT_STAFF)


def _lock_person(person: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


@dataclass(frozen=True)
class Sanction:
    """A sanction that moderators can choose. Everything about it is in its row of SANCTIONS.

    `name` is its value in forms and `label` what moderators read there. `act` is its entry in the audit log and
    `notice` what the person reads about it. `apply` puts it on a person, and takes `until` if there is a `duration`.
    `ended_by` is the act that ends it early, if there is one.
    """

    name: str
    label: Promise
    act: Act
    notice: Promise
    apply: Callable[..., LogEntry | Literal[False]]
    ended_by: Act | None = None
    duration: timedelta | None = None

    def ends_at(self, moment: datetime) -> datetime | None:
        """Return when the sanction ends if it begins at `moment`; None if it has no end of its own."""
        return moment + self.duration if self.duration else None


SUSPENDED = _("You are suspended: you can read, but not write.")
SANCTIONS = {
    sanction.name: sanction
    # the mildest first
    for sanction in (
        Sanction("warn", _("Warn"), Act.WARN, _("You were warned."), warn),
        Sanction(
            "watch",
            _("Put under watch"),
            Act.WATCH,
            _("What you write is read by a moderator first, until further notice."),
            watch,
            Act.UNWATCH,
        ),
        Sanction(
            "suspend_1", _("Suspend for 24 hours"), Act.SUSPEND, SUSPENDED, suspend, Act.UNSUSPEND, timedelta(hours=24)
        ),
        Sanction(
            "suspend_3", _("Suspend for 72 hours"), Act.SUSPEND, SUSPENDED, suspend, Act.UNSUSPEND, timedelta(hours=72)
        ),
        Sanction(
            "suspend_7", _("Suspend for 7 days"), Act.SUSPEND, SUSPENDED, suspend, Act.UNSUSPEND, timedelta(days=7)
        ),
        Sanction(
            "suspend_28", _("Suspend for 28 days"), Act.SUSPEND, SUSPENDED, suspend, Act.UNSUSPEND, timedelta(days=28)
        ),
        Sanction(
            "ban",
            _("Ban"),
            Act.BAN,
            _("You are banned: you can read, but not write any more."),
            suspend,
            Act.UNSUSPEND,
        ),
    )
}


def apply_sanction(
    *,
    moderator: User,
    person: User,
    name: str,
    reason: str,
    rule: str = "",
    comment: Comment | None = None,
    decision: LogEntry | None = None,
) -> LogEntry | Literal[False]:
    """Apply the sanction called `name` to `person`, and return its log entry, or False if nothing changed.

    `decision` is the log entry of the decision about a comment that the sanction is part of, if there is one. Raises
    KeyError for an unknown name.
    """
    sanction = SANCTIONS[name]
    until = {"until": sanction.ends_at(timezone.now())} if sanction.duration else {}
    return sanction.apply(
        moderator=moderator, person=person, reason=reason, rule=rule, comment=comment, decision=decision, **until
    )


def names_of(act: Act) -> list[str]:
    """Return the names of the sanctions that are logged as `act`, the mildest first; raises KeyError without one."""
    names = [sanction.name for sanction in SANCTIONS.values() if sanction.act == act]
    if not names:
        raise KeyError(act)
    return names
