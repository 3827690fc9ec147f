"""Actions of readers: record a visit, mark a thread as read, fold a branch, mark a comment as helpful."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest, Least
from django.utils import timezone

from accounts.models import User
from posts.models import Comment, Helpful, Reading, Thread
from posts.models.reading import AWAY, LEAST_PAUSE, MOST_FOLDS
from posts.threads import exceptions, permissions, publishing
from posts.threads.exceptions import Refused


def record_visit(*, reader: User, thread: Thread, reading: Reading | None, at: datetime) -> None:
    """Record that `reader` saw a page of `thread` at the time `at`. This is the only write of a page view.

    `reading` is the Reading that was loaded with the thread, or None. Writes at most once per LEAST_PAUSE. Of two page
    views at the same time, one is recorded.
    """
    if reading is None:
        first = Reading(
            person=reader,
            thread=thread,
            new_since=thread.last_activity_at,
            seen_until=thread.last_activity_at,
            seen_at=at,
        )
        Reading.objects.bulk_create([first], ignore_conflicts=True)
    elif at - reading.seen_at >= LEAST_PAUSE:
        changes: dict[str, datetime | int | list[int]] = {
            "new_since": reading.new_since_at(at),
            "seen_until": thread.last_activity_at,
            "seen_at": at,
            "visits": reading.visits_at(at),
        }
        if reading.folded and not reading.folded_at(at):
            changes["folded"] = []
        Reading.objects.filter(pk=reading.pk, seen_at=reading.seen_at).update(**changes)


def extend_visit(*, reader: User, thread: Thread, until: datetime, at: datetime) -> None:
    """Record that `reader` still has a page of `thread` open and has seen what was there at the time `until`.

    This extends the visit, unless the reader was away for longer than AWAY. Writes at most once per LEAST_PAUSE.
    """
    Reading.objects.filter(person=reader, thread=thread, seen_at__lte=at - LEAST_PAUSE, seen_at__gte=at - AWAY).update(
        seen_at=at, seen_until=Greatest("seen_until", Least(until, thread.last_activity_at))
    )


def mark_read(*, reader: User, thread: Thread, until: datetime) -> None:
    """Mark everything as read that was in `thread` at the time `until`."""
    until = min(until, thread.last_activity_at)
    Reading.objects.update_or_create(
        person=reader, thread=thread, defaults={"new_since": until, "seen_until": until, "seen_at": timezone.now()}
    )


@transaction.atomic
def fold(*, reader: User, comment: Comment, is_folded: bool) -> None:
    """Record whether `reader` folded the branch below `comment`.

    Only the latest MOST_FOLDS folds are kept.
    """
    thread = comment.thread
    record_visit(reader=reader, thread=thread, reading=None, at=timezone.now())
    reading = Reading.objects.select_for_update(no_key=True).get(person=reader, thread=thread)
    folded = [pk for pk in reading.folded if pk != comment.pk]
    reading.folded = [*folded, comment.pk][-MOST_FOLDS:] if is_folded else folded
    reading.save(update_fields=["folded"])


@transaction.atomic
def mark_helpful(*, reader: User | AnonymousUser, comment: Comment, is_helpful: bool) -> bool:
    """Set or remove the helpful mark of `reader` on `comment`, and return `is_helpful`.

    Repeating the call changes nothing. Two calls at the same time are serialised by the unique row of the mark. Raises
    PermissionDenied or Refused.
    """
    if not reader.is_authenticated or not reader.is_active:
        raise PermissionDenied
    permissions.check_not_suspended(reader)
    if comment.author_id == reader.pk or comment.depth == 0:
        raise PermissionDenied(exceptions.NOT_YOUR_OWN)
    if not comment.is_readable:
        raise Refused(exceptions.GONE_TO_READ)
    if is_helpful:
        _mark, made = Helpful.objects.get_or_create(person=reader, comment=comment, defaults={"at": timezone.now()})
        step = 1 if made else 0
    else:
        step = -Helpful.objects.filter(person=reader, comment=comment).delete()[0]
    if step:
        # Locks the thread before the comment, as all functions do, to avoid deadlocks.
        publishing.gather_mark(comment.thread, timezone.now())
        Comment.objects.filter(pk=comment.pk).update(helpful_count=F("helpful_count") + step)
    return is_helpful
