"""The verbs of those who read: to have looked at a page, to have read everything, to fold a branch, to be helped."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest, Least
from django.utils import timezone

from posts.models import Comment, Helpful, Reading
from posts.models.reading import AWAY, LEAST_PAUSE, MOST_FOLDS
from posts.threads import exceptions, permissions, publishing
from posts.threads.exceptions import Refused


def record_visit(*, reader, thread, reading, at):
    """Writes down that `reader` saw a page of `thread` at the moment `at`: the one write that looking causes.

    `reading` is their Reading as it was found with the thread, or None. At most once in LEAST_PAUSE; of two looks at
    once, one counts.
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
        changes = {"new_since": reading.new_since_at(at), "seen_until": thread.last_activity_at, "seen_at": at}
        if reading.folded and not reading.folded_at(at):
            changes["folded"] = []
        Reading.objects.filter(pk=reading.pk, seen_at=reading.seen_at).update(**changes)


def extend_visit(*, reader, thread, until, at):
    """`reader` still has a page of `thread` open, and has seen what was there at the moment `until`: the visit goes
    on, unless they were away. Writes at most once in LEAST_PAUSE."""
    Reading.objects.filter(person=reader, thread=thread, seen_at__lte=at - LEAST_PAUSE, seen_at__gte=at - AWAY).update(
        seen_at=at, seen_until=Greatest("seen_until", Least(until, thread.last_activity_at))
    )


def mark_read(*, reader, thread, until):
    """Nothing that was in `thread` at the moment `until` is new to `reader` any more."""
    until = min(until, thread.last_activity_at)
    Reading.objects.update_or_create(
        person=reader, thread=thread, defaults={"new_since": until, "seen_until": until, "seen_at": timezone.now()}
    )


@transaction.atomic
def fold(*, reader, comment, is_folded):
    """Remembers that `reader` folded the branch below `comment`, or opened it again; the oldest folds are forgotten."""
    thread = comment.thread
    record_visit(reader=reader, thread=thread, reading=None, at=timezone.now())
    reading = Reading.objects.select_for_update(no_key=True).get(person=reader, thread=thread)
    folded = [pk for pk in reading.folded if pk != comment.pk]
    reading.folded = [*folded, comment.pk][-MOST_FOLDS:] if is_folded else folded
    reading.save(update_fields=["folded"])


@transaction.atomic
def mark_helpful(*, reader, comment, is_helpful):
    """`comment` helped `reader`, or they take that back; twice is once. Raises PermissionDenied, Refused.

    Two presses at once meet at the mark's own row, which is unique.
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
        # the thread before the comment, as every verb does, so that no two wait for each other
        publishing.gather_mark(comment.thread, timezone.now())
        Comment.objects.filter(pk=comment.pk).update(helpful_count=F("helpful_count") + step)
    return is_helpful
