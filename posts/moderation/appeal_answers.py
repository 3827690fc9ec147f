"""Moderators answer appeals: the earlier decision stands, is another one, or is gone."""

from datetime import UTC, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from posts.models import Appeal, Case, LogEntry, Revision
from posts.moderation import actions, cases, decisions, notices, undo
from posts.moderation.audit_log import check_not_concerned, check_right, log
from posts.moderation.decisions import SANCTIONS, SUSPENSIONS
from posts.safety.redaction import passages_of
from posts.threads import exceptions, publishing
from posts.threads.exceptions import Refused

Act, Outcome = LogEntry.Act, Appeal.Outcome
ACT_OF = {Outcome.UPHELD: Act.UPHOLD, Outcome.CHANGED: Act.CHANGE, Outcome.REVERSED: Act.REVERSE}
# of a decision that is changed: what was decided about the comment, or about its author, stays as it is
STAYS = "stays"
# acts about a comment, the mildest first
MILDNESS = [Act.LOCK_BRANCH, Act.EDIT_OUT, Act.HOLD, Act.REMOVE]
SANCTION_OF = {Act.WARN: "warn", Act.WATCH: "watch", Act.BAN: "ban"}
NEVER = datetime.max.replace(tzinfo=UTC)


@transaction.atomic
def answer_appeal(*, moderator, case, seen, outcome, answer, act=STAYS, sanction=STAYS, passage=""):
    """The log's entry of the answer to an appeal: the decision stands (UPHELD); or is REVERSED, and then everything is
    as it was, and what would wait again is published; or is CHANGED: what was decided about the comment gives way to
    `act`, what was decided about its author to `sanction`, as in deciding.decide, under the same rule and with the
    answer as the reason. Nothing ("") as the act is a comment that everybody can read. Nobody fares worse for having
    appealed: see milder_acts, milder_sanctions.

    What somebody has decided, flagged or written since stays as it is. `details` of the entry name what came in its
    place under "instead", by their ids. Raises PermissionDenied for whoever decided first where there is another
    moderator, Stale, Refused.
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
    # whoever is told of what comes instead is led from there to the answer: one mail and not two
    if not any(notices.has_notice(each) for each in instead):
        notices.send_appeal_answer(appeal)
    return done


def _take_back(moderator, entry, answer, *, with_sanctions=True):
    """Everything is as it was before `entry`, as far as nobody decided or wrote otherwise since."""
    if not LogEntry.objects.filter(undoes=entry).exists():
        about = {"reopens": False, "with_sanctions": with_sanctions, "leniently": True}
        undo.undo(moderator=moderator, entry=entry, reason=answer, **about)


def _put_right(moderator, entry, answer):
    """The comment that `entry` was about is published if it would wait again, and its flags were without reason."""
    if is_about_comment(entry):
        comment = _published(moderator, entry, answer) if entry.act != Act.LOCK_BRANCH else None
        cases.settle_after_appeal(comment or publishing.lock_comment(entry.comment), entry)


def _decide_instead(moderator, entry, answer, act, sanction, passage):
    """The decisions that come in the place of `entry`, or of a part of it; none where a part alone is taken back."""
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
        # a word in the place of nothing
        raise Refused(exceptions.HARSHER)
    if act == entry.act == Act.EDIT_OUT and not _is_smaller(passage, entry):
        raise Refused(exceptions.HARSHER)
    is_other_act = act != STAYS
    # to take all of it back is to reverse it, and to leave all of it is to uphold it
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


def _is_smaller(passage, entry):
    """The passages are parts of those that `entry` took out."""
    revision = Revision.objects.filter(pk=entry.details["revision"]).first()
    taken_out = passages_of(revision.taken_out) if revision else []
    return all(any(part in whole for whole in taken_out) for part in passages_of(passage))


def _act_instead(moderator, entry, answer, act, passage):
    """The decision `act` about the comment; None for nothing, and then it is published and its flags were without
    reason."""
    if not act:
        _put_right(moderator, entry, answer)
        return None
    comment = publishing.lock_comment(entry.comment)
    if cases.has_news_since(comment, entry):
        # it would be decided along with it, unseen
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


def _sanction_instead(moderator, entry, answer, sanction, decision):
    """The decision `sanction` about the person, as part of `decision` about their comment if there is one."""
    if entry.person is None:
        raise Refused(exceptions.NO_ACCOUNT)
    about = {"person": entry.person, "comment": entry.comment, "decision": decision}
    done = decisions.apply_sanction(moderator=moderator, sanction=sanction, reason=answer, rule=entry.rule, **about)
    if not done:
        raise Refused(exceptions.NOTHING_TO_DO)
    return done


def standing_sanctions(entry):
    """What was decided about the author together with `entry` and still holds; one query, or none."""
    return [sanction for sanction in undo.sanctions_of(entry) if not sanction.is_over(entry.person)]


def milder_acts(entry):
    """What may come in the place of a decision about a comment: STAYS, nothing, or an act that weighs less; another
    passage."""
    mildness = MILDNESS.index(Act.HOLD if entry.act == Act.HIDE else entry.act)
    return [STAYS, "", *(act for act in MILDNESS[: mildness + 1] if act != entry.act or act == Act.EDIT_OUT)]


def milder_sanctions(entry, sanctions):
    """What may come in the place of `sanctions`, which stand: they stay, nothing, or one that weighs less; where there
    are none, a word in the place of taking the comment out of sight."""
    about = [SANCTION_OF.get(each.act, "ban") for each in sanctions]
    if not about:
        return [STAYS, "", "warn"] if entry.act in (Act.REMOVE, Act.HOLD, Act.HIDE) else [STAYS, ""]
    until = min(each.until or NEVER for each in sanctions)
    milder = SANCTIONS[: max(SANCTIONS.index(each) for each in about)]
    now = timezone.now()
    fits = [each for each in milder if each not in SUSPENSIONS or now + SUSPENSIONS[each] < until]
    return [STAYS, "", *(each for each in fits if each not in about)]


def is_about_comment(entry):
    """It decided about a comment, and not about its author."""
    return entry.comment is not None and entry.act in (*decisions.ABOUT_COMMENT, Act.HIDE)


def _published(moderator, entry, answer):
    """The comment of `entry`, locked; approved if it waits, but for what came since."""
    comment = publishing.lock_comment(entry.comment)
    if cases.is_waiting(comment) and not cases.has_news_since(comment, entry):
        actions.approve(moderator=moderator, comment=comment, reason=answer, is_told=False)
        comment = publishing.lock_comment(comment)
    return comment
