"""Moderators work through the queue: take an item, decide, hand it on.

Two people never decide one item: a decision names the version it saw, and the item's row is locked while it is made.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import VerificationRequest
from posts.models import Appeal, Case, Comment, LogEntry, Note
from posts.moderation import actions, sanctions
from posts.moderation import cases as moderation_cases
from posts.moderation.audit_log import check_moderator, check_right, log
from posts.threads import exceptions, publishing
from posts.threads.exceptions import Refused, Stale

Act = LogEntry.Act
ABOUT_COMMENT = {
    Act.APPROVE: actions.approve,
    Act.REMOVE: actions.remove,
    Act.HOLD: actions.hold,
    Act.EDIT_OUT: actions.edit_out,
    Act.LOCK_BRANCH: actions.lock_branch,
}
SUSPENSIONS = {
    "suspend_1": timedelta(hours=24),
    "suspend_3": timedelta(hours=72),
    "suspend_7": timedelta(days=7),
    "suspend_28": timedelta(days=28),
    "ban": None,
}
SAME_NOTE = timedelta(minutes=5)
SANCTIONS = ["warn", "watch", *SUSPENSIONS]


def claim(*, moderator, case_id, takes_over=False):
    """Takes the open Case with the id `case_id` for CLAIMED_FOR; one that somebody else has only if that is meant.
    Whether it is the moderator's now. One query, without a join: so the row is looked at again by whoever waited."""
    check_moderator(moderator)
    now = timezone.now()
    cases = Case.objects.filter(pk=case_id, closed_at=None)
    cases = cases.exclude(appeal__in=Appeal.objects.filter(entry__moderator=moderator))
    cases = cases.exclude(comment__in=Comment.objects.filter(author=moderator))
    cases = cases.exclude(verification_request__in=VerificationRequest.objects.filter(person=moderator))
    if not takes_over:
        cases = cases.free_for(moderator, now)
    return cases.update(claimed_by=moderator, claimed_at=now) == 1


@transaction.atomic
def open_or_begin(*, moderator, comment_id):
    """The open Case of a comment, None if there is no such comment; begun by `moderator` where there is none, because
    they want to decide about it."""
    check_moderator(moderator)
    found = Comment.objects.filter(pk=comment_id).first()
    if found is None:
        return None
    comment = publishing.lock_comment(found)
    return moderation_cases.case_of(comment) or moderation_cases.open_case(
        comment, Case.Kind.FLAGGED, [Case.Why.MODERATOR], timezone.now()
    )


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
def decide(*, moderator, case, seen, act, reason, rule="", sanction="", passage=""):
    """The decision `act` (a key of ABOUT_COMMENT) about the case's comment, as the log's entry, and the `sanction` (one
    of SANCTIONS or none) about its author.

    `seen` is the version of the case it is made on. Raises Stale where the case is another one by now or somebody else
    has it, Refused, PermissionDenied.
    """
    check_right(moderator, reason)
    if not case.is_about_comment:
        raise Refused(exceptions.NO_CASE_OF_COMMENT)
    check_version(moderator, case, seen)
    comment = Comment.objects.get(pk=case.comment_id)
    options = {"passage": passage} if act == Act.EDIT_OUT else {}
    entry = ABOUT_COMMENT[act](moderator=moderator, comment=comment, reason=reason, rule=rule, **options)
    if not entry:
        raise Refused(exceptions.NOTHING_TO_DO)
    if sanction:
        if comment.author is None:
            raise Refused(exceptions.NO_ACCOUNT)
        about = {"reason": reason, "rule": rule, "comment": comment, "decision": entry}
        apply_sanction(moderator=moderator, person=comment.author, sanction=sanction, **about)
    return entry


def apply_sanction(*, moderator, person, sanction, reason, rule="", comment=None, decision=None):
    """One of SANCTIONS about `person`, if it goes with one as part of the log's entry `decision`; the log's entry, or
    False where nothing changed."""
    about = {
        "moderator": moderator,
        "person": person,
        "reason": reason,
        "rule": rule,
        "comment": comment,
        "decision": decision,
    }
    if sanction in SUSPENSIONS:
        lasts = SUSPENSIONS[sanction]
        return sanctions.suspend(until=lasts and timezone.now() + lasts, **about)
    return {"warn": sanctions.warn, "watch": sanctions.watch}[sanction](**about)


@transaction.atomic
def note(*, moderator, text, comment=None, person=None):
    """A Note for moderators only; the same one sent again within SAME_NOTE is the first."""
    check_moderator(moderator)
    if not text.strip():
        raise Refused(exceptions.EMPTY_NOTE)
    now, about = timezone.now(), {"comment": comment, "person": person, "text": text.strip(), "noted_by": moderator}
    same = Note.objects.filter(noted_at__gte=now - SAME_NOTE, **about).first()
    return same or Note.objects.create(noted_at=now, **about)


@transaction.atomic
def annotate(*, moderator, entry, reason):
    """Adds a word to an entry of the log, which itself cannot be changed: a new entry with `reason`."""
    check_right(moderator, reason)
    about = {"comment": entry.comment, "thread": entry.thread, "person": entry.person}
    return log(moderator, Act.ANNOTATE, reason, corrects=entry, is_confidential=entry.is_confidential, **about)


def check_version(moderator, case, seen):
    """Locks the thread, and then the case; raises Stale unless it is open as `seen` and free for `moderator`.

    Whoever locks a case holds the thread of its comment, so that a case may be locked before comments and persons.
    """
    if case.comment_id is not None:
        publishing.lock_thread(case.comment.thread_id)
    case = Case.objects.select_for_update(no_key=True, of=["self"]).select_related("claimed_by").get(pk=case.pk)
    claimant = case.claimant()
    if case.closed_at is not None:
        is_own = case.closed_by is not None and case.closed_by.moderator_id == moderator.pk
        raise Stale(exceptions.YOU_DECIDED_ALREADY if is_own else exceptions.DECIDED_ALREADY)
    if case.version != seen:
        raise Stale(exceptions.CHANGED_MEANWHILE)
    if claimant is not None and claimant != moderator:
        raise Stale(exceptions.CLAIMED % {"who": claimant})
