"""Moderators work through the queue: take an item, decide, hand it on, take a decision back.

Two people never decide one item: a decision names the version it saw, and the item's row is locked while it is made.
"""

from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from posts.actions import casework, counting, moderating, refusals, sanctioning
from posts.actions.recording import check_moderator, check_not_concerned, check_right, log, restore_fields
from posts.actions.refusals import Refused, Stale
from posts.models import Case, Comment, LogEntry, Note

Act = LogEntry.Act
ABOUT_COMMENT = {
    Act.APPROVE: moderating.approve, Act.REMOVE: moderating.remove, Act.HOLD: moderating.hold,
    Act.EDIT_OUT: moderating.edit_out, Act.LOCK_BRANCH: moderating.lock_branch,
}  # fmt: skip
SUSPENSIONS = {
    "suspend_1": timedelta(hours=24), "suspend_3": timedelta(hours=72), "suspend_7": timedelta(days=7),
    "suspend_28": timedelta(days=28), "ban": None,
}  # fmt: skip
MEASURES = ["warn", "watch", *SUSPENSIONS]


def claim(*, moderator, case_id, takes_over=False):
    """Takes the open Case with the id `case_id` for CLAIMED_FOR; one that somebody else has only if that is meant.
    Whether it is the moderator's now. One query."""
    check_moderator(moderator)
    now = timezone.now()
    cases = Case.objects.filter(pk=case_id, closed_at=None).exclude(appeal__entry__moderator=moderator)
    cases = cases.exclude(verification_request__person=moderator)
    if not takes_over:
        cases = cases.free_for(moderator, now)
    return cases.update(claimed_by=moderator, claimed_at=now) == 1


@transaction.atomic
def begin(*, moderator, comment_id):
    """The open Case of a comment, None if there is no such comment; begun by `moderator` where there is none, because
    they want to decide about it."""
    check_moderator(moderator)
    found = Comment.objects.filter(pk=comment_id).first()
    if found is None:
        return None
    comment = moderating.lock_comment(found)
    return casework.case_of(comment) or casework.open_case(
        comment, Case.Kind.FLAGGED, [Case.Why.MODERATOR], timezone.now()
    )  # fmt: skip


@transaction.atomic
def pass_on(*, moderator, case):
    """Not for me: the item is free again and is not offered to `moderator` any more. Nobody is told who passed it."""
    check_moderator(moderator)
    case = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
    if moderator.pk not in case.passed_by:
        case.passed_by = [*case.passed_by, moderator.pk]
    if case.claimed_by_id == moderator.pk:
        case.claimed_by = case.claimed_at = None
    case.save(update_fields=["passed_by", "claimed_by", "claimed_at"])


@transaction.atomic
def decide(*, moderator, case, seen, act, reason, rule="", measure="", passage=""):
    """The decision `act` (a key of ABOUT_COMMENT) about the case's comment, as the log's entry, and the `measure` (one
    of MEASURES or none) about its author.

    `seen` is the version of the case it is made on. Raises Stale where the case is another one by now or somebody else
    has it, Refused, PermissionDenied.
    """
    check_right(moderator, reason)
    if not case.is_about_comment:
        raise Refused(refusals.NO_CASE_OF_COMMENT)
    check_version(moderator, case, seen)
    comment = Comment.objects.get(pk=case.comment_id)
    options = {"passage": passage} if act == Act.EDIT_OUT else {}
    entry = ABOUT_COMMENT[act](moderator=moderator, comment=comment, reason=reason, rule=rule, **options)
    if not entry:
        raise Refused(refusals.NOTHING_TO_DO)
    if measure:
        if comment.author is None:
            raise Refused(refusals.NO_ACCOUNT)
        about = {"reason": reason, "rule": rule, "comment": comment, "decision": entry}
        take_measure(moderator=moderator, person=comment.author, measure=measure, **about)
    return entry


def take_measure(*, moderator, person, measure, reason, rule="", comment=None, decision=None):
    """One of MEASURES about `person`, if it goes with one as part of the log's entry `decision`; the log's entry, or
    False where nothing changed."""
    about = {
        "moderator": moderator, "person": person, "reason": reason, "rule": rule, "comment": comment,
        "decision": decision,
    }  # fmt: skip
    if measure in SUSPENSIONS:
        lasts = SUSPENSIONS[measure]
        return sanctioning.suspend(until=lasts and timezone.now() + lasts, **about)
    return {"warn": sanctioning.warn, "watch": sanctioning.watch}[measure](**about)


