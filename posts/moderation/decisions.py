"""Work through the review queue: claim an item, decide about it, or pass it on.

Two moderators cannot decide about one item: a decision states the version of the case that it was made on, and the row
of the case is locked meanwhile.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from posts.models import Case, Comment, LogEntry, Note
from posts.models.case import own_cause_of
from posts.moderation import actions, sanctions
from posts.moderation import cases as moderation_cases
from posts.moderation.audit_log import about, check_moderator, check_right, log
from posts.threads import exceptions, publishing
from posts.threads.exceptions import Refused, Stale

Act = LogEntry.Act
ABOUT_COMMENT: dict[str, Callable[..., LogEntry | Literal[False]]] = {
    Act.APPROVE: actions.approve,
    Act.REMOVE: actions.remove,
    Act.HOLD: actions.hold,
    Act.EDIT_OUT: actions.edit_out,
    Act.LOCK_BRANCH: actions.lock_branch,
}
SAME_NOTE = timedelta(minutes=5)


def claim(*, moderator: User, case_id: int, takes_over: bool = False) -> bool:
    """Claim the open Case `case_id` for CLAIMED_FOR, and return whether the moderator has it now.

    A case that another moderator has claimed is taken only with `takes_over`. One UPDATE without a join: a concurrent
    request that waited for the row checks the conditions again.
    """
    check_moderator(moderator)
    now = timezone.now()
    cases = Case.objects.filter(pk=case_id, closed_at=None).exclude(own_cause_of(moderator))
    if not takes_over:
        cases = cases.free_for(moderator, now)
    return cases.update(claimed_by=moderator, claimed_at=now) == 1


@transaction.atomic
def open_or_begin(*, moderator: User, comment_id: int) -> Case | None:
    """Return the open Case of a comment, and open one if there is none, for a moderator who wants to decide about it.

    Returns None if there is no such comment.
    """
    check_moderator(moderator)
    found = Comment.objects.filter(pk=comment_id).first()
    if found is None:
        return None
    comment = publishing.lock_comment(found)
    return moderation_cases.case_of(comment) or moderation_cases.open_case(
        comment, Case.Kind.FLAGGED, [Case.Why.MODERATOR], timezone.now()
    )


@transaction.atomic
def pass_on(*, moderator: User, case: Case) -> None:
    """Release the item and do not offer it to `moderator` again. Other people are not shown who passed it on."""
    check_moderator(moderator)
    case = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
    if moderator.pk not in case.passed_by:
        case.passed_by = [*case.passed_by, moderator.pk]
    if case.claimed_by_id == moderator.pk:
        case.claimed_by = case.claimed_at = None
    case.save(update_fields=["passed_by", "claimed_by", "claimed_at"])


@transaction.atomic
def decide(
    *,
    moderator: User,
    case: Case,
    seen: int,
    act: str,
    reason: str,
    rule: str = "",
    sanction: str = "",
    passage: str = "",
) -> LogEntry:
    """Decide about the case's comment, and return the log entry.

    `act` is a key of ABOUT_COMMENT, and `sanction` the name of one of SANCTIONS against the author, or empty. `seen` is
    the version of the case that the decision is made on. Raises Stale if the case has changed or another moderator has
    it, Refused if the decision is not possible, and PermissionDenied.
    """
    check_right(moderator, reason)
    if not case.is_about_comment or case.comment is None:
        raise Refused(exceptions.NO_CASE_OF_COMMENT)
    check_version(moderator, case, seen)
    comment = Comment.objects.get(pk=case.comment.pk)
    options = {"passage": passage} if act == Act.EDIT_OUT else {}
    entry = ABOUT_COMMENT[act](moderator=moderator, comment=comment, reason=reason, rule=rule, **options)
    if not entry:
        raise Refused(exceptions.NOTHING_TO_DO)
    if sanction:
        if comment.author is None:
            raise Refused(exceptions.NO_ACCOUNT)
        with_it = {"rule": rule, "comment": comment, "part_of": entry}
        sanctions.apply_sanction(moderator=moderator, person=comment.author, name=sanction, reason=reason, **with_it)
    return entry


@transaction.atomic
def note(*, moderator: User, text: str, comment: Comment | None = None, person: User | None = None) -> Note:
    """Create a Note that only moderators can read. The same note sent again within SAME_NOTE returns the first one."""
    check_moderator(moderator)
    if not text.strip():
        raise Refused(exceptions.EMPTY_NOTE)
    now, about = timezone.now(), {"comment": comment, "person": person, "text": text.strip(), "noted_by": moderator}
    same = Note.objects.filter(noted_at__gte=now - SAME_NOTE, **about).first()
    return same or Note.objects.create(noted_at=now, **about)


@transaction.atomic
def annotate(*, moderator: User, entry: LogEntry, reason: str) -> LogEntry:
    """Add a remark to an entry of the audit log. Entries cannot be changed, so this is a new entry with `reason`."""
    check_right(moderator, reason)
    return log(moderator, Act.ANNOTATE, reason, corrects=entry, is_confidential=entry.is_confidential, **about(entry))


def check_version(moderator: User, case: Case, seen: int) -> None:
    """Lock the thread and then the case, and check the case.

    Raises Stale unless it is open, at version `seen`, and not claimed by another moderator.

    The lock of the comment's thread comes first in all functions, so a case may be locked before comments and persons.
    """
    if case.comment is not None:
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
