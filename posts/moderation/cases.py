"""Open, update and close the cases of the review queue, as a consequence of other actions.

The caller holds the lock of the comment's thread, so that two transactions cannot change the case of one comment at the
same time. A new comment needs no lock, because it is not visible to other transactions.
"""

from datetime import datetime

from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from posts.models import Case, Comment, Flag, LogEntry
from posts.threads import exceptions
from posts.threads.exceptions import Refused

Kind, Why, Act, Outcome = Case.Kind, Case.Why, LogEntry.Act, Flag.Outcome
# the outcome of the comment's flags, by the decision about it
OUTCOME_OF: dict[str, Flag.Outcome] = {
    Act.APPROVE: Outcome.KEPT,
    Act.KEEP: Outcome.KEPT,
    Act.RESTORE: Outcome.KEPT,
    Act.REMOVE: Outcome.AGREED,
    Act.EDIT_OUT: Outcome.AGREED,
    Act.LOCK_BRANCH: Outcome.AGREED,
}


def case_of(comment: Comment) -> Case | None:
    """Return the open Case of the locked `comment`, locked as well, or None."""
    return Case.objects.select_for_update(no_key=True).filter(comment=comment, closed_at=None, appeal=None).first()


def check_not_claimed(moderator: User, comment: Comment) -> None:
    """Raise Refused if another moderator has claimed the open case of the locked `comment`."""
    case = case_of(comment)
    claimant = case and case.claimant()
    if claimant is not None and claimant != moderator:
        raise Refused(exceptions.CLAIMED % {"who": claimant})


def open_case(comment: Comment, kind: int, why: list[str], at: datetime, weight: float = 0) -> Case:
    """Open a Case for the locked `comment`, or add the reasons to the open one, and return it.

    The case has the most pressing kind and the highest weight of all its reasons.
    """
    case = case_of(comment)
    if case is None:
        _tell_appeals(comment)
        return Case.objects.create(
            comment=comment, kind=kind, why=list(dict.fromkeys(why)), opened_at=at, weight=weight
        )
    seen = case.kind, case.why, case.weight
    case.kind = min(case.kind, kind)
    case.why = list(dict.fromkeys([*case.why, *why]))
    case.weight = max(case.weight, weight)
    if (case.kind, case.why, case.weight) != seen:
        # without a change (such as one more flag without weight), decisions in progress do not become stale
        case.version += 1
        case.save(update_fields=["kind", "why", "weight", "version"])
        _tell_appeals(comment)
    return case


def note_change(comment: Comment) -> None:
    """Raise the version of the open cases of the locked `comment`, so that decisions on the earlier state are refused.

    For a changed text, or a decision about the comment that was undone.
    """
    Case.objects.filter(comment=comment, closed_at=None).update(version=F("version") + 1)


def close_after_decision(comment: Comment, entry: LogEntry) -> None:
    """Close the case and the flags of the locked `comment`, as far as the decision `entry` settles them."""
    now = timezone.now()
    case = case_of(comment)
    _tell_appeals(comment)
    if entry.act == Act.HOLD:
        case = open_case(comment, Kind.HELD, [Why.HOLD], now)
        case.claimed_by = case.claimed_at = None
        # held for later or for another moderator: it stays in the queue, but is not offered to this moderator
        if entry.moderator_id is not None and entry.moderator_id not in case.passed_by:
            case.passed_by = [*case.passed_by, entry.moderator_id]
        case.save(update_fields=["claimed_by", "claimed_at", "passed_by"])
        return
    waits = is_waiting(comment)
    if entry.act not in OUTCOME_OF or (waits and entry.act in (Act.LOCK_BRANCH, Act.RESTORE)):
        ensure_case_if_waiting(comment)
        return
    Flag.objects.filter(comment=comment, outcome=Outcome.OPEN).update(outcome=OUTCOME_OF[entry.act], decided_at=now)
    if case is not None:
        _close(case, now, entry)
    ensure_case_if_waiting(comment)


def is_waiting(comment: Comment) -> bool:
    """Return whether the comment is held or hidden until a moderator decides."""
    return comment.state in (comment.State.HELD, comment.State.HIDDEN)


