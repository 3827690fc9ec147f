"""Moderators answer appeals: the earlier decision stands, is another one, or is gone."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from posts.actions import casework, deciding, moderating, notifying, refusals
from posts.actions.recording import check_not_concerned, check_right, log
from posts.actions.refusals import Refused
from posts.models import Appeal, Case, Comment, LogEntry

Act, Outcome = LogEntry.Act, Appeal.Outcome
ACT_OF = {Outcome.UPHELD: Act.UPHOLD, Outcome.CHANGED: Act.CHANGE, Outcome.REVERSED: Act.REVERSE}


@transaction.atomic
def answer_appeal(*, moderator, case, seen, outcome, answer, act="", measure="", passage=""):
    """The log's entry of the answer to an appeal: the decision stands (UPHELD); or is REVERSED, and then everything is
    as it was, and what would wait again is published; or is CHANGED: in its place comes `act` about the comment, or
    `measure` about the person, or both, as in deciding.decide, under the same rule and with the answer as the reason.

    Raises PermissionDenied for whoever decided first where there is another moderator, Stale, Refused.
    """
    check_right(moderator, answer)
    entry = case.appeal.entry
    deciding.check_version(moderator, case, seen)
    if entry.moderator_id == moderator.pk and User.objects.others_moderate(moderator):
        raise PermissionDenied(refusals.NOT_YOUR_OWN_APPEAL)
    check_not_concerned(moderator, case.appeal.person)
    now = timezone.now()
    if outcome != Outcome.UPHELD:
        _take_back(moderator, entry, answer)
    if outcome == Outcome.REVERSED:
        _put_right(moderator, entry, answer)
    appeal = Appeal.objects.select_for_update(no_key=True).get(pk=case.appeal_id)
    appeal.outcome, appeal.answer, appeal.decided_at, appeal.decided_by = outcome, answer.strip(), now, moderator
    appeal.save(update_fields=["outcome", "answer", "decided_at", "decided_by"])
    done = log(moderator, ACT_OF[outcome], answer, comment=entry.comment, thread=entry.thread, person=entry.person)
    Case.objects.filter(pk=case.pk).update(closed_at=now, closed_by=done, version=seen + 1)
    if outcome == Outcome.CHANGED:
        # the person is told of what comes instead: one mail and not two
        _decide_instead(moderator, entry, answer, act, measure, passage)
    else:
        notifying.tell_of_answer(appeal)
    return done


def _take_back(moderator, entry, answer):
    """Everything is as it was before `entry`, if nobody took it back before."""
    if not LogEntry.objects.filter(undoes=entry).exists():
        deciding.undo(moderator=moderator, entry=entry, reason=answer, reopens=False)


def _put_right(moderator, entry, answer):
    """The comment that `entry` was about is published if it would wait again, and its flags were without reason."""
    if is_about_comment(entry):
        casework.set_right(_published(moderator, entry, answer), entry)


def _decide_instead(moderator, entry, answer, act, measure, passage):
    """What comes in the place of `entry`; a comment that nothing is decided about any more is published."""
    if not act and not measure:
        raise Refused(refusals.NOTHING_INSTEAD)
    decision = None
    about = {"moderator": moderator, "reason": answer, "rule": entry.rule}
    if act:
        if not is_about_comment(entry) or act == entry.act:
            raise Refused(refusals.NOTHING_TO_DO)
        comment = Comment.objects.get(pk=entry.comment_id)
        options = {"passage": passage} if act == Act.EDIT_OUT else {}
        decision = deciding.ABOUT_COMMENT[act](comment=comment, **about, **options)
        if not decision:
            raise Refused(refusals.NOTHING_TO_DO)
    if is_about_comment(entry) and act != Act.HOLD:
        _published(moderator, entry, answer)
    if measure:
        if entry.person is None:
            raise Refused(refusals.NO_ACCOUNT)
        about |= {"person": entry.person, "comment": entry.comment, "decision": decision}
        if not deciding.take_measure(measure=measure, **about):
            raise Refused(refusals.NOTHING_TO_DO)


def is_about_comment(entry):
    """It decided about a comment, and not about its author."""
    return entry.comment is not None and entry.act in (*deciding.ABOUT_COMMENT, Act.HIDE)


def _published(moderator, entry, answer):
    """The comment of `entry`, locked; approved if it waits."""
    comment = moderating.lock_comment(entry.comment)
    if casework.is_waiting(comment):
        moderating.approve(moderator=moderator, comment=comment, reason=answer)
        comment = moderating.lock_comment(comment)
    return comment