@transaction.atomic
def undo(*, moderator, entry, reason, reopens=True):
    """Takes the decision `entry` back, with the measure that went with it: comment, thread and person are as they were,
    and so are counts; the item is in the queue again, and flags wait again, if it `reopens`. The log's new entry.

    Once for each entry. Raises Refused where what it did has been changed since, PermissionDenied for what concerns
    oneself, and for staff unless a superuser does it.
    """
    check_right(moderator, reason)
    if entry.before is None or entry.act == Act.UNDO:
        raise Refused(refusals.NOT_UNDONE)
    check_not_concerned(moderator, entry.person)
    if "person" in entry.before:
        sanctioning.check_may_be_judged(moderator, entry.person)
    comment = entry.comment and moderating.lock_comment(entry.comment)
    person = None
    if "person" in entry.before:
        person = User.objects.select_for_update(no_key=True).get(pk=entry.person_id)
    thread = None
    if "thread" in entry.before:
        thread = counting.lock_thread(entry.thread_id)
    # whoever comes second has waited above for the first
    if LogEntry.objects.filter(undoes=entry).exists():
        raise Refused(refusals.UNDONE_ALREADY)
    before = entry.before
    if comment is not None and ("comment" in before or "text" in before):
        _restore_comment(comment, before)
    if thread is not None:
        thread.save(update_fields=restore_fields(thread, before["thread"]))
        counting.bump(thread)
    if person is not None:
        person.save(update_fields=restore_fields(person, before["person"]))
    done = log(
        moderator, Act.UNDO, reason, undoes=entry, comment=entry.comment, thread=entry.thread, person=entry.person
    )  # fmt: skip
    if comment is not None and reopens:
        casework.reopen(comment, entry)
    if comment is not None:
        casework.see_to(comment)
    for measure in _measures_of(entry):
        # what somebody has changed since, such as a suspension that was ended, stays as they left it
        with suppress(Refused):
            undo(moderator=moderator, entry=measure, reason=reason, reopens=False)
    return done


def _measures_of(entry):
    """What was decided about the author together with `entry`, and still stands."""
    if entry.person_id is None or entry.comment_id is None:
        return []
    with_it = LogEntry.objects.filter(person=entry.person_id, id__gt=entry.pk, details__decision=entry.pk)
    return with_it.filter(undone_by=None)


@transaction.atomic
def note(*, moderator, text, comment=None, person=None):
    """A Note for moderators only."""
    check_moderator(moderator)
    if not text.strip():
        raise Refused(refusals.EMPTY_NOTE)
    return Note.objects.create(
        comment=comment, person=person, text=text.strip(), noted_at=timezone.now(), noted_by=moderator
    )  # fmt: skip


@transaction.atomic
def annotate(*, moderator, entry, reason):
    """Adds a word to an entry of the log, which itself cannot be changed: a new entry with `reason`."""
    check_right(moderator, reason)
    about = {"comment": entry.comment, "thread": entry.thread, "person": entry.person}
    return log(moderator, Act.ANNOTATE, reason, corrects=entry, is_confidential=entry.is_confidential, **about)


def _restore_comment(comment, before):
    """Text and state of the locked `comment` as `before` notes them, with all that follows."""
    was_published = comment.is_published
    if "text" in before:
        if comment.fingerprint != before["text"]["mark"]:
            raise Refused(refusals.CHANGED_SINCE)
        revision = comment.revisions.get(pk=before["text"]["revision"])
        comment.write(revision.source)
        comment.save(update_fields=["source", "html", "renderer"])
        # it was never said otherwise
        revision.delete()
        comment.revisions.filter(pk__in=before["text"]["withheld"]).update(withheld_at=None)
    restored = restore_fields(comment, before.get("comment", {}))
    first_seen_at = None
    if comment.is_published and comment.published_at is None:
        # it was approved meanwhile, while it was out of sight for another reason
        first_seen_at = comment.published_at = counting.moment_in(comment.thread)
        restored = [*restored, "published_at"]
    comment.save(update_fields=restored)
    counting.state_changed(comment, was_published, at=first_seen_at)


def check_version(moderator, case, seen):
    """Locks the thread, and then the case; raises Stale unless it is open as `seen` and free for `moderator`.

    Whoever locks a case holds the thread of its comment, so that a case may be locked before comments and persons.
    """
    if case.comment_id is not None:
        counting.lock_thread(case.comment.thread_id)
    case = Case.objects.select_for_update(no_key=True, of=["self"]).select_related("claimed_by").get(pk=case.pk)
    claimant = case.claimant()
    if case.closed_at is not None:
        raise Stale(refusals.DECIDED_ALREADY)
    if case.version != seen:
        raise Stale(refusals.CHANGED_MEANWHILE)
    if claimant is not None and claimant != moderator:
        raise Stale(refusals.CLAIMED)
