"""The verbs of moderators about comments and threads. Each asks for a reason and writes the moderation log in the same
transaction.

An act that changes nothing (removing what is removed) is refused nothing and logs nothing: it returns False. Otherwise
it returns the log's entry. `rule` is the title of the community rule it rests on.
"""

from django.db import transaction
from django.utils import timezone

from forum import markup
from posts.models import LogEntry, Revision
from posts.moderation import cases, notices
from posts.moderation.audit_log import check_not_concerned, check_right, log
from posts.safety.redaction import LEFT_OUT, cut, joined, passages_of
from posts.threads import exceptions, publishing
from posts.threads.changes import moment_if, set_fields
from posts.threads.exceptions import Refused
from posts.threads.text import rewrite
from posts.threads.visibility import show

Act = LogEntry.Act


@transaction.atomic
def remove(*, moderator, comment, reason, rule=""):
    """Takes a comment out of sight; replies stay under a tombstone. An opening post takes its thread with it."""
    return _set_comment_state(moderator, comment, reason, rule, Act.REMOVE, removed=True)


@transaction.atomic
def restore(*, moderator, comment, reason, rule=""):
    """Undoes `remove`. What its author deleted stays deleted; what waited before waits again."""
    check_not_concerned(moderator, comment.author)
    entry = _set_comment_state(moderator, comment, reason, rule, Act.RESTORE, removed=False)
    if entry:
        notices.send_reversal(entry)
    return entry


@transaction.atomic
def hold(*, moderator, comment, reason, rule=""):
    """Takes a comment out of sight until it is reviewed; its author still sees it.

    A held opening post closes its thread to everybody but moderators and whoever started it.
    """
    return _set_comment_state(moderator, comment, reason, rule, Act.HOLD, hidden=True)


@transaction.atomic
def approve(*, moderator, comment, reason, rule="", is_told=True):
    """Publishes what was held, hidden or removed; what was flagged and is in sight is kept there, and the log says so.

    What its author took back stays away. A mail tells of it whoever heard by mail that it was taken out of sight,
    unless they are told in another way (`is_told` is False). Raises PermissionDenied for one's own where there is
    another moderator.
    """
    check_not_concerned(moderator, comment.author)
    entry = _set_comment_state(moderator, comment, reason, rule, Act.APPROVE, hidden=False, held=False, removed=False)
    if entry:
        if is_told and {"removed_at", "hidden_at"} & entry.before["comment"].keys():
            notices.send_reversal(entry)
        return entry
    comment = publishing.lock_comment(comment)
    if not comment.is_published or cases.case_of(comment) is None:
        return False
    return _done(comment, moderator, Act.KEEP, reason, rule, {})


@transaction.atomic
def edit_out(*, moderator, comment, passage, reason, rule=""):
    """Takes `passage` out of the text, wherever it stands, and leaves a mark; several as passages_of reads them. The
    author sees what they said.

    What the comment said before becomes a Revision that readers do not see, and so is what it said earlier with a
    passage of these. What waited is published. Raises Refused where the text does not have one of them, or has nothing
    else, or is gone; PermissionDenied for one's own where there is another moderator.
    """
    check_right(moderator, reason)
    # what waits is published by it
    check_not_concerned(moderator, comment.author)
    comment = publishing.lock_comment(comment)
    passages = passages_of(passage)
    if comment.deleted_at is not None:
        raise Refused(exceptions.GONE_TO_READ)
    source = cut(comment.source, passages)
    if not passages or source is None:
        raise Refused(exceptions.NO_SUCH_PASSAGE)
    if markup.is_blank(source.replace(LEFT_OUT, "")):
        raise Refused(exceptions.NOTHING_LEFT)
    now = timezone.now()
    edited_at = comment.edited_at
    rewrite(comment, source, None, editor=moderator, at=now, silently=False)
    revision = comment.revisions.order_by("-number").first()
    revision.withheld_at, revision.taken_out = now, joined(passages)
    revision.save(update_fields=["withheld_at", "taken_out"])
    # what was said earlier may have them, too
    shown = comment.revisions.filter(withheld_at=None).values_list("pk", "source")
    withheld = [pk for pk, said in shown if any(passage in said for passage in passages)]
    comment.revisions.filter(pk__in=withheld).update(withheld_at=now)
    before = {"text": {"revision": revision.pk, "mark": comment.fingerprint, "withheld": withheld}}
    if comment.edited_at != edited_at:
        before["comment"] = {"edited_at": [edited_at and edited_at.isoformat(), comment.edited_at.isoformat()]}
    show(comment, {"held": False, "hidden": False}, before)
    return _done(comment, moderator, Act.EDIT_OUT, reason, rule, before, details={"revision": revision.pk})


