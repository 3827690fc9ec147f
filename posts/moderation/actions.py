"""Actions of moderators on comments and threads.

Each action requires a reason and writes the audit log in the same transaction. It returns the log entry, or False if
nothing had to be changed (such as removing a removed comment); then it logs nothing. `rule` is the title of the
community rule that the action is based on. `part_of` is the answer to an appeal that the action is part of.

An action on a comment is refused while another moderator has claimed its case.
"""

from dataclasses import replace
from typing import Literal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from forum import markup
from posts.models import Case, Comment, LogEntry, Revision, Thread
from posts.models.before_image import BeforeImage, Change, Redaction
from posts.moderation import cases, notices
from posts.moderation.audit_log import check_not_concerned, check_right, log
from posts.safety.redaction import LEFT_OUT, contains_any, cut, joined, passages_of
from posts.threads import exceptions, publishing
from posts.threads.changes import moment_if, set_fields
from posts.threads.exceptions import Refused
from posts.threads.text import headings_of, rewrite
from posts.threads.visibility import set_timestamps, show

Act = LogEntry.Act


@transaction.atomic
def remove(
    *, moderator: User, comment: Comment, reason: str, rule: str = "", part_of: LogEntry | None = None
) -> LogEntry | Literal[False]:
    """Remove a comment. Replies stay, below a tombstone. Removing an opening post withdraws its thread."""
    return _set_comment_state(moderator, comment, reason, rule, Act.REMOVE, part_of, removed=True)


@transaction.atomic
def restore(*, moderator: User, comment: Comment, reason: str, rule: str = "") -> LogEntry | Literal[False]:
    """Undo `remove`.

    A comment that its author deleted stays deleted. A comment that was held or hidden before is held or hidden again.
    One that had a case about privacy or safety is hidden until there is a new decision, as after an undo. Raises
    PermissionDenied if it is the moderator's own comment and there is another moderator.
    """
    check_not_concerned(moderator, comment)
    hides = bool(Case.objects.masked_among([comment.pk]))
    states = {"removed": False} | ({"hidden": True} if hides else {})
    entry = _set_comment_state(moderator, comment, reason, rule, Act.RESTORE, None, **states)
    if entry and not hides:
        notices.send_reversal(entry)
    return entry


@transaction.atomic
def hold(
    *, moderator: User, comment: Comment, reason: str, rule: str = "", part_of: LogEntry | None = None
) -> LogEntry | Literal[False]:
    """Hold a comment until it is reviewed. Its author can still read it.

    If an opening post is held, only moderators and the author of the thread can open the thread.
    """
    return _set_comment_state(moderator, comment, reason, rule, Act.HOLD, part_of, hidden=True)


@transaction.atomic
def approve(
    *, moderator: User, comment: Comment, reason: str, rule: str = "", is_told: bool = True
) -> LogEntry | Literal[False]:
    """Publish a comment that was held, hidden or removed.

    A flagged comment that is published stays published, and the log notes that it was kept. A comment that its author
    deleted stays deleted. If the author was told by mail that the comment was hidden or removed, they get a mail about
    this, too; `is_told=False` prevents that, for callers that inform the author in another way. Raises PermissionDenied
    if it is the moderator's own comment and there is another moderator.
    """
    check_not_concerned(moderator, comment)
    states = {"hidden": False, "held": False, "removed": False}
    entry = _set_comment_state(moderator, comment, reason, rule, Act.APPROVE, None, **states)
    if entry:
        if is_told and {"removed_at", "hidden_at"} & entry.before_image.comment.keys():
            notices.send_reversal(entry)
        return entry
    comment = _lock(moderator, comment)
    if not comment.is_published or cases.case_of(comment) is None:
        return False
    return _done(comment, moderator, Act.KEEP, reason, rule, BeforeImage())