def ensure_case_if_waiting(comment: Comment) -> None:
    """Open a case for the locked `comment` if it is held or hidden and has none.

    If the comment had a case about privacy or safety before, the new one has the same kind.
    """
    if is_waiting(comment) and case_of(comment) is None:
        pressing = Case.objects.filter(comment=comment, kind__in=Case.PRESSING).order_by("kind")
        kind = pressing.values_list("kind", flat=True).first() or Kind.HELD
        open_case(comment, kind, [Why.HOLD], timezone.now())


def has_news_since(comment: Comment, entry: LogEntry) -> bool:
    """Return whether something about the locked `comment` that came after `entry` needs a decision of its own.

    That is a hold, a hide, an open flag, or a case that a moderator or an undo opened. Takes at most two queries.
    """
    moments = [at for at in (comment.held_at, comment.hidden_at) if at is not None]
    if any(at > entry.at for at in moments):
        return True
    if Flag.objects.filter(comment=comment, outcome=Outcome.OPEN, flagged_at__gt=entry.at).exists():
        return True
    opened = Case.objects.filter(comment=comment, closed_at=None, appeal=None, opened_at__gt=entry.at)
    return opened.filter(why__overlap=[Why.MODERATOR, Why.UNDO]).exists()


def settle_after_appeal(comment: Comment, entry: LogEntry) -> None:
    """Settle flags and case of the locked `comment` after a successful appeal against `entry`.

    The flags that led to the decision are unfounded (KEPT). So are the open flags, and the open case is closed, unless
    something has come since or the decision was a locked branch.
    """
    # a locked branch decides nothing about the comment itself
    now, is_over = timezone.now(), entry.act != Act.LOCK_BRANCH and not has_news_since(comment, entry)
    case = Case.objects.filter(comment=comment, closed_by=entry, appeal=None).first()
    wrong = Flag.objects.filter(comment=comment).filter(
        Q(decided_at=case.closed_at if case else None, outcome=Outcome.AGREED)
        | (Q(outcome=Outcome.OPEN) if is_over else Q(pk=None))
    )
    wrong.update(outcome=Outcome.KEPT, decided_at=now)
    still_open = case_of(comment)
    if still_open is not None and is_over and not is_waiting(comment):
        _close(still_open, now, entry)


def close_after_deletion(comment: Comment) -> None:
    """Close flags and case of the locked `comment`, which its author has deleted."""
    now = timezone.now()
    Flag.objects.filter(comment=comment, outcome=Outcome.OPEN).update(outcome=Outcome.GONE, decided_at=now)
    case = case_of(comment)
    if case is not None:
        _close(case, now, None)


def reopen(comment: Comment, entry: LogEntry | None) -> None:
    """Open the latest case of the locked `comment` that `entry` closed, and its flags, again.

    `entry` is None if the case was closed because the author deleted the comment.
    """
    closed = Case.objects.select_for_update(no_key=True).filter(comment=comment, closed_by=entry, appeal=None)
    case = closed.filter(closed_at__isnull=False).order_by("-id").first()
    if case is None:
        return
    Flag.objects.filter(comment=comment, decided_at=case.closed_at).update(outcome=Outcome.OPEN, decided_at=None)
    if case_of(comment) is not None:
        # there is a newer open case: it takes over the reasons of the closed one
        open_case(comment, case.kind, case.why, case.opened_at, case.weight)
        return
    case.closed_at = case.closed_by = case.claimed_by = case.claimed_at = None
    case.version += 1
    case.save(update_fields=["closed_at", "closed_by", "claimed_by", "claimed_at", "version"])


def _tell_appeals(comment: Comment) -> None:
    """Raise the version of open appeals about the locked `comment`: answers on the earlier state are refused."""
    Case.objects.filter(comment=comment, closed_at=None, kind=Kind.APPEAL).update(version=F("version") + 1)


def _close(case: Case, at: datetime, entry: LogEntry | None) -> None:
    case.closed_at, case.closed_by, case.version = at, entry, case.version + 1
    case.save(update_fields=["closed_at", "closed_by", "version"])