@transaction.atomic
def lock_branch(*, moderator, comment, reason, rule=""):
    """Nobody can reply to the comment or below it any more; it can be read."""
    return _set_branch_lock(moderator, comment, reason, rule, Act.LOCK_BRANCH, True)


@transaction.atomic
def open_branch(*, moderator, comment, reason, rule=""):
    """Undoes `lock_branch`. Raises PermissionDenied for one's own where there is another moderator."""
    check_not_concerned(moderator, comment.author)
    entry = _set_branch_lock(moderator, comment, reason, rule, Act.OPEN_BRANCH, False)
    if entry:
        notices.send_reversal(entry)
    return entry


@transaction.atomic
def withhold(*, moderator, revision, reason):
    """Keeps what a comment said before from readers, where the edit was made to take it back."""
    return _set_withheld(moderator, revision, reason, Act.WITHHOLD, True)


@transaction.atomic
def show_again(*, moderator, revision, reason):
    """Undoes `withhold`. Raises PermissionDenied for one's own where there is another moderator."""
    check_not_concerned(moderator, revision.comment.author)
    return _set_withheld(moderator, revision, reason, Act.SHOW_AGAIN, False)


@transaction.atomic
def lock(*, moderator, thread, reason):
    """Nobody can write in the thread any more; it can be read."""
    return _set_thread_state(moderator, thread, reason, Act.LOCK, "locked_at", True)


@transaction.atomic
def unlock(*, moderator, thread, reason):
    """Undoes `lock`."""
    return _set_thread_state(moderator, thread, reason, Act.UNLOCK, "locked_at", False)


@transaction.atomic
def pin(*, moderator, thread, reason):
    """Keeps the thread at the top of the front page."""
    return _set_thread_state(moderator, thread, reason, Act.PIN, "pinned_at", True)


@transaction.atomic
def unpin(*, moderator, thread, reason):
    """Undoes `pin`."""
    return _set_thread_state(moderator, thread, reason, Act.UNPIN, "pinned_at", False)


def _set_comment_state(moderator, comment, reason, rule, act, **states):
    """Sets or clears timestamps of the comment, moves the counts, withdraws or brings back a thread, and logs."""
    check_right(moderator, reason)
    comment = publishing.lock_comment(comment)
    if act == Act.APPROVE and comment.deleted_at is not None:
        return False
    before = {}
    if not show(comment, states, before):
        return False
    return _done(comment, moderator, act, reason, rule, before)


def _set_branch_lock(moderator, comment, reason, rule, act, on):
    check_right(moderator, reason)
    comment = publishing.lock_comment(comment)
    before = {}
    if not set_fields(comment, {"locked_at": moment_if(on, comment.locked_at, timezone.now())}, before, "comment"):
        return False
    publishing.raise_version(comment.thread)
    return _done(comment, moderator, act, reason, rule, before)


def _done(comment, moderator, act, reason, rule, before, **more):
    entry = log(
        moderator,
        act,
        reason,
        rule=rule,
        comment=comment,
        thread=comment.thread,
        person=comment.author,
        before=before,
        **more,
    )
    cases.close_after_decision(comment, entry)
    return entry


def _set_withheld(moderator, revision, reason, act, on):
    check_right(moderator, reason)
    revision = (
        Revision.objects.select_for_update(no_key=True, of=["self"])
        .select_related("comment__author")
        .get(pk=revision.pk)
    )
    if (revision.withheld_at is not None) == on:
        return False
    revision.withheld_at = timezone.now() if on else None
    revision.save(update_fields=["withheld_at"])
    comment = revision.comment
    return log(moderator, act, reason, comment=comment, thread=comment.thread, person=comment.author)


def _set_thread_state(moderator, thread, reason, act, field, on):
    check_right(moderator, reason)
    thread = publishing.lock_thread(thread.pk)
    before = {}
    if not set_fields(thread, {field: moment_if(on, getattr(thread, field), timezone.now())}, before, "thread"):
        return False
    publishing.raise_version(thread)
    return log(moderator, act, reason, thread=thread, before=before)
