"""Actions of moderators on people: warn, watch, suspend, ban, trust.

The rules of posts.moderation.actions apply here, too. A person who is warned, suspended or banned can still read,
appeal, and export what they wrote.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from posts.models import Comment, LogEntry
from posts.models.log_entry import ABOUT_PERSON
from posts.moderation import notices
from posts.moderation import trust as moderation_trust
from posts.moderation.audit_log import check_right, log
from posts.threads import exceptions
from posts.threads.exceptions import Refused

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Act = LogEntry.Act
TRUST_OF = {Act.TRUST: User.Trust.TRUSTED, Act.UNTRUST: User.Trust.MEMBER}
# of the entries with the same value here, the latest one says what a person may do
KIND_OF = {
    Act.WATCH: Act.WATCH,
    Act.UNWATCH: Act.WATCH,
    Act.SUSPEND: Act.SUSPEND,
    Act.BAN: Act.SUSPEND,
    Act.UNSUSPEND: Act.SUSPEND,
    Act.TRUST: Act.TRUST,
    Act.UNTRUST: Act.TRUST,
}


@transaction.atomic
def warn(*, moderator: User, person: User, reason: str, **about: Any) -> LogEntry | Literal[False]:
    """Warn a person. They have to read and acknowledge the warning before they can write again.

    `about` may have the `rule`, the `comment` and the decision that the sanction is `part_of`. The same holds for the
    other sanctions.
    """
    return _set_person(moderator, person, reason, Act.WARN, **about)


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
def watch(*, moderator: User, person: User, reason: str, **about: Any) -> LogEntry | Literal[False]:
    """Put a person under watch: what they write from now on is held for review."""
    check_right(moderator, reason)
    if _lock_person(person).watched_at is not None:
        return False
    return _set_person(moderator, person, reason, Act.WATCH, **about)


@transaction.atomic
def unwatch(*, moderator: User, person: User, reason: str) -> LogEntry | Literal[False]:
    """Undo `watch`."""
    check_right(moderator, reason)
    if _lock_person(person).watched_at is None:
        return False
    entry = _set_person(moderator, person, reason, Act.UNWATCH)
    notices.send_reversal(entry)
    return entry


@transaction.atomic
def suspend(
    *, moderator: User, person: User, reason: str, until: datetime | None = None, **about: Any
) -> LogEntry | Literal[False]:
    """Suspend a person until the moment `until`, or ban them if it is None. They can read, but not write.

    Raises PermissionDenied for oneself, and for staff unless the moderator is a superuser. Raises Refused if the person
    is suspended for longer already.
    """
    check_right(moderator, reason)
    locked = _lock_person(person)
    if locked.is_suspended and locked.suspended_until == until:
        return False
    if until and locked.is_suspended and (locked.suspended_until is None or locked.suspended_until > until):
        raise Refused(exceptions.SUSPENDED_LONGER)
    return _set_person(moderator, person, reason, Act.SUSPEND if until else Act.BAN, until=until, **about)


@transaction.atomic
def unsuspend(*, moderator: User, person: User, reason: str) -> LogEntry | Literal[False]:
    """End a suspension or a ban."""
    check_right(moderator, reason)
    check_may_be_judged(moderator, person)
    if not _lock_person(person).is_suspended:
        return False
    entry = _set_person(moderator, person, reason, Act.UNSUSPEND)
    notices.send_reversal(entry)
    return entry


@transaction.atomic
def trust(*, moderator: User, person: User, reason: str) -> LogEntry | Literal[False]:
    """Make a person a trusted member. Their trust is not recalculated any more."""
    return _set_trust(moderator, person, reason, Act.TRUST)


@transaction.atomic
def untrust(*, moderator: User, person: User, reason: str) -> LogEntry | Literal[False]:
    """Make a trusted person a member. Their trust is not recalculated any more."""
    return _set_trust(moderator, person, reason, Act.UNTRUST)


def _set_trust(moderator: User, person: User, reason: str, act: Act) -> LogEntry | Literal[False]:
    check_right(moderator, reason)
    check_may_be_judged(moderator, person)
    if _lock_person(person).trust == TRUST_OF[act]:
        return False
    return _set_person(moderator, person, reason, act)


def _set_person(
    moderator: User,
    person: User,
    reason: str,
    act: Act,
    *,
    part_of: LogEntry | None = None,
    comment: Comment | None = None,
    **about: Any,
) -> LogEntry:
    """Log an action on a person, and set what they may do by the log.

    Raises PermissionDenied for oneself, and for staff unless the moderator is a superuser.
    The entry is confidential if the decision it is `part_of`, or the entry that it ends, is.
    """
    check_right(moderator, reason)
    person = _lock_person(person)
    check_may_be_judged(moderator, person)
    goes_with = part_of or _ended_by(act, person)
    if goes_with is not None and goes_with.is_confidential:
        about["is_confidential"] = True
    thread = comment and comment.thread
    entry = log(moderator, act, reason, person=person, comment=comment, thread=thread, part_of=part_of, **about)
    set_by_log(person)
    if act == Act.WARN:
        person.warned_at = entry.at
        person.save(update_fields=["warned_at"])
    return entry


def set_by_log(person: User) -> None:
    """Set watch, suspension and trust of the locked `person` to what the entries say that were not undone.

    The latest entry of each kind decides. Trust without an entry is recalculated.
    """
    entries = LogEntry.objects.filter(person=person, undone_by=None, act__in=ABOUT_PERSON - {Act.WARN})
    latest = {KIND_OF[Act(entry.act)]: entry for entry in entries.order_by("id")}
    values: dict[str, Any] = dict.fromkeys(("watched_at", "suspended_at", "suspended_until", "trust_set_at"))
    if (watched := latest.get(Act.WATCH)) and watched.act == Act.WATCH:
        values["watched_at"] = watched.at
    if (suspended := latest.get(Act.SUSPEND)) and suspended.act != Act.UNSUSPEND:
        values |= {"suspended_at": suspended.at, "suspended_until": suspended.until}
    was_set = person.trust_set_at
    if trusted := latest.get(Act.TRUST):
        values |= {"trust_set_at": trusted.at, "trust": TRUST_OF[Act(trusted.act)]}
    for field, value in values.items():
        setattr(person, field, value)
    person.save(update_fields=list(values))
    if was_set and trusted is None:
        moderation_trust.recalculate_one(person)


def withdraw(entry: LogEntry) -> None:
    """Set what the person may do after `entry`, which warned, watched, suspended or trusted them, was undone."""
    if entry.person is None:
        return
    person = _lock_person(entry.person)
    if entry.act == Act.WARN and person.warned_at == entry.at:
        person.warned_at = None
        person.save(update_fields=["warned_at"])
    set_by_log(person)


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
    label: "StrPromise"
    act: Act
    notice: "StrPromise"
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
    **about: Any,
) -> LogEntry | Literal[False]:
    """Apply the sanction called `name` to `person`, and return its log entry, or False if nothing changed.

    For `about` see `warn`. Raises KeyError for an unknown name.
    """
    sanction = SANCTIONS[name]
    if sanction.duration:
        about["until"] = sanction.ends_at(timezone.now())
    return sanction.apply(moderator=moderator, person=person, reason=reason, **about)


def names_of(act: Act) -> list[str]:
    """Return the names of the sanctions that are logged as `act`, the mildest first; raises KeyError without one."""
    names = [sanction.name for sanction in SANCTIONS.values() if sanction.act == act]
    if not names:
        raise KeyError(act)
    return names
