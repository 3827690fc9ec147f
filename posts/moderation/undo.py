"""Undo decisions: restore the comment, its thread, and the person.

A moderator undoes a decision completely, or gets a refusal. A successful appeal undoes what is still possible: later
decisions and texts stay as they are, and the log entry names them.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from forum import markup
from posts.models import Appeal, Case, Comment, LogEntry
from posts.moderation import cases, notices, sanctions
from posts.moderation.audit_log import check_not_concerned, check_right, log
from posts.safety.redaction import passages_of, put_back
from posts.threads import exceptions, publishing
from posts.threads.changes import restore_fields
from posts.threads.exceptions import Refused
from posts.threads.text import rewrite

OUT_OF_SIGHT = ("held_at", "hidden_at", "removed_at")


@transaction.atomic
def undo(
    *,
    moderator: User,
    entry: LogEntry,
    reason: str = "",
    reopens: bool = True,
    with_sanctions: bool = True,
    leniently: bool = False,
) -> LogEntry:
    """Undo the decision `entry`, and `with_sanctions` the sanctions that were part of it. Return the new log entry.

    Comment, thread, person and counts are as they were before. If it `reopens`, the case is in the queue again and its
    flags are open again.

    If the decision hid something for privacy or safety (see `pressing_among`), a reason is required, and the comment
    stays hidden until there is a new decision; `details` of the new entry then have "held". The answer to an appeal is
    such a decision itself: it passes `reopens=False`, and the comment is shown again.

    An entry can be undone once. Raises PermissionDenied for decisions about oneself, and for those about staff unless
    the moderator is a superuser. Raises Refused if an appeal is open, or if something that the decision set has changed
    since. If `leniently`, an open appeal does not matter and such changes stay: "left" in `details` names them (fields,
    "text", or actions of sanctions).
    """
    holds = reopens and bool(pressing_among([entry]))
    reason = reason.strip() or ("" if holds else _("Taken back by a moderator."))
    check_right(moderator, reason)
    if entry.before is None or entry.act == LogEntry.Act.UNDO:
        raise Refused(exceptions.NOT_UNDONE)
    check_not_concerned(moderator, entry.person)
    if "person" in entry.before:
        sanctions.check_may_be_judged(moderator, entry.person)
    comment = entry.comment and publishing.lock_comment(entry.comment)
    person = None
    if "person" in entry.before:
        person = User.objects.select_for_update(no_key=True).get(pk=entry.person_id)
    thread = None
    if "thread" in entry.before:
        thread = publishing.lock_thread(entry.thread_id)
    # checked after the locks above, so that of two concurrent requests the second one sees the first
    if LogEntry.objects.filter(undoes=entry).exists():
        raise Refused(exceptions.UNDONE_ALREADY)
    if not leniently and Appeal.objects.filter(entry=entry, outcome=Appeal.Outcome.OPEN).exists():
        raise Refused(exceptions.APPEALED)
    before, left = entry.before, []
    if comment is not None and ("comment" in before or "text" in before):
        noted = before | {"comment": _noted(entry, "comment")}
        left += _restore_comment(moderator, comment, noted, leniently, holds)
    is_held = holds and comment is not None and not comment.is_published and comment.deleted_at is None
    if thread is not None:
        thread.save(update_fields=restore_fields(thread, before["thread"]))
        publishing.raise_version(thread)
    if person is not None:
        left += _restore_person(person, _noted(entry, "person"), leniently)
    accompanying = sanctions_of(entry) if with_sanctions else []
    for sanction in accompanying:
        # a later change, such as a suspension that was ended, stays as it is
        try:
            back = undo(moderator=moderator, entry=sanction, reason=reason, reopens=False, leniently=True)
        except PermissionDenied:
            # the person was a member then and is staff now
            left.append(sanction.act)
        else:
            left += [sanction.act] if back.details else []
    about = {"comment": entry.comment, "thread": entry.thread, "person": entry.person}
    details = ({"left": left} if left else {}) | ({"held": True} if is_held else {})
    done = log(moderator, LogEntry.Act.UNDO, reason, undoes=entry, details=details or None, **about)
    if reopens and not is_held and any(each.act in notices.HEARD_OF for each in (entry, *accompanying)):
        # the answer to an appeal sends its own mail
        notices.send_reversal(done)
    if comment is not None and reopens:
        cases.reopen(comment, entry)
    if is_held:
        kinds = Case.objects.filter(comment=comment, kind__in=Case.PRESSING).order_by("kind")
        kind = kinds.values_list("kind", flat=True).first() or Case.Kind.HELD
        cases.open_case(comment, kind, [Case.Why.HOLD], done.at)
    if comment is not None:
        cases.ensure_case_if_waiting(comment)
        cases.note_change(comment)
    if comment is not None and reopens and _came_instead(entry) and cases.case_of(comment) is None:
        # an answered appeal has no case that could be opened again
        cases.open_case(comment, Case.Kind.FLAGGED, [Case.Why.MODERATOR], done.at)
    return done


def pressing_among(entries: Iterable[LogEntry]) -> set[int]:
    """Return the ids of the entries that hid a comment for privacy or safety. Takes one query.

    Their comment has or had a pressing case, or they are confidential.
    """
    taken = [entry for entry in entries if entry.comment_id and _took_out_of_sight(entry.before or {})]
    pressing = Case.objects.masked_among([entry.comment_id for entry in taken])
    return {entry.pk for entry in taken if entry.is_confidential or entry.comment_id in pressing}


def _took_out_of_sight(before: dict) -> bool:
    changes = before.get("comment", {})
    return "text" in before or any(changes.get(field, [True])[0] is None for field in OUT_OF_SIGHT)


def sanctions_of(entry: LogEntry) -> list[LogEntry]:
    """Return the sanctions against the author that were part of `entry` and are not undone. Takes one query or none."""
    return list(LogEntry.objects.sanctions_with(entry).filter(undone_by=None))


def each_with_sanctions(entries: list[LogEntry]) -> list[tuple[LogEntry, list[LogEntry]]]:
    """Return [(entry, sanctions that were part of it and are not undone)], with one query for all entries."""
    found = list(LogEntry.objects.sanctions_with(*entries).filter(undone_by=None))
    return [(entry, [each for each in found if each.details["decision"] == entry.pk]) for entry in entries]


def _noted(entry: LogEntry, name: str) -> dict[str, list]:
    """Return the earlier values that `entry` noted of the "comment" or the "person" (`name`).

    If such a value was set by an earlier decision that has been undone since, the value from before that decision is
    used.
    """
    noted = dict(entry.before.get(name, {}))
    earlier = LogEntry.objects.filter(**{name: getattr(entry, f"{name}_id")}, id__lt=entry.pk)
    taken_back = earlier.filter(undone_by__isnull=False, before__has_key=name).order_by("-id")
    for before in taken_back.values_list("before", flat=True):
        for field, (was, now) in before[name].items():
            is_moment = field.endswith(("_at", "_until"))
            if is_moment and now is not None and field in noted and noted[field][0] == now:
                noted[field] = [was, noted[field][1]]
    return noted


def _came_instead(entry: LogEntry) -> bool:
    """Return whether `entry` replaced a decision that was changed on appeal."""
    about = {"person": entry.person_id} if entry.person_id else {"comment": entry.comment_id}
    return LogEntry.objects.filter(act=LogEntry.Act.CHANGE, details__instead__contains=[entry.pk], **about).exists()


def _restore_person(person: User, noted: dict[str, list], leniently: bool) -> list[str]:
    """Restore the fields of the locked `person`, and return the names of those that could not be restored.

    The fields belong together: if one has changed since, raise Refused, or leave all of them if `leniently`.
    """
    try:
        person.save(update_fields=restore_fields(person, noted))
    except Refused:
        if not leniently:
            raise
        return list(noted)
    return []


def _restore_comment(
    moderator: User, comment: Comment, before: dict[str, Any], leniently: bool, holds: bool
) -> list[str]:
    """Restore text and state of the locked `comment` as `before` notes them, and return what could not be restored.

    If it `holds`, a comment that would be published by that is hidden until there is a decision.
    """
    was_published, left = comment.is_published, []
    if "text" in before and not _restore_text(moderator, comment, before["text"], leniently):
        left.append("text")
    noted = before.get("comment", {})
    restored = restore_fields(comment, noted, leniently=leniently)
    # edited_at and published_at follow from the other fields
    left += [field for field in noted if field not in restored and field not in ("edited_at", "published_at")]
    if holds and comment.is_published:
        comment.hidden_at = timezone.now()
        restored = list({*restored, "hidden_at"})
    first_seen_at = None
    if comment.is_published and comment.published_at is None:
        # it was approved meanwhile, but stayed hidden for another reason
        first_seen_at = comment.published_at = publishing.next_moment(comment.thread)
        restored = [*restored, "published_at"]
    comment.save(update_fields=restored)
    publishing.state_changed(comment, was_published, at=first_seen_at)
    return left


def _restore_text(moderator: User, comment: Comment, noted: dict[str, Any], leniently: bool) -> bool:
    """Put the passages that were taken out of the locked `comment` back, and return whether all of them are in it.

    A text that has not changed since becomes the earlier text again, without a new revision. In a changed text,
    passages come back where their marks still are if `leniently`; otherwise raise Refused.
    """
    revision = comment.revisions.get(pk=noted["revision"])
    earlier = comment.revisions.filter(pk__in=noted["withheld"])
    if comment.fingerprint == noted["mark"]:
        comment.write(revision.source)
        comment.save(update_fields=["source", "html", "renderer"])
        revision.delete()
        earlier.update(withheld_at=None)
        return True
    if not leniently:
        raise Refused(exceptions.CHANGED_SINCE)
    passages = passages_of(revision.taken_out)
    source = put_back(comment.source, revision.source, passages)
    try:
        html = markup.render(source, comment.limits)
    except markup.TooComplex:
        # with the text that the author has added since, the limits would be exceeded
        source = comment.source
    if source != comment.source:
        rewrite(comment, source, html, editor=moderator, at=timezone.now(), silently=False)
    revision.taken_out = ""
    revision.save(update_fields=["taken_out"])
    # revisions are shown again, except those with a passage that another decision took out
    still_out = comment.revisions.taken_out()
    shown = [each.pk for each in (revision, *earlier) if not any(passage in each.source for passage in still_out)]
    comment.revisions.filter(pk__in=shown).update(withheld_at=None)
    return all(passage in source for passage in passages)
