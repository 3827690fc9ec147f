"""Answer appeals: uphold the decision, change it to a milder one, or reverse it."""

from datetime import UTC, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from posts.models import Appeal, Case, Comment, LogEntry, Revision
from posts.moderation import actions, cases, decisions, notices, undo
from posts.moderation.audit_log import check_not_concerned, check_right, log
from posts.moderation.sanctions import SANCTIONS, apply_sanction, names_of
from posts.safety.redaction import passages_of
from posts.threads import exceptions, publishing
from posts.threads.exceptions import Refused

Act, Outcome = LogEntry.Act, Appeal.Outcome
ACT_OF = {Outcome.UPHELD: Act.UPHOLD, Outcome.CHANGED: Act.CHANGE, Outcome.REVERSED: Act.REVERSE}
# for a changed decision: the part about the comment, or the part about its author, stays as it is
STAYS = "stays"
# actions on a comment, mildest first
MILDNESS = [Act.LOCK_BRANCH, Act.EDIT_OUT, Act.HOLD, Act.REMOVE]
NEVER = datetime.max.replace(tzinfo=UTC)


@transaction.atomic
def answer_appeal(
    *,
    moderator: User,
    case: Case,
    seen: int,
    outcome: str,
    answer: str,
    act: str = STAYS,
    sanction: str = STAYS,
    passage: str = "",
) -> LogEntry:
    """Answer the appeal of `case` and return the log entry of the answer.

    `outcome` is one of these:

    - UPHELD: the decision stands.
    - REVERSED: all effects of the decision are undone. A comment that would be held or hidden again is published.
    - CHANGED: `act` replaces the decision about the comment, and `sanction` the one about its author; the values are
      those of decisions.decide. STAYS leaves that part as it is, and an empty string means nothing: as `act`, the
      comment is published. The rule stays the same, and the answer is the reason.

    A changed decision must be milder, so that an appeal has no risk: see `milder_acts` and `milder_sanctions`.
    Decisions, flags and texts that came after the decision stay as they are. `details["instead"]` of the entry has the
    ids of the entries of the replacing decisions.

    Raises PermissionDenied for the moderator who made the decision if there is another moderator, Stale if the case has
    changed since version `seen`, and Refused if the answer is not possible.
    """
    check_right(moderator, answer)
    entry = case.appeal.entry
    decisions.check_version(moderator, case, seen)
    if entry.moderator_id == moderator.pk and User.objects.others_moderate(moderator):
        raise PermissionDenied(exceptions.NOT_YOUR_OWN_APPEAL)
    check_not_concerned(moderator, case.appeal.person)
    if outcome != Outcome.REVERSED and LogEntry.objects.filter(undoes=entry).exists():
        raise Refused(exceptions.NOTHING_STANDS)
    now = timezone.now()
    instead = []
    if outcome == Outcome.REVERSED:
        _take_back(moderator, entry, answer)
        _put_right(moderator, entry, answer)
    elif outcome == Outcome.CHANGED:
        instead = _decide_instead(moderator, entry, answer, act, sanction, passage)
    appeal = Appeal.objects.select_for_update(no_key=True).get(pk=case.appeal_id)
    appeal.outcome, appeal.answer, appeal.decided_at, appeal.decided_by = outcome, answer.strip(), now, moderator
    appeal.save(update_fields=["outcome", "answer", "decided_at", "decided_by"])
    about = {"comment": entry.comment, "thread": entry.thread, "person": entry.person}
    if entry.is_confidential:
        about["is_confidential"] = True
    details = {"instead": [each.pk for each in instead]} if instead else None
    done = log(moderator, ACT_OF[outcome], answer, details=details, **about)
    Case.objects.filter(pk=case.pk).update(closed_at=now, closed_by=done, version=seen + 1)
    # the mail about a replacing decision leads to the answer, so that one mail is enough
    if not any(notices.has_notice(each) for each in instead):
        notices.send_appeal_answer(appeal)
    return done


def _take_back(moderator: User, entry: LogEntry, answer: str, *, with_sanctions: bool = True) -> None:
    """Undo `entry`, unless that is done already. Changes that came after it stay as they are."""
    if not LogEntry.objects.filter(undoes=entry).exists():
        about = {"reopens": False, "with_sanctions": with_sanctions, "leniently": True}
        undo.undo(moderator=moderator, entry=entry, reason=answer, **about)


def _put_right(moderator: User, entry: LogEntry, answer: str) -> None:
    """Publish the comment of `entry` if it is held or hidden, and settle its flags as unfounded."""
    if is_about_comment(entry):
        comment = _published(moderator, entry, answer) if entry.act != Act.LOCK_BRANCH else None
        cases.settle_after_appeal(comment or publishing.lock_comment(entry.comment), entry)


