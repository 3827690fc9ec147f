"""Answer appeals: uphold the decision, reverse it, or replace it by a milder one."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from posts.models import Appeal, Case, Comment, LogEntry, Revision
from posts.models.log_entry import decided_by
from posts.moderation import actions, cases, decisions, notices, undo
from posts.moderation.audit_log import about, check_not_concerned, check_right, log
from posts.moderation.sanctions import SANCTIONS, apply_sanction, names_of
from posts.safety.redaction import passages_of
from posts.threads import exceptions, publishing
from posts.threads.exceptions import Refused

Act, Outcome = LogEntry.Act, Appeal.Outcome
ACT_OF: dict[str, LogEntry.Act] = {
    Outcome.UPHELD: Act.UPHOLD,
    Outcome.CHANGED: Act.CHANGE,
    Outcome.REVERSED: Act.REVERSE,
}
# the choice of a sanction that goes on as it is
STAYS = "stays"
# decisions about a comment, the mildest first
MILDNESS: list[str] = [Act.APPROVE, Act.LOCK_BRANCH, Act.EDIT_OUT, Act.HOLD, Act.REMOVE]
NEVER = datetime.max.replace(tzinfo=UTC)


@transaction.atomic
def answer_appeal(
    *,
    moderator: User,
    case: Case,
    seen: int,
    outcome: str,
    answer: str,
    act: str = "",
    sanction: str = "",
    passage: str = "",
) -> LogEntry:
    """Answer the appeal of `case` and return the log entry of the answer.

    `outcome` is one of these:

    - UPHELD: the decision stands.
    - REVERSED: the decision is undone, and a comment that would be held or hidden again is published. If the comment
      has changed since the decision, its case is open again instead.
    - CHANGED: the decision is undone and replaced by `act`, `passage` and `sanction`, which have the same meaning as in
      decisions.decide; STAYS means the sanction that is in force. The rule stays the same, and the answer is the
      reason. The new decision must be milder (see `milder_acts` and `milder_sanctions`), so that an appeal has no risk.

    Decisions, flags and texts that came after the decision stay as they are. The entries of a replacing decision are
    `parts` of the answer.

    Raises PermissionDenied for the moderator who made the decision or whose flag led to it, and for one whom it
    concerns, if there is another moderator. Raises Stale if the case has
    changed since version `seen`, and Refused if the answer is not possible.
    """
    check_right(moderator, answer)
    if case.appeal is None:
        raise Refused(exceptions.NOTHING_TO_DO)
    entry = case.appeal.entry
    decisions.check_version(moderator, case, seen)
    is_own = LogEntry.objects.filter(decided_by(moderator), pk=entry.pk).exists()
    if is_own and User.objects.others_moderate(moderator):
        raise PermissionDenied(exceptions.NOT_YOUR_OWN_APPEAL)
    check_not_concerned(moderator, case.appeal)
    is_undone = LogEntry.objects.filter(undoes=entry).exists()
    if is_undone and outcome != Outcome.REVERSED:
        raise Refused(exceptions.NOTHING_STANDS)
    confidential: dict[str, Any] = {"is_confidential": True} if entry.is_confidential else {}
    done = log(moderator, ACT_OF[outcome], answer, **about(entry), **confidential)
    if outcome == Outcome.CHANGED:
        _replace(moderator, entry, done, act, sanction, passage)
    elif outcome == Outcome.REVERSED and (is_undone or _undo(moderator, entry, done)):
        _put_right(moderator, entry, done)
    appeal = Appeal.objects.select_for_update(no_key=True).get(pk=case.appeal.pk)
    appeal.outcome, appeal.answer, appeal.decided_at, appeal.decided_by = outcome, done.reason, done.at, moderator
    appeal.save(update_fields=["outcome", "answer", "decided_at", "decided_by"])
    Case.objects.filter(pk=case.pk).update(closed_at=done.at, closed_by=done, version=seen + 1)
    notices.send_appeal_answer(appeal)
    return done


def instead_of(answer: LogEntry) -> list[LogEntry]:
    """Return the decisions that replaced another one by this answer to an appeal. Takes two queries at most."""
    decided = list(answer.parts.exclude(act__in=[Act.UNDO, Act.REOPEN]).select_related("undone_by").order_by("id"))
    return [*decided, *LogEntry.objects.sanctions_with(*decided).select_related("undone_by")] if decided else []


def _undo(moderator: User, entry: LogEntry, answer: LogEntry, *, with_sanctions: bool = True) -> bool:
    """Undo `entry` as a part of the `answer`, and return whether everything is as it was before."""
    done = undo.undo(
        moderator=moderator, entry=entry, reason=answer.reason, answer=answer, with_sanctions=with_sanctions
    )
    return done.act == Act.UNDO


def _put_right(moderator: User, entry: LogEntry, answer: LogEntry) -> None:
    """Publish the comment of `entry`, and settle its flags as unfounded."""
    if entry.comment is not None and is_about_comment(entry):
        cases.settle_after_appeal(_published(moderator, entry, entry.comment, answer), entry)


def _published(moderator: User, entry: LogEntry, comment: Comment, answer: LogEntry) -> Comment:
    """Lock and return the `comment` that `entry` is about.

    If it is held or hidden and nothing new has come since, it is approved. A locked branch decided nothing about the
    comment itself.
    """
    comment = publishing.lock_comment(comment)
    if entry.act != Act.LOCK_BRANCH and cases.is_waiting(comment) and not cases.has_news_since(comment, entry):
        actions.approve(moderator=moderator, comment=comment, reason=answer.reason, is_told=False)
        comment = publishing.lock_comment(comment)
    return comment


def _replace(moderator: User, entry: LogEntry, answer: LogEntry, act: str, sanction: str, passage: str) -> None:
    """Undo `entry` and make a milder decision instead, as a part of the `answer`."""
    _check_milder(entry, act, sanction, passage)
    if not _undo(moderator, entry, answer, with_sanctions=sanction != STAYS):
        raise Refused(exceptions.CHANGED_SINCE)
    decision = None
    if entry.comment is not None and is_about_comment(entry):
        decision = _decide_instead(moderator, entry, entry.comment, answer, act, passage)
    if sanction in ("", STAYS):
        return
    if entry.person is None:
        raise Refused(exceptions.NO_ACCOUNT)
    with_it = {"rule": entry.rule, "comment": entry.comment, "part_of": decision or answer}
    if not apply_sanction(moderator=moderator, person=entry.person, name=sanction, reason=answer.reason, **with_it):
        raise Refused(exceptions.NOTHING_TO_DO)


def _decide_instead(
    moderator: User, entry: LogEntry, comment: Comment, answer: LogEntry, act: str, passage: str
) -> LogEntry | None:
    """Decide about the `comment` of `entry`, and return the log entry, or None if it was published."""
    if act == Act.APPROVE:
        _put_right(moderator, entry, answer)
        return None
    comment = publishing.lock_comment(comment)
    if cases.has_news_since(comment, entry):
        # the new decision would also close those flags or that case, unseen
        raise Refused(exceptions.DECIDE_THAT_FIRST)
    options = {"passage": passage} if act == Act.EDIT_OUT else {}
    decision = decisions.ABOUT_COMMENT[act](
        moderator=moderator, comment=comment, reason=answer.reason, rule=entry.rule, part_of=answer, **options
    )
    if not decision:
        raise Refused(exceptions.NOTHING_TO_DO)
    if act == Act.LOCK_BRANCH:
        _published(moderator, entry, comment, answer)
    return decision


def _check_milder(entry: LogEntry, act: str, sanction: str, passage: str) -> None:
    """Raise Refused unless the decision is milder than `entry` with the sanction that is in force."""
    standing = standing_sanction(entry)
    if act not in milder_acts(entry) or sanction not in ["", *milder_sanctions(entry, standing)]:
        raise Refused(exceptions.HARSHER)
    is_smaller = act == entry.act == Act.EDIT_OUT and _is_smaller(passage, entry)
    is_same = act in ("", _harshness(entry)) and not is_smaller
    if is_same and sanction and standing is None:
        # a warning would be added
        raise Refused(exceptions.HARSHER)
    if (is_same and (sanction == STAYS or standing is None)) or (not sanction and act in ("", Act.APPROVE)):
        raise Refused(exceptions.NOTHING_INSTEAD)


def _is_smaller(passage: str, entry: LogEntry) -> bool:
    """Return whether the passages are only a part of those that `entry` took out. Raises Refused if they are more."""
    redaction = entry.before_image.redaction
    revision = redaction and Revision.objects.filter(pk=redaction.revision).first()
    taken_out, chosen = passages_of(revision.taken_out) if revision else [], passages_of(passage)
    if not all(any(part in whole for whole in taken_out) for part in chosen):
        raise Refused(exceptions.HARSHER)
    return set(chosen) != set(taken_out)


def standing_sanction(entry: LogEntry) -> LogEntry | None:
    """Return the sanction in force because of `entry`: itself or the one that came with it. Takes one query or none."""
    found = [entry] if entry.is_sanction else undo.sanctions_of(entry)
    return next((each for each in reversed(found) if each.person and not each.is_over(each.person)), None)


def milder_acts(entry: LogEntry) -> list[str]:
    """Return the decisions about the comment that are not harsher than `entry`, the mildest first.

    For a decision about a person alone that is only an empty string.
    """
    return MILDNESS[: MILDNESS.index(_harshness(entry)) + 1] if is_about_comment(entry) else [""]


def milder_sanctions(entry: LogEntry, standing: LogEntry | None) -> list[str]:
    """Return STAYS and the sanctions that are milder than the one in force.

    Of sanctions with an end, what ends sooner is milder. If none is in force, a warning may come instead of hiding.
    """
    if standing is None:
        return ["warn"] if entry.act in (Act.REMOVE, Act.HOLD, Act.HIDE) else []
    present, now = SANCTIONS[names_of(Act(standing.act))[-1]], timezone.now()
    milder = list(SANCTIONS.values())[: list(SANCTIONS).index(present.name) + 1]
    milder = [each for each in milder if each != present or each.duration]
    return [STAYS, *(each.name for each in milder if (each.ends_at(now) or now) < (standing.until or NEVER))]


def is_about_comment(entry: LogEntry) -> bool:
    """Return whether the decision is about a comment, and not about its author alone."""
    return entry.comment is not None and entry.act in (*decisions.ABOUT_COMMENT, Act.HIDE)


def _harshness(entry: LogEntry) -> LogEntry.Act:
    """Return the decision of a moderator that is as harsh as `entry`: if the forum hid a comment, that is a hold."""
    return Act.HOLD if entry.act == Act.HIDE else Act(entry.act)
