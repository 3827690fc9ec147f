"""Undo decisions.

Three rules:

1. A decision is undone as a whole, with the sanctions that came with it.
2. If the comment has changed since, it stays as it is. Its case is open again and shows what differs.
3. What concerns somebody's privacy or safety stays hidden until there is a new decision.

The answer to an appeal that reverses a decision is an undo, too. It is a decision itself, so rule 3 does not apply.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from posts.models import Appeal, Case, Comment, LogEntry
from posts.models.before_image import BeforeImage, Redaction
from posts.moderation import cases, notices, sanctions
from posts.moderation.audit_log import about, check_not_concerned, check_right, log
from posts.safety.redaction import cut, passages_of
from posts.threads import exceptions, publishing
from posts.threads.changes import set_fields
from posts.threads.exceptions import Refused
from posts.threads.text import headings_of, set_headings
from posts.threads.visibility import set_timestamps

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Act = LogEntry.Act
TEXT_CHANGED = gettext_lazy("The text has changed since.")
STATE_CHANGED = gettext_lazy("Another decision about it has been made since.")


@transaction.atomic
def undo(
    *,
    moderator: User,
    entry: LogEntry,
    reason: str = "",
    answer: LogEntry | None = None,
    with_sanctions: bool = True,
) -> LogEntry:
    """Undo the decision `entry`, and `with_sanctions` those that came with it. Return the new log entry.

    The new entry's act is UNDO if everything is as it was before. It is REOPEN if the comment has changed since (see
    `differences`) and stays as it is. In both cases the decision's case is open again, and so are its flags.

    If the decision hid something for privacy or safety (see `pressing_among`), a reason is required, and the comment
    stays hidden until there is a new decision.

    `answer` is the answer to an appeal that reverses or replaces the decision: the reversal is part of it, the case
    stays closed unless the comment has changed, and nothing is hidden for privacy or safety.

    An entry can be undone once. Raises PermissionDenied for decisions about oneself, and for those about staff unless
    the moderator is a superuser. Raises Refused if an appeal is open, or if a thread has changed since.
    """
    is_pressing = answer is None and bool(pressing_among([entry]))
    reason = reason.strip() or ("" if is_pressing else _("Reversed by a moderator."))
    check_right(moderator, reason)
    if not entry.is_undoable:
        raise Refused(exceptions.NOT_UNDONE)
    check_not_concerned(moderator, entry)
    if entry.is_about_person and entry.person is not None:
        sanctions.check_may_be_judged(moderator, entry.person)
    image = entry.before_image
    comment = entry.comment and publishing.lock_comment(entry.comment)
    if comment is not None:
        cases.check_not_claimed(moderator, comment)
    thread = publishing.lock_thread(entry.thread.pk) if image.thread and entry.thread else None
    if comment is None and thread is None and entry.person_id is not None:
        User.objects.select_for_update(no_key=True).get(pk=entry.person_id)
    # checked after the locks above, so that of two concurrent requests the second one sees the first
    if LogEntry.objects.filter(undoes=entry).exists():
        raise Refused(exceptions.UNDONE_ALREADY)
    if answer is None and Appeal.objects.filter(entry=entry, outcome=Appeal.Outcome.OPEN).exists():
        raise Refused(exceptions.APPEALED)
    if thread is not None:
        if any(getattr(thread, field) != change.now for field, change in image.thread.items()):
            raise Refused(exceptions.CHANGED_SINCE)
        set_fields(thread, {field: change.was for field, change in image.thread.items()})
        publishing.raise_version(thread)
    differs = comment is not None and bool(differences(entry, comment))
    if comment is not None and not differs:
        _restore(comment, image, is_pressing)
    done = log(moderator, Act.REOPEN if differs else Act.UNDO, reason, undoes=entry, part_of=answer, **about(entry))
    came_with = sanctions_of(entry) if with_sanctions else []
    accompanying = [each for each in came_with if each.person and sanctions.may_be_judged(moderator, each.person)]
    for sanction in accompanying:
        log(moderator, Act.UNDO, reason, undoes=sanction, part_of=done, **about(sanction))
    for each in [entry, *accompanying]:
        if each.is_about_person:
            sanctions.withdraw(each)
    if comment is not None:
        _reopen(comment, entry, done, differs)
    is_held = comment is not None and cases.is_waiting(comment)
    if answer is None and not is_held and any(each.act in notices.HEARD_OF for each in (entry, *accompanying)):
        # the answer to an appeal sends its own mail
        notices.send_reversal(done)
    return done


def differences(entry: LogEntry, comment: Comment) -> list["StrPromise"]:
    """Return in sentences why the `comment` cannot be restored to its state before the decision `entry`.

    The list is empty if nothing has changed since. A state that another decision set is not restored if that one was
    undone.
    """
    image = entry.before_image
    found: list[StrPromise] = []
    if image.hid_something and (comment.fingerprint != image.fingerprint or _headings_changed(image, comment)):
        found.append(TEXT_CHANGED)
    if any(getattr(comment, field) != change.now for field, change in image.comment.items()) or _undone_since(entry):
        found.append(STATE_CHANGED)
    return found


def _headings_changed(image: BeforeImage, comment: Comment) -> bool:
    """Return whether the title or a question of the thread has changed after a redaction of them."""
    revision = image.redaction and comment.revisions.filter(pk=image.redaction.revision).first()
    if not revision or not revision.headings:
        return False
    left = cut([revision.source, *revision.headings], passages_of(revision.taken_out))
    return left is None or headings_of(comment.thread) != left[1:]


def pressing_among(entries: Iterable[LogEntry]) -> set[int]:
    """Return the ids of the entries that hid a comment which concerns privacy or safety. Takes one query."""
    hid = [entry for entry in entries if entry.comment_id and entry.before_image.hid_something]
    pressing = Case.objects.masked_among([entry.comment_id for entry in hid if entry.comment_id is not None])
    return {entry.pk for entry in hid if entry.comment_id in pressing}


def sanctions_of(entry: LogEntry) -> list[LogEntry]:
    """Return the sanctions against the author that were part of `entry` and are not undone. Takes one query."""
    return list(LogEntry.objects.sanctions_with(entry).filter(undone_by=None).select_related("person"))


def each_with_sanctions(entries: list[LogEntry]) -> list[tuple[LogEntry, list[LogEntry]]]:
    """Return [(entry, sanctions that were part of it and are not undone)], with one query for all entries."""
    found = list(LogEntry.objects.sanctions_with(*entries).filter(undone_by=None))
    return [(entry, [each for each in found if each.part_of_id == entry.pk]) for entry in entries]


def _undone_since(entry: LogEntry) -> bool:
    """Return whether an undo would restore a state that an earlier decision set, and that decision was undone."""
    restored = {(field, change.was) for field, change in entry.before_image.comment.items() if change.was is not None}
    if not restored:
        return False
    undone = LogEntry.objects.filter(comment=entry.comment_id, id__lt=entry.pk, undone_by__isnull=False)
    return any(
        (field, change.now) in restored for each in undone for field, change in each.before_image.comment.items()
    )


def _restore(comment: Comment, image: BeforeImage, holds: bool) -> None:
    """Restore text and state of the locked `comment`. If it `holds`, a comment that would be published is hidden."""
    if image.redaction is not None:
        _restore_text(comment, image.redaction)
    values = {field: change.was for field, change in image.comment.items()}
    hidden = {field: values.get(field, getattr(comment, field)) for field in ("held_at", "hidden_at", "removed_at")}
    if holds and not any(hidden.values()):
        values["hidden_at"] = timezone.now()
    set_timestamps(comment, values)
    publishing.raise_version(comment.thread)


def _restore_text(comment: Comment, redaction: Redaction) -> None:
    """Set the text of the locked `comment` to that of before the redaction, without a new revision."""
    revision = comment.revisions.get(pk=redaction.revision)
    comment.write(revision.source)
    comment.save(update_fields=["source", "html", "renderer"])
    if revision.headings:
        set_headings(comment.thread, revision.headings)
    revision.delete()
    comment.revisions.filter(pk__in=redaction.withheld).update(withheld_at=None)


def _reopen(comment: Comment, entry: LogEntry, done: LogEntry, differs: bool) -> None:
    """Open the case of the locked `comment` again, after `done` has undone the decision `entry` about it."""
    is_answer = done.part_of_id is not None
    if differs or not is_answer:
        cases.reopen(comment, entry)
    cases.ensure_case_if_waiting(comment)
    cases.note_change(comment)
    replaced_another = entry.part_of is not None and entry.part_of.act == Act.CHANGE
    if differs or (replaced_another and not is_answer):
        # a decision made elsewhere, or the answer to an appeal, has no case that could be opened again
        cases.open_case(comment, Case.Kind.FLAGGED, [Case.Why.UNDO], done.at)