@transaction.atomic
def edit_out(
    *,
    moderator: User,
    comment: Comment,
    passage: str,
    reason: str,
    rule: str = "",
    part_of: LogEntry | None = None,
) -> LogEntry | Literal[False]:
    """Cut `passage` out of the text, at each place where it occurs, and leave a mark.

    With an opening post, the title and the questions of the thread are part of the text.

    `passage` may contain several passages, separated as `passages_of` expects. The author is shown the earlier text.
    The earlier text becomes a Revision that is withheld from readers, and older revisions with one of the passages are
    withheld, too. A held or hidden comment is published.

    Raises Refused if a passage is not in the text, if nothing else would be left, or if the comment was deleted. Raises
    PermissionDenied if it is the moderator's own comment and there is another moderator.
    """
    check_right(moderator, reason)
    # this action publishes a held or hidden comment
    check_not_concerned(moderator, comment)
    comment = _lock(moderator, comment)
    passages = passages_of(passage)
    if comment.deleted_at is not None:
        raise Refused(exceptions.GONE_TO_READ)
    headings = headings_of(comment.thread) if comment.parent_id is None else []
    texts = cut([comment.source, *headings], passages)
    if not passages or texts is None:
        raise Refused(exceptions.NO_SUCH_PASSAGE)
    source, *changed = texts
    if markup.shows_nothing(source.replace(LEFT_OUT, ""), comment.limits):
        raise Refused(exceptions.NOTHING_LEFT)
    try:
        html = markup.render(source, comment.limits)
    except markup.TooComplex as fault:
        # without the passage, the rest has another meaning in Markdown
        raise Refused(exceptions.TOO_COMPLEX_WITHOUT) from fault
    now = timezone.now()
    edited_at = comment.edited_at
    changed = changed if changed != headings else []
    rewrite(comment, source, html, editor=moderator, at=now, silently=False, headings=changed)
    revision = comment.revisions.order_by("-number")[0]
    revision.withheld_at, revision.taken_out = now, joined(passages)
    revision.save(update_fields=["withheld_at", "taken_out"])
    # earlier revisions may contain the passages, too
    withheld = [
        version.pk
        for version in comment.revisions.filter(withheld_at=None)
        if _has_passage(version, comment.limits, passages)
    ]
    comment.revisions.filter(pk__in=withheld).update(withheld_at=now)
    changes = {"edited_at": Change(edited_at, comment.edited_at)} if comment.edited_at != edited_at else {}
    changes |= show(comment, {"held": False, "hidden": False})
    image = BeforeImage(comment=changes, redaction=Redaction(revision.pk, tuple(sorted(withheld))))
    return _done(comment, moderator, Act.EDIT_OUT, reason, rule, image, part_of)


@transaction.atomic
def lock_branch(
    *, moderator: User, comment: Comment, reason: str, rule: str = "", part_of: LogEntry | None = None
) -> LogEntry | Literal[False]:
    """Lock the branch of a comment: it can be read, but there can be no new replies in it."""
    return _set_branch_lock(moderator, comment, reason, rule, Act.LOCK_BRANCH, part_of, True)


@transaction.atomic
def open_branch(*, moderator: User, comment: Comment, reason: str, rule: str = "") -> LogEntry | Literal[False]:
    """Undo `lock_branch`.

    Raises PermissionDenied if it is the moderator's own comment and there is another moderator.
    """
    check_not_concerned(moderator, comment)
    entry = _set_branch_lock(moderator, comment, reason, rule, Act.OPEN_BRANCH, None, False)
    if entry:
        notices.send_reversal(entry)
    return entry


@transaction.atomic
def withhold(*, moderator: User, revision: Revision, reason: str) -> LogEntry | Literal[False]:
    """Hide a revision from readers, for edits that were made to take something back."""
    return _set_withheld(moderator, revision, reason, Act.WITHHOLD, True)


@transaction.atomic
def show_again(*, moderator: User, revision: Revision, reason: str) -> LogEntry | Literal[False]:
    """Undo `withhold`.

    Raises PermissionDenied if it is the moderator's own comment and there is another moderator. Raises Refused if the
    comment has or had a case about privacy or safety: the undo of a redaction then asks for a new decision.
    """
    check_not_concerned(moderator, revision.comment)
    if Case.objects.masked_among([revision.comment_id]):
        raise Refused(exceptions.WITHHELD_FOR_SAFETY)
    return _set_withheld(moderator, revision, reason, Act.SHOW_AGAIN, False)


@transaction.atomic
def lock(*, moderator: User, thread: Thread, reason: str) -> LogEntry | Literal[False]:
    """Lock a thread: it can be read, but there can be no new comments in it."""
    return _set_thread_state(moderator, thread, reason, Act.LOCK, "locked_at", True)


