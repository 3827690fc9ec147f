"""Actions of authors: start a thread, reply, edit, delete, and undo a deletion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from forum import markup
from posts.models import Case, Comment, Question, Thread
from posts.moderation import cases, hiding, screening
from posts.threads import exceptions, permissions, publishing
from posts.threads.exceptions import AlreadySent, EditConflict, Refused, Repeated
from posts.threads.text import delete_text, rewrite
from posts.writing import drafts


@transaction.atomic
def start_thread(
    *,
    author: User | None,
    title: str,
    source: str,
    questions: Sequence[tuple[str, str]] = (),
    standpoint: str = "",
    key: str | None = None,
    byline: str = "",
    again: bool = True,
    sure: bool = True,
    at: datetime | None = None,
    **fields: Any,
) -> Thread:
    """Create a thread with its opening post and return it.

    `questions` are (text, group asked) in order. The thread is held if posts.moderation.screening finds a reason.
    `author` may be None if `byline` gives the name, which a command needs for posts of other people. A second call with
    the same `author` and `key` returns the first thread.

    Raises PermissionDenied, Refused or markup.TooComplex. Also raises Repeated for a repeated text unless `again`, and
    ConfirmationNeeded for watched words unless `sure`.
    """
    if author is not None:
        permissions.check_may_write(author)
        if not permissions.may_start_thread(author):
            raise PermissionDenied(exceptions.STARTERS)
        # If one form is sent twice at once, the second request waits here and then finds the thread of the first.
        User.objects.select_for_update(no_key=True).get(pk=author.pk)
        first = _written_with(author, key)
        if first is not None:
            return check_same_text(first, source).thread
        if not again:
            permissions.check_not_repeated(Comment.objects.filter(author=author), source)
    now = at or timezone.now()
    thread = Thread(author=author, created_at=now, last_activity_at=now, **fields)
    thread.name(title)
    thread.save()
    Question.objects.bulk_create(
        Question(thread=thread, position=position, text=text, asks=asks)
        for position, (text, asks) in enumerate(questions, start=1)
    )
    opening = Comment(
        thread=thread, author=author, byline=byline, standpoint=standpoint, key=key, created_at=now, published_at=now
    )
    _speak_as(opening, author, standpoint, now)
    opening.write(source)
    why = []
    if author is not None and at is None:
        said = "\n".join([title, source, *(text for text, _asks in questions)])
        why = screening.reasons_to_hold(author, said, opening.html, now, sure=sure)
    if why:
        opening.held_at, opening.published_at, thread.withdrawn_at = now, None, now
        thread.save(update_fields=["withdrawn_at"])
    publishing.insert_opening(opening)
    if why:
        cases.open_case(opening, Case.Kind.HELD, why, now)
    if author is not None:
        drafts.delete_sent(person=author, place="thread")
    return thread


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What the form of a reply carries.

    `question` (one of the thread's) is used only for a reply to the opening post; deeper replies have the question of
    their branch. `key` is the form's one-time key. `again` confirms a repeated text and `sure` watched words. `address`
    is the author's internet address, which is not stored.
    """

    source: str
    question: Question | None = None
    standpoint: str = ""
    key: str | None = None
    again: bool = True
    sure: bool = True
    address: str = ""


def reply(
    *,
    author: User | None,
    parent: Comment,
    submission: Submission,
    byline: str = "",
    is_sample: bool = False,
    at: datetime | None = None,
) -> Comment:
    """Create a reply to `parent` and return it.

    The reply is published, or held if posts.moderation.screening finds a reason. A second call with the same `author`
    and key returns the first reply. `byline` is the name if there is no author, and `at` when the reply was written, if
    that was not now.

    Raises Refused if `parent` no longer accepts replies, PermissionDenied or markup.TooComplex. Also raises Repeated
    for a repeated text, ConfirmationNeeded for watched words, and AlreadySent for another text with the same key.
    """
    source, question = submission.source, submission.question
    if author is not None:
        permissions.check_may_write(author)
    comment = Comment(parent=parent, author=author, byline=byline, key=submission.key, is_sample=is_sample)
    _speak_as(comment, author, submission.standpoint, at or timezone.now())
    comment.write(source)
    try:
        permissions.check_accepts_replies(parent)
        if author is not None and at is None and not is_sample:
            now = timezone.now()
            why = screening.reasons_to_hold(
                author,
                source,
                comment.html,
                now,
                again=submission.again,
                sure=submission.sure,
                address=submission.address,
            )
            if why:
                permissions.check_branch_is_open(parent)
                return _hold(comment, author, parent, question, why, now)
        return _publish(comment, parent, question, at)
    except (IntegrityError, Refused, Repeated, publishing.ThreadClosed) as fault:
        # If the same form was sent twice, return what the first request made, whatever has happened since.
        first = _written_with(author, submission.key)
        if first is not None:
            return check_same_text(first, source)
        if isinstance(fault, publishing.ThreadClosed):
            # The parent was open before. The other transaction has ended now, so these checks find the reason.
            permissions.check_accepts_replies(Comment.objects.select_related("thread").get(pk=parent.pk))
            permissions.check_branch_is_open(parent)
            raise Refused(exceptions.GONE) from None
        raise


