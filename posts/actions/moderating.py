"""The verbs of moderators. Each asks for a reason and writes the moderation log in the same transaction.

An act that changes nothing (removing what is removed) is refused nothing and logs nothing: it returns False.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from posts.actions import counting, refusals
from posts.actions.refusals import Refused
from posts.models import Comment, LogEntry, Revision

Act = LogEntry.Act


@transaction.atomic
def remove(*, moderator, comment, reason):
    """Takes a comment out of sight; replies stay under a tombstone. An opening post takes its thread with it."""
    return _set_comment_state(moderator, comment, reason, Act.REMOVE, removed=True)


@transaction.atomic
def restore(*, moderator, comment, reason):
    """Undoes `remove`. What its author deleted stays deleted."""
    return _set_comment_state(moderator, comment, reason, Act.RESTORE, removed=False)


@transaction.atomic
def hold(*, moderator, comment, reason):
    """Takes a comment out of sight until it is reviewed; its author still sees it.

    A held opening post closes its thread to everybody but moderators.
    """
    return _set_comment_state(moderator, comment, reason, Act.HOLD, hidden=True)


@transaction.atomic
def approve(*, moderator, comment, reason):
    """Publishes what was held or hidden."""
    return _set_comment_state(moderator, comment, reason, Act.APPROVE, hidden=False, held=False)


@transaction.atomic
def withhold(*, moderator, revision, reason):
    """Keeps what a comment said before from readers, where the edit was made to take it back."""
    return _set_withheld(moderator, revision, reason, Act.WITHHOLD, True)


@transaction.atomic
def show_again(*, moderator, revision, reason):
    """Undoes `withhold`."""
    return _set_withheld(moderator, revision, reason, Act.SHOW_AGAIN, False)


@transaction.atomic
def lock(*, moderator, thread, reason):
    """Nobody can write in the thread any more; it can be read."""
    return _set_thread_state(moderator, thread, reason, Act.LOCK, "locked_at", True)


@transaction.atomic
def unlock(*, moderator, thread, reason):
    """Undoes `lock`."""
    return _set_thread_state(moderator, thread, reason, Act.UNLOCK, "locked_at", False)


@transaction.atomic
def pin(*, moderator, thread, reason):
    """Keeps the thread at the top of the front page."""
    return _set_thread_state(moderator, thread, reason, Act.PIN, "pinned_at", True)


@transaction.atomic
def unpin(*, moderator, thread, reason):
    """Undoes `pin`."""
    return _set_thread_state(moderator, thread, reason, Act.UNPIN, "pinned_at", False)


@transaction.atomic
def suspend(*, moderator, person, reason, until=None):
    """The person can read but not write, until the moment `until` or, without it, until the suspension is ended.

    Raises PermissionDenied for oneself, and for staff unless a superuser does it.
    """
    check_right(moderator, reason)
    person = _lock_person(person)
    if person.pk == moderator.pk or (person.is_staff and not moderator.is_superuser):
        raise PermissionDenied(refusals.NOT_STAFF)
    if person.is_suspended and person.suspended_until == until:
        return False
    person.suspended_at, person.suspended_until = timezone.now(), until
    person.save(update_fields=["suspended_at", "suspended_until"])
    log(moderator, Act.SUSPEND, reason, person=person)
    return True


@transaction.atomic
def unsuspend(*, moderator, person, reason):
    """Ends a suspension."""
    check_right(moderator, reason)
    person = _lock_person(person)
    if not person.is_suspended:
        return False
    if person.pk == moderator.pk:
        raise PermissionDenied
    person.suspended_at = person.suspended_until = None
    person.save(update_fields=["suspended_at", "suspended_until"])
    log(moderator, Act.UNSUSPEND, reason, person=person)
    return True


@transaction.atomic
def trust(*, moderator, person, reason):
    """The person has shown that they can be trusted."""
    return _set_trust(moderator, person, reason, Act.TRUST, True)


@transaction.atomic
def untrust(*, moderator, person, reason):
    """Undoes `trust`."""
    return _set_trust(moderator, person, reason, Act.UNTRUST, False)


def _set_comment_state(moderator, comment, reason, act, **states):
    """Sets or clears timestamps of the comment, moves the counts, withdraws or brings back a thread, and logs."""
    check_right(moderator, reason)
    thread = counting.lock_thread(comment.thread_id)
    comment = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    comment.thread = thread
    now = timezone.now()
    was_published = comment.is_published
    changed = [f"{name}_at" for name, on in states.items() if (getattr(comment, f"{name}_at") is not None) != on]
    if not changed:
        return False
    for name, on in states.items():
        if f"{name}_at" in changed:
            setattr(comment, f"{name}_at", now if on else None)
    first_seen_at = None
    if comment.is_published and comment.published_at is None:
        first_seen_at = comment.published_at = counting.moment_in(thread)
        changed.append("published_at")
    comment.save(update_fields=changed)
    counting.state_changed(comment, was_published, at=first_seen_at)
    log(moderator, act, reason, comment=comment, thread=thread, person=comment.author)
    return True


def _set_withheld(moderator, revision, reason, act, on):
    check_right(moderator, reason)
    revision = (
        Revision.objects.select_for_update(no_key=True, of=["self"])
        .select_related("comment__author")
        .get(pk=revision.pk)
    )
    if (revision.withheld_at is not None) == on:
        return False
    revision.withheld_at = timezone.now() if on else None
    revision.save(update_fields=["withheld_at"])
    comment = revision.comment
    log(moderator, act, reason, comment=comment, thread=comment.thread, person=comment.author)
    return True


def _set_thread_state(moderator, thread, reason, act, field, on):
    check_right(moderator, reason)
    thread = counting.lock_thread(thread.pk)
    if (getattr(thread, field) is not None) == on:
        return False
    setattr(thread, field, timezone.now() if on else None)
    thread.save(update_fields=[field])
    counting.bump(thread)
    log(moderator, act, reason, thread=thread)
    return True


def _set_trust(moderator, person, reason, act, on):
    check_right(moderator, reason)
    person = _lock_person(person)
    if (person.trusted_at is not None) == on:
        return False
    person.trusted_at = timezone.now() if on else None
    person.save(update_fields=["trusted_at"])
    log(moderator, act, reason, person=person)
    return True


def _lock_person(person):
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def check_right(moderator, reason):
    if not moderator.can_moderate():
        raise PermissionDenied
    if not reason.strip():
        raise Refused(refusals.EMPTY_REASON)


def log(moderator, act, reason, **about):
    LogEntry.objects.create(at=timezone.now(), moderator=moderator, act=act, reason=reason.strip(), **about)