@transaction.atomic
def unlock(*, moderator: User, thread: Thread, reason: str) -> LogEntry | Literal[False]:
    """Undo `lock`. Raises PermissionDenied if it is the moderator's own thread and there is another moderator."""
    check_not_concerned(moderator, thread)
    return _set_thread_state(moderator, thread, reason, Act.UNLOCK, "locked_at", False)


@transaction.atomic
def pin(*, moderator: User, thread: Thread, reason: str) -> LogEntry | Literal[False]:
    """Keep the thread at the top of the front page.

    Raises PermissionDenied if it is the moderator's own thread and there is another moderator.
    """
    check_not_concerned(moderator, thread)
    return _set_thread_state(moderator, thread, reason, Act.PIN, "pinned_at", True)


@transaction.atomic
def unpin(*, moderator: User, thread: Thread, reason: str) -> LogEntry | Literal[False]:
    """Undo `pin`."""
    return _set_thread_state(moderator, thread, reason, Act.UNPIN, "pinned_at", False)


def _has_passage(version: Revision, limits: markup.Limits, passages: list[str]) -> bool:
    """Return whether one of the `passages` can be read in an earlier version of a text."""
    try:
        html = markup.render(version.source, limits)
    except markup.TooComplex:
        # the limits of Markdown were different when it was published
        html = ""
    return contains_any(version.source, html, passages)


def _lock(moderator: User, comment: Comment) -> Comment:
    """Return the comment, locked. Raises Refused if another moderator has claimed its case."""
    comment = publishing.lock_comment(comment)
    cases.check_not_claimed(moderator, comment)
    return comment


def _set_comment_state(
    moderator: User, comment: Comment, reason: str, rule: str, act: Act, part_of: LogEntry | None, **states: bool
) -> LogEntry | Literal[False]:
    """Change the comment's states and all that depends on them (counts, withdrawal of the thread), and log it."""
    check_right(moderator, reason)
    comment = _lock(moderator, comment)
    if act == Act.APPROVE and comment.deleted_at is not None:
        return False
    changes = show(comment, states)
    return bool(changes) and _done(comment, moderator, act, reason, rule, BeforeImage(comment=changes), part_of)


def _set_branch_lock(
    moderator: User, comment: Comment, reason: str, rule: str, act: Act, part_of: LogEntry | None, on: bool
) -> LogEntry | Literal[False]:
    check_right(moderator, reason)
    comment = _lock(moderator, comment)
    changes = set_timestamps(comment, {"locked_at": moment_if(on, comment.locked_at, timezone.now())})
    return bool(changes) and _done(comment, moderator, act, reason, rule, BeforeImage(comment=changes), part_of)


def _done(
    comment: Comment,
    moderator: User,
    act: Act,
    reason: str,
    rule: str,
    image: BeforeImage,
    part_of: LogEntry | None = None,
) -> LogEntry:
    """Log the action, and close the comment's case as the action requires."""
    about = {"comment": comment, "thread": comment.thread, "person": comment.author}
    before = replace(image, fingerprint=comment.fingerprint).to_json()
    entry = log(moderator, act, reason, rule=rule, before=before, part_of=part_of, **about)
    cases.close_after_decision(comment, entry)
    return entry


def _set_withheld(moderator: User, revision: Revision, reason: str, act: Act, on: bool) -> LogEntry | Literal[False]:
    check_right(moderator, reason)
    cases.check_not_claimed(moderator, publishing.lock_comment(revision.comment))
    found = Revision.objects.select_for_update(no_key=True, of=["self"]).select_related("comment__author")
    stored = found.filter(pk=revision.pk).first()
    if stored is None:
        # the undo of a redaction deleted it
        raise Refused(exceptions.CHANGED_MEANWHILE)
    revision = stored
    if (revision.withheld_at is not None) == on:
        return False
    revision.withheld_at = timezone.now() if on else None
    revision.save(update_fields=["withheld_at"])
    comment = revision.comment
    return log(moderator, act, reason, comment=comment, thread=comment.thread, person=comment.author)


def _set_thread_state(
    moderator: User, thread: Thread, reason: str, act: Act, field: str, on: bool
) -> LogEntry | Literal[False]:
    check_right(moderator, reason)
    thread = publishing.lock_thread(thread.pk)
    changes = set_fields(thread, {field: moment_if(on, getattr(thread, field), timezone.now())})
    if not changes:
        return False
    publishing.raise_version(thread)
    return log(moderator, act, reason, thread=thread, before=BeforeImage(thread=changes).to_json())
