"""Decisions are taken back: what they did is undone, in the comment, its thread, and about the person.

A moderator takes back what was decided, whole and exactly, or is refused. An appeal that was right takes back what can
be taken back: what somebody has decided or written since stays as it is, and the entry says so.
"""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from forum import markup
from posts.models import Appeal, Case, LogEntry
from posts.moderation import cases, notices, sanctions
from posts.moderation.audit_log import check_not_concerned, check_right, log
from posts.safety.redaction import passages_of, put_back
from posts.threads import exceptions, publishing
from posts.threads.changes import restore_fields
from posts.threads.exceptions import Refused
from posts.threads.text import rewrite

OUT_OF_SIGHT = ("held_at", "hidden_at", "removed_at")


@transaction.atomic
def undo(*, moderator, entry, reason="", reopens=True, with_sanctions=True, leniently=False):
    """Takes the decision `entry` back, and `with_sanctions` what went with it: comment, thread and person are as they
    were, and so are counts; the item is in the queue again, and flags wait again, if it `reopens`. The log's new entry.

    Where it would bring back what touches somebody's privacy or safety (see `pressing_among`), a reason must be given,
    and the comment stays out of sight until it is decided about; `details` then have "held". An answer to an appeal is
    such a decision itself: it does not reopen, and brings the comment back.

    Once for each entry. Raises PermissionDenied for what concerns oneself, and for staff unless a superuser does it;
    Refused where there is an appeal to be answered, or what it did has been changed since, unless `leniently`: then
    that stays. `details` of the new entry name what stays under "left" (fields; "text"; acts that went with it).
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
    # whoever comes second has waited above for the first
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
        # what somebody has changed since, such as a suspension that was ended, stays as they left it
        try:
            back = undo(moderator=moderator, entry=sanction, reason=reason, reopens=False, leniently=True)
        except PermissionDenied:
            # who was a member then is staff now
            left.append(sanction.act)
        else:
            left += [sanction.act] if back.details else []
    about = {"comment": entry.comment, "thread": entry.thread, "person": entry.person}
    details = ({"left": left} if left else {}) | ({"held": True} if is_held else {})
    done = log(moderator, LogEntry.Act.UNDO, reason, undoes=entry, details=details or None, **about)
    if reopens and not is_held and any(each.act in notices.HEARD_OF for each in (entry, *accompanying)):
        # an answer to an appeal tells of it itself
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
        # of an appeal that is answered there is no item to open again
        cases.open_case(comment, Case.Kind.FLAGGED, [Case.Why.MODERATOR], done.at)
    return done


def pressing_among(entries: Iterable[LogEntry]) -> set[int]:
    """The ids of those entries that took something out of sight for the sake of somebody's privacy or safety: their
    comment has, or had, such a case, or they are told in numbers only. One query."""
    taken = [entry for entry in entries if entry.comment_id and _took_out_of_sight(entry.before or {})]
    pressing = Case.objects.masked_among([entry.comment_id for entry in taken])
    return {entry.pk for entry in taken if entry.is_confidential or entry.comment_id in pressing}


def _took_out_of_sight(before: dict) -> bool:
    changes = before.get("comment", {})
    return "text" in before or any(changes.get(field, [True])[0] is None for field in OUT_OF_SIGHT)


def sanctions_of(entry):
    """What was decided about the author together with `entry`, and still stands; one query, or none."""
    return list(LogEntry.objects.sanctions_with(entry).filter(undone_by=None))


def each_with_sanctions(entries):
    """[(entry, what was decided about the author together with it, and still stands)]; one query for all of them."""
    found = list(LogEntry.objects.sanctions_with(*entries).filter(undone_by=None))
    return [(entry, [each for each in found if each.details["decision"] == entry.pk]) for entry in entries]


def _noted(entry, name):
    """What `entry` noted of the "comment" or the "person"; but where it was as a decision had left it that has been
    taken back since, it was as before that one."""
    noted = dict(entry.before.get(name, {}))
    earlier = LogEntry.objects.filter(**{name: getattr(entry, f"{name}_id")}, id__lt=entry.pk)
    taken_back = earlier.filter(undone_by__isnull=False, before__has_key=name).order_by("-id")
    for before in taken_back.values_list("before", flat=True):
        for field, (was, now) in before[name].items():
            is_moment = field.endswith(("_at", "_until"))
            if is_moment and now is not None and field in noted and noted[field][0] == now:
                noted[field] = [was, noted[field][1]]
    return noted


def _came_instead(entry):
    """It came in the place of a decision that was changed on appeal."""
    about = {"person": entry.person_id} if entry.person_id else {"comment": entry.comment_id}
    return LogEntry.objects.filter(act=LogEntry.Act.CHANGE, details__instead__contains=[entry.pk], **about).exists()


def _restore_person(person, noted, leniently):
    """What was decided about the locked `person` belongs together: it is taken back whole, or `leniently` left."""
    try:
        person.save(update_fields=restore_fields(person, noted))
    except Refused:
        if not leniently:
            raise
        return list(noted)
    return []


def _restore_comment(moderator, comment, before, leniently, holds):
    """Text and state of the locked `comment` as `before` notes them, with all that follows; what was left.

    What would be in sight by that is hidden until it is decided about, if it `holds`.
    """
    was_published, left = comment.is_published, []
    if "text" in before and not _restore_text(moderator, comment, before["text"], leniently):
        left.append("text")
    noted = before.get("comment", {})
    restored = restore_fields(comment, noted, leniently=leniently)
    # when it was written and seen first follows from the rest
    left += [field for field in noted if field not in restored and field not in ("edited_at", "published_at")]
    if holds and comment.is_published:
        comment.hidden_at = timezone.now()
        restored = list({*restored, "hidden_at"})
    first_seen_at = None
    if comment.is_published and comment.published_at is None:
        # it was approved meanwhile, while it was out of sight for another reason
        first_seen_at = comment.published_at = publishing.next_moment(comment.thread)
        restored = [*restored, "published_at"]
    comment.save(update_fields=restored)
    publishing.state_changed(comment, was_published, at=first_seen_at)
    return left


def _restore_text(moderator, comment, noted, leniently):
    """The passages that were taken out of the locked `comment` are in it again; whether all of them are.

    A text that nobody changed since is as it was, as if it had never been said otherwise. In another one they come back
    `leniently`, where their marks still stand.
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
        # with what its author has added since it would be too much for one comment
        source = comment.source
    if source != comment.source:
        rewrite(comment, source, html, editor=moderator, at=timezone.now(), silently=False)
    revision.taken_out = ""
    revision.save(update_fields=["taken_out"])
    # readers may see again what it said, but for what another decision took out
    still_out = comment.revisions.taken_out()
    shown = [each.pk for each in (revision, *earlier) if not any(passage in each.source for passage in still_out)]
    comment.revisions.filter(pk__in=shown).update(withheld_at=None)
    return all(passage in source for passage in passages)
