"""What all actions of moderators share: checks of rights and reason, and the entry of the audit log."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from forum.security_log import record_change
from posts.models import Appeal, Case, Comment, LogEntry, Rules, Thread
from posts.models.log_entry import STATED
from posts.moderation import notices
from posts.threads import exceptions
from posts.threads.exceptions import Refused

# Restrictions of a person, their end, and trust or verification given or revoked. They are in the security log, too.
SECURITY_ACTS = {
    LogEntry.Act.SUSPEND,
    LogEntry.Act.UNSUSPEND,
    LogEntry.Act.BAN,
    LogEntry.Act.WARN,
    LogEntry.Act.WATCH,
    LogEntry.Act.UNWATCH,
    LogEntry.Act.TRUST,
    LogEntry.Act.UNTRUST,
    LogEntry.Act.VERIFY,
    LogEntry.Act.REVOKE,
}


def check_right(moderator: User, reason: str) -> None:
    """Raise PermissionDenied for a person who is not a moderator, and Refused for an empty reason."""
    check_moderator(moderator)
    if not reason.strip():
        raise Refused(exceptions.EMPTY_REASON)


def check_moderator(moderator: User) -> None:
    """Raise PermissionDenied for a person who is not a moderator."""
    if not (moderator.is_authenticated and moderator.moderates):
        raise PermissionDenied


def check_not_concerned(moderator: User, subject: Comment | Thread | LogEntry | Appeal) -> None:
    """Raise PermissionDenied if `moderator` would decide in their own favour and there is another moderator."""
    if moderator.pk in _people_concerned(subject) and User.objects.others_moderate(moderator):
        raise PermissionDenied(exceptions.YOUR_OWN_CAUSE)


def _people_concerned(subject: Comment | Thread | LogEntry | Appeal) -> set[int | None]:
    """Return the ids of the people whose own cause a decision about `subject` is.

    The entry about a comment of a guest names nobody, and the guest may have claimed the comment since. So the present
    author counts as well. `posts.models.case.own_cause_of` and a database rule for appeals say the same.
    """
    if isinstance(subject, Appeal):
        return {subject.person_id} | _people_concerned(subject.entry)
    if isinstance(subject, LogEntry):
        about = subject.comment or subject.thread
        return {subject.person_id} | (_people_concerned(about) if about is not None else set())
    return {subject.author_id}


def log(moderator: User | None, act: LogEntry.Act, reason: str, *, rule: str = "", **fields: Any) -> LogEntry:
    """Create a LogEntry, and inform the person concerned, on the site and by mail, that there is something to read.

    `fields` are further fields of the entry. If they do not have `is_confidential`, the entry is confidential if its
    rule is one of those shown in numbers only, if the entry it undoes is confidential, or if the comment's case is or
    was (see `_is_confidential`).
    """
    comment, person = fields.get("comment"), fields.get("person")
    rules = Rules.in_force() if rule else None
    undone = fields.get("undoes")
    if "is_confidential" not in fields:
        fields["is_confidential"] = (
            (rules is not None and rule in rules.titles_in_numbers)
            or (undone is not None and undone.is_confidential)
            or (comment is not None and _is_confidential(comment))
        )
    entry = LogEntry.objects.create(
        at=timezone.now(), moderator=moderator, act=act, reason=reason.strip(), rule=rule, rules=rules, **fields
    )
    sanction = undone.act if undone else act
    if sanction in SECURITY_ACTS:
        record_change(
            "sanction",
            user=moderator.pk if moderator else None,
            target=person.pk if person else None,
            act=str(act),
            sanction=str(sanction),
            entry=entry.pk,
        )
    if act in STATED:
        if person is not None and person != moderator:
            User.objects.filter(pk=person.pk).update(has_statement=True)
        notices.send_decision(entry)
    return entry


def about(entry: LogEntry) -> dict[str, Any]:
    """Return the comment, thread and person of `entry`, for another entry about the same."""
    return {"comment": entry.comment, "thread": entry.thread, "person": entry.person}


def _is_confidential(comment: Comment) -> bool:
    """Return whether the comment has an open pressing case, or a confidential decision other than KEEP.

    So a flag that turned out to be unfounded does not keep later decisions out of the public log.
    """
    return (
        Case.objects.filter(comment=comment, kind__in=Case.PRESSING, closed_at=None).exists()
        or LogEntry.objects.filter(comment=comment, is_confidential=True).exclude(act=LogEntry.Act.KEEP).exists()
    )
