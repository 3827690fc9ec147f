"""What all verbs of moderators share: the right, a reason, the log's entry, and what is needed to take it back."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from posts.actions import notifying, refusals
from posts.actions.refusals import Refused
from posts.models import Case, LogEntry, Rules
from posts.models.modlog import STATED, as_noted


def check_right(moderator, reason):
    """Raises PermissionDenied for whoever may not moderate, Refused without a reason."""
    check_moderator(moderator)
    if not reason.strip():
        raise Refused(refusals.EMPTY_REASON)


def check_moderator(moderator):
    """Raises PermissionDenied for whoever may not moderate."""
    if not (moderator.is_authenticated and moderator.moderates):
        raise PermissionDenied


def check_not_concerned(moderator, person):
    """Raises PermissionDenied where `moderator` would decide in their own favour and somebody else could decide."""
    if person is not None and person.pk == moderator.pk and User.objects.others_moderate(moderator):
        raise PermissionDenied(refusals.YOUR_OWN_CAUSE)


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
    if act in STATED:
        if person is not None and person != moderator:
            User.objects.filter(pk=person.pk).update(has_statement=True)
        notifying.tell_of_decision(entry)
    return entry


def set_fields(row, values, before, name):
    """Sets `values` on the locked `row`, saves those that differ and returns their names; `before[name]` notes for
    each what it was and what it is now."""
    changed = {field: value for field, value in values.items() if getattr(row, field) != value}
    for field, value in changed.items():
        before.setdefault(name, {})[field] = [as_noted(getattr(row, field)), as_noted(value)]
        setattr(row, field, value)
    if changed:
        row.save(update_fields=list(changed))
    return list(changed)


def restore_fields(row, noted, *, leniently=False):
    """Gives the locked `row` back what `set_fields` noted; the names of the fields, which the caller saves. Raises
    Refused where it is not as it was left then; if `leniently`, a field that somebody has changed since stays so."""
    if "warned_at" in noted and row.warned_at is None:
        # whoever acknowledged a warning did what was asked: it can be taken back all the same
        noted = {field: values for field, values in noted.items() if field != "warned_at"}
    changed = {field for field, (_was, now) in noted.items() if as_noted(getattr(row, field)) != now}
    if changed and not leniently:
        raise Refused(refusals.CHANGED_SINCE)
    noted = {field: values for field, values in noted.items() if field not in changed}
    for field, (was, _now) in noted.items():
        is_moment = field.endswith(("_at", "_until"))
        setattr(row, field, datetime.fromisoformat(was) if is_moment and was else was)
    return list(noted)


def moment_if(on, present, at):
    """The timestamp of a state that is to be `on` or off at the moment `at`, where it is `present` now."""
    if on:
        return at if present is None else present
    return None


def _is_confidential(comment):
    """Its open item is, or a decision against it was: a flag that was without reason keeps nothing from the log."""
    return (
        Case.objects.filter(comment=comment, kind__in=Case.PRESSING, closed_at=None).exists()
        or LogEntry.objects.filter(comment=comment, is_confidential=True).exclude(act=LogEntry.Act.KEEP).exists()
    )
