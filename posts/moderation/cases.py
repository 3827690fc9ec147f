"""The items of the queue as they come and go: consequences of other verbs, called by name at their end.

The comment's thread is locked by the caller, so no two of them meet over one comment; of a new comment nobody knows.
"""

from django.db.models import F, Q
from django.utils import timezone

from posts.models import Case, Flag, LogEntry

Kind, Why, Act, Outcome = Case.Kind, Case.Why, LogEntry.Act, Flag.Outcome
# what an act means for those who flagged the comment
OUTCOME_OF = {
    Act.APPROVE: Outcome.KEPT,
    Act.KEEP: Outcome.KEPT,
    Act.RESTORE: Outcome.KEPT,
    Act.REMOVE: Outcome.AGREED,
    Act.EDIT_OUT: Outcome.AGREED,
    Act.LOCK_BRANCH: Outcome.AGREED,
}


def case_of(comment):
    """The open Case of the locked `comment`, locked too; None if there is none."""
    return Case.objects.select_for_update(no_key=True).filter(comment=comment, closed_at=None, appeal=None).first()


def open_case(comment, kind, why, at, weight=0):
    """The open Case of the locked `comment`, new or moved on: it is as pressing as the most pressing of its reasons."""
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
        # what changes nothing, such as one more flag that weighs nothing, makes nobody's decision stale
        case.version += 1
        case.save(update_fields=["kind", "why", "weight", "version"])
        _tell_appeals(comment)
    return case


def note_change(comment):
    """What the locked `comment` says is another text now, or something about it was taken back: whoever decides has to
    have seen it."""
    Case.objects.filter(comment=comment, closed_at=None).update(version=F("version") + 1)


def close_after_decision(comment, entry):
    """A moderator decided about the locked `comment`, as the log's `entry` says: its open case and flags are done."""
    now = timezone.now()
    case = case_of(comment)
    _tell_appeals(comment)
    if entry.act == Act.HOLD:
        case = open_case(comment, Kind.HELD, [Why.HOLD], now)
        case.claimed_by = case.claimed_at = None
        # whoever holds it wants to think, or others to look: it stays in the queue, and is not their next
        case.passed_by = list({*case.passed_by, entry.moderator_id})
        case.save(update_fields=["claimed_by", "claimed_at", "passed_by"])
        return
    waits = is_waiting(comment)
    if entry.act not in OUTCOME_OF or (waits and entry.act == Act.LOCK_BRANCH):
        ensure_case_if_waiting(comment)
        return
    Flag.objects.filter(comment=comment, outcome=Outcome.OPEN).update(outcome=OUTCOME_OF[entry.act], decided_at=now)
    if case is not None:
        _close(case, now, entry)
    ensure_case_if_waiting(comment)


def is_waiting(comment):
    """It is out of sight until a moderator decides."""
    return comment.state in (comment.State.HELD, comment.State.HIDDEN)


def ensure_case_if_waiting(comment):
    """Whatever became of the locked `comment`: if it waits, it is in the queue."""
    if is_waiting(comment) and case_of(comment) is None:
        open_case(comment, Kind.HELD, [Why.HOLD], timezone.now())


def has_news_since(comment, entry):
    """Since `entry` the locked `comment` was taken out of sight or flagged, or a moderator wants to look at it: that
    is decided on its own. One query, or two."""
    moments = [at for at in (comment.held_at, comment.hidden_at) if at is not None]
    if any(at > entry.at for at in moments):
        return True
    if Flag.objects.filter(comment=comment, outcome=Outcome.OPEN, flagged_at__gt=entry.at).exists():
        return True
    opened = Case.objects.filter(comment=comment, closed_at=None, appeal=None, opened_at__gt=entry.at)
    return opened.filter(why__contains=[Why.MODERATOR]).exists()


def settle_after_appeal(comment, entry):
    """An appeal against `entry` about the locked `comment` was right: the flags that led to it were without reason, and
    so are those that wait, and its item is closed, unless something has come since."""
    # of what it was before the branch was locked, that decided nothing
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


def close_after_deletion(comment):
    """Its author deleted the locked `comment`: nothing is left to decide."""
    now = timezone.now()
    Flag.objects.filter(comment=comment, outcome=Outcome.OPEN).update(outcome=Outcome.GONE, decided_at=now)
    case = case_of(comment)
    if case is not None:
        _close(case, now, None)


def reopen(comment, entry):
    """What closed the latest case of the locked `comment`, the log's `entry` or (None) its author's deletion, was taken
    back: the case is open again, and its flags wait again."""
    closed = Case.objects.select_for_update(no_key=True).filter(comment=comment, closed_by=entry, appeal=None)
    case = closed.filter(closed_at__isnull=False).order_by("-id").first()
    if case is None:
        return
    Flag.objects.filter(comment=comment, decided_at=case.closed_at).update(outcome=Outcome.OPEN, decided_at=None)
    if case_of(comment) is not None:
        # something new was flagged meanwhile: that item stands for both
        open_case(comment, case.kind, case.why, case.opened_at, case.weight)
        return
    case.closed_at = case.closed_by = case.claimed_by = case.claimed_at = None
    case.version += 1
    case.save(update_fields=["closed_at", "closed_by", "claimed_by", "claimed_at", "version"])


def _tell_appeals(comment):
    """Whoever answers an appeal about the locked `comment` has to have seen what becomes of it meanwhile."""
    Case.objects.filter(comment=comment, closed_at=None, kind=Kind.APPEAL).update(version=F("version") + 1)


def _close(case, at, entry):
    case.closed_at, case.closed_by, case.version = at, entry, case.version + 1
    case.save(update_fields=["closed_at", "closed_by", "version"])