def _decide_instead(
    moderator: User, entry: LogEntry, answer: str, act: str, sanction: str, passage: str
) -> list[LogEntry]:
    """Replace `entry`, or a part of it, and return the entries of the replacing decisions.

    The list is empty if a part is reversed and nothing replaces it.
    """
    sanctions = standing_sanctions(entry)
    if not is_about_comment(entry):
        if act != STAYS or sanction in (STAYS, ""):
            raise Refused(exceptions.NOTHING_INSTEAD)
        if entry.is_over(entry.person) or sanction not in milder_sanctions(entry, [entry]):
            raise Refused(exceptions.HARSHER)
        _take_back(moderator, entry, answer)
        return [_sanction_instead(moderator, entry, answer, sanction, None)]
    if act not in milder_acts(entry) or sanction not in milder_sanctions(entry, sanctions):
        raise Refused(exceptions.HARSHER)
    if act == STAYS and sanction not in (STAYS, "") and not sanctions:
        # a sanction cannot be added to a decision that otherwise stays as it is
        raise Refused(exceptions.HARSHER)
    if act == entry.act == Act.EDIT_OUT and not _is_smaller(passage, entry):
        raise Refused(exceptions.HARSHER)
    is_other_act = act != STAYS
    # to take back everything is to reverse, and to leave everything is to uphold: those are other outcomes
    is_other_sanction = sanction != STAYS and bool(sanction or sanctions)
    is_all_gone = not act and (not sanction or (sanction == STAYS and not sanctions))
    if is_all_gone or not (is_other_act or is_other_sanction):
        raise Refused(exceptions.NOTHING_INSTEAD)
    decision, instead = entry, []
    if is_other_act:
        _take_back(moderator, entry, answer, with_sanctions=False)
        decision = _act_instead(moderator, entry, answer, act, passage)
        instead += [decision] if decision else []
    if is_other_sanction:
        for each in sanctions:
            _take_back(moderator, each, answer)
        instead += [_sanction_instead(moderator, entry, answer, sanction, decision)] if sanction else []
    return instead


def _is_smaller(passage: str, entry: LogEntry) -> bool:
    """Return whether each passage is a part of a passage that `entry` took out."""
    revision = Revision.objects.filter(pk=entry.details["revision"]).first()
    taken_out = passages_of(revision.taken_out) if revision else []
    return all(any(part in whole for whole in taken_out) for part in passages_of(passage))


def _act_instead(moderator: User, entry: LogEntry, answer: str, act: str, passage: str) -> LogEntry | None:
    """Apply `act` to the comment and return its log entry.

    For an empty `act`, publish the comment, settle its flags as unfounded, and return None.
    """
    if not act:
        _put_right(moderator, entry, answer)
        return None
    comment = publishing.lock_comment(entry.comment)
    if cases.has_news_since(comment, entry):
        # the new action would also close those flags or that case, unseen
        raise Refused(exceptions.DECIDE_THAT_FIRST)
    options = {"passage": passage} if act == Act.EDIT_OUT else {}
    decision = decisions.ABOUT_COMMENT[act](
        moderator=moderator, comment=comment, reason=answer, rule=entry.rule, **options
    )
    if not decision:
        raise Refused(exceptions.NOTHING_TO_DO)
    if act != Act.HOLD:
        _published(moderator, entry, answer)
    return decision


def _sanction_instead(
    moderator: User, entry: LogEntry, answer: str, sanction: str, decision: LogEntry | None
) -> LogEntry:
    """Apply `sanction` to the person, as part of `decision` about their comment if there is one."""
    if entry.person is None:
        raise Refused(exceptions.NO_ACCOUNT)
    about = {"person": entry.person, "comment": entry.comment, "decision": decision}
    done = apply_sanction(moderator=moderator, name=sanction, reason=answer, rule=entry.rule, **about)
    if not done:
        raise Refused(exceptions.NOTHING_TO_DO)
    return done


def standing_sanctions(entry: LogEntry) -> list[LogEntry]:
    """Return the sanctions against the author that were part of the decision `entry` and are still in force.

    Takes one query or none.
    """
    return [sanction for sanction in undo.sanctions_of(entry) if not sanction.is_over(entry.person)]


def milder_acts(entry: LogEntry) -> list[str]:
    """Return what can replace a decision about a comment: STAYS, an empty string for nothing, and the milder actions.

    A passage that was taken out can be replaced by a smaller one.
    """
    mildness = MILDNESS.index(Act.HOLD if entry.act == Act.HIDE else entry.act)
    return [STAYS, "", *(act for act in MILDNESS[: mildness + 1] if act != entry.act or act == Act.EDIT_OUT)]


def milder_sanctions(entry: LogEntry, sanctions: list[LogEntry]) -> list[str]:
    """Return what can replace `sanctions`, which are in force: STAYS, an empty string for nothing, and the milder ones.

    If there are none, a warning can replace an action that hid the comment.
    """
    if not sanctions:
        return [STAYS, "", "warn"] if entry.act in (Act.REMOVE, Act.HOLD, Act.HIDE) else [STAYS, ""]
    # Of a sanction with an end, only the end is known. What ends sooner is milder.
    timed = {sanction.act for sanction in SANCTIONS.values() if sanction.duration}
    present = [names_of(each.act)[-1] for each in sanctions]
    until, now, names = min(each.until or NEVER for each in sanctions), timezone.now(), list(SANCTIONS)
    milder = names[: max(map(names.index, present)) + any(each.act in timed for each in sanctions)]
    fits = [name for name in milder if (SANCTIONS[name].ends_at(now) or now) < until]
    return [STAYS, "", *(name for name in fits if name not in present or SANCTIONS[name].act in timed)]


def is_about_comment(entry: LogEntry) -> bool:
    """Return whether the decision is about a comment, and not about its author alone."""
    return entry.comment is not None and entry.act in (*decisions.ABOUT_COMMENT, Act.HIDE)


def _published(moderator: User, entry: LogEntry, answer: str) -> Comment:
    """Lock and return the comment of `entry`. If it is held or hidden and nothing new has come since, approve it."""
    comment = publishing.lock_comment(entry.comment)
    if cases.is_waiting(comment) and not cases.has_news_since(comment, entry):
        actions.approve(moderator=moderator, comment=comment, reason=answer, is_told=False)
        comment = publishing.lock_comment(comment)
    return comment