@transaction.atomic
def _publish(comment: Comment, parent: Comment, question: Question | None, at: datetime | None) -> Comment:
    if comment.author is not None:
        # Done before the thread is locked, because all other authors wait for that lock.
        drafts.delete_sent(person=comment.author, place=f"reply:{parent.pk}")
    publishing.publish_reply(comment, parent, question, at)
    return comment


@transaction.atomic
def _hold(
    comment: Comment, author: User, parent: Comment, question: Question | None, why: list[str], at: datetime
) -> Comment:
    drafts.delete_sent(person=author, place=f"reply:{parent.pk}")
    publishing.insert_held(comment, parent, question, at)
    cases.open_case(comment, Case.Kind.HELD, why, at)
    return comment


@transaction.atomic
def edit(
    *,
    editor: User,
    comment: Comment,
    source: str,
    standpoint: str | None = None,
    seen: str | None = None,
    sure: bool = True,
) -> Comment:
    """Change the text of `comment` and return the comment.

    After the grace period the earlier text becomes a Revision, and the comment is marked as edited. `seen` is the
    fingerprint of the text that the edit started from. The same text changes nothing. A change that needs a review
    hides the comment until then.

    Raises PermissionDenied, Refused, markup.TooComplex, ConfirmationNeeded for watched words unless `sure`, and
    EditConflict if the stored text is no longer the one in `seen`.
    """
    html = markup.render(source, comment.limits)
    thread = publishing.lock_thread(comment.thread_id)
    comment = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    comment.thread = thread
    permissions.check_may_edit(editor, comment)
    if seen and seen != comment.fingerprint and source != comment.source:
        raise EditConflict(comment)
    drafts.delete_sent(person=editor, place=f"edit:{comment.pk}")
    now = timezone.now()
    if standpoint is not None and standpoint != comment.standpoint:
        was_by_clinician = comment.is_by_clinician
        _speak_as(comment, editor, standpoint, now)
        publishing.standpoint_changed(comment, was_by_clinician)
    elif source == comment.source:
        return comment
    why = []
    if source != comment.source:
        why = screening.reasons_to_hold(editor, source, html, now, sure=sure, is_change=True)
    # what a moderator may have to judge leaves a revision
    is_watched = not comment.is_published or cases.case_of(comment) is not None
    rewrite(comment, source, html, editor=editor, at=now, silently=comment.is_within_grace(now) and not is_watched)
    cases.note_change(comment)
    if why and (cases.is_waiting(comment) or hiding.hide_until_reviewed(comment, screening.told(why))):
        cases.open_case(comment, Case.Kind.HELD, why, now)
    return comment


@transaction.atomic
def delete(*, author: User, comment: Comment) -> Comment:
    """Delete the author's own comment and return it.

    A tombstone remains if it has replies. Repeating the call changes nothing. Raises PermissionDenied.
    """
    thread = publishing.lock_thread(comment.thread_id)
    comment = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    comment.thread = thread
    if comment.deleted_at is not None and comment.author_id == author.pk:
        return comment
    if not comment.is_deletable_by(author):
        raise PermissionDenied(exceptions.NOT_YOURS)
    delete_text(comment)
    cases.close_after_deletion(comment)
    return comment


@transaction.atomic
def undelete(*, author: User, comment: Comment) -> Comment:
    """Undo a deletion within UNDO_FOR after it, and return the comment.

    Repeating the call changes nothing. Raises PermissionDenied or Refused.
    """
    thread = publishing.lock_thread(comment.thread_id)
    comment = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    comment.thread = thread
    if comment.author_id != author.pk:
        raise PermissionDenied(exceptions.NOT_YOURS)
    if comment.deleted_at is None:
        return comment
    # Allowed in a locked thread, because it adds nothing new. Suspended authors must not publish again.
    permissions.check_may_write(author)
    if not comment.is_undeletable_by(author, timezone.now()):
        raise Refused(exceptions.TOO_LATE)
    was_published = comment.is_published
    comment.deleted_at = None
    comment.save(update_fields=["deleted_at"])
    publishing.state_changed(comment, was_published)
    cases.reopen(comment, None)
    # The database sets it, and the address of the comment depends on it.
    comment.refresh_from_db(fields=["is_shown"])
    return comment


def check_same_text(first: Comment, source: str) -> Comment:
    """Return `first`, the comment that a form made, for the same form sent again with the text `source`.

    Raises AlreadySent if `first` never had this text: the new one must not be lost.
    """
    if first.source != source and not first.revisions.filter(source=source).exists():
        raise AlreadySent(first)
    return first


def _written_with(author: User | None, key: str | None) -> Comment | None:
    """Return the comment that `author` already wrote with this one-time key, or None."""
    if key is None or author is None:
        return None
    return Comment.objects.select_related("thread").filter(author=author, key=key).first()


def _speak_as(comment: Comment, author: User | None, standpoint: str, at: datetime) -> None:
    """Set the standpoint and, if it is that of a clinician, the author's valid verification."""
    comment.standpoint = standpoint
    comment.verification = None
    if author is not None and standpoint in (Comment.Standpoint.CLINICIAN, Comment.Standpoint.BOTH):
        comment.verification = author.verifications.in_force(at).order_by("-checked_at").first()
