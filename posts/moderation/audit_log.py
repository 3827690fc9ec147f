"""What all verbs of moderators share: the right, a reason, the log's entry, and what is needed to take it back."""

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from forum.security_log import record
from posts.models import Case, LogEntry, Rules
from posts.models.log_entry import STATED
from posts.moderation import notices
from posts.threads import exceptions
from posts.threads.exceptions import Refused

# what restricts a person, what ends that, and standings that a moderator gives or takes: the security log has them, too
SANCTIONS = {
    LogEntry.Act.SUSPEND, LogEntry.Act.UNSUSPEND, LogEntry.Act.BAN, LogEntry.Act.WARN, LogEntry.Act.WATCH,
    LogEntry.Act.UNWATCH, LogEntry.Act.TRUST, LogEntry.Act.UNTRUST, LogEntry.Act.VERIFY, LogEntry.Act.REVOKE,
}  # fmt: skip


def check_right(moderator, reason):
    """Raises PermissionDenied for whoever may not moderate, Refused without a reason."""
    check_moderator(moderator)
    if not reason.strip():
        raise Refused(exceptions.EMPTY_REASON)


def check_moderator(moderator):
    """Raises PermissionDenied for whoever may not moderate."""
    if not (moderator.is_authenticated and moderator.moderates):
        raise PermissionDenied


def check_not_concerned(moderator, person):
    """Raises PermissionDenied where `moderator` would decide in their own favour and somebody else could decide."""
    if person is not None and person.pk == moderator.pk and User.objects.others_moderate(moderator):
        raise PermissionDenied(exceptions.YOUR_OWN_CAUSE)


def log(moderator, act, reason, *, rule="", **about):
    """The new LogEntry; the person concerned is told that there is something to read.

    Unless `about` says so, it is confidential by its rule, by what it undoes, or by what is at stake in the comment.
    """
    comment, person = about.get("comment"), about.get("person")
    rules = Rules.in_force() if rule else None
    if "is_confidential" not in about:
        undone = about.get("undoes")
        about["is_confidential"] = (
            (rules is not None and rule in rules.titles_in_numbers)
            or (undone is not None and undone.is_confidential)
            or (comment is not None and _is_confidential(comment))
        )
    entry = LogEntry.objects.create(
        at=timezone.now(), moderator=moderator, act=act, reason=reason.strip(), rule=rule, rules=rules, **about
    )
    sanction = undone.act if (undone := about.get("undoes")) else act
    if sanction in SANCTIONS:
        record(
            "sanction", user=moderator.pk if moderator else None, target=person.pk if person else None, act=str(act),
            sanction=str(sanction), entry=entry.pk,
        )  # fmt: skip
    if act in STATED:
        if person is not None and person != moderator:
            User.objects.filter(pk=person.pk).update(has_statement=True)
        notices.send_decision(entry)
    return entry


def _is_confidential(comment):
    """Its open item is, or a decision against it was: a flag that was without reason keeps nothing from the log."""
    return (
        Case.objects.filter(comment=comment, kind__in=Case.PRESSING, closed_at=None).exists()
        or LogEntry.objects.filter(comment=comment, is_confidential=True).exclude(act=LogEntry.Act.KEEP).exists()
    )
