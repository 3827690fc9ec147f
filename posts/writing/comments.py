"""The verbs of those who write: start a thread, reply, edit, delete."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from forum import markup
from posts.models import Case, Comment, Question, Thread
from posts.moderation import cases, hiding, screening
from posts.threads import exceptions, permissions, publishing
from posts.threads.exceptions import EditConflict, Refused, Repeated
from posts.threads.text import delete_text, rewrite
from posts.writing import drafts


@transaction.atomic
def start_thread(
    *,
    author,
    title,
    source,
    questions=(),
    standpoint="",
    key=None,
    byline="",
    again=True,
    sure=True,
    at=None,
    **fields,
):
    """A new Thread with its opening post; `questions` are (text, whom it asks) in order. It is held where that speaks
    for a review first (see posts.moderation.screening).

    `author` may be nobody when `byline` tells the name (a command plants a post that somebody else wrote). The same
    `author` and `key` again give the thread of the first time. Raises PermissionDenied, Refused, markup.TooComplex,
    Repeated for the same text again unless `again` says that it is meant, and Wondering unless the author is `sure`.
    """
    if author is not None:
        permissions.check_may_write(author)
        if not permissions.may_start_thread(author):
            raise PermissionDenied(exceptions.STARTERS)
        # one form sent twice at once: the second waits here and then finds what the first made
        User.objects.select_for_update(no_key=True).get(pk=author.pk)
        first = _written_with(author, key)
        if first is not None:
            return first.thread
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
    publishing.assign_path(opening, parent=None)
    opening.save(force_insert=True)
    if why:
        cases.open_case(opening, Case.Kind.HELD, why, now)
    if author is not None:
        drafts.delete_sent(person=author, place="thread")
    return thread


def reply(
    *,
    author,
    parent,
    source,
    question=None,
    standpoint="",
    key=None,
    byline="",
    is_sample=False,
    again=True,
    sure=True,
    at=None,
    address="",
):
    """A reply to the Comment `parent`, published, or held where that speaks for a review first (see
    posts.moderation.screening); the same `author` and `key` again give the first reply.

    `question` (one of the thread's) counts only for a reply to the opening post: deeper ones belong to their branch.
    `at` is when it was written, if that was not now, `address` the internet address it came from, which is not kept.
    Raises Refused when `parent` takes no replies any more, PermissionDenied, markup.TooComplex, Repeated for the same
    text again unless `again` says that it is meant, and Wondering unless the author is `sure`.
    """
    if author is not None:
        permissions.check_may_write(author)
    comment = Comment(parent=parent, author=author, byline=byline, key=key, is_sample=is_sample)
    _speak_as(comment, author, standpoint, at or timezone.now())
    comment.write(source)
    try:
        permissions.check_accepts_replies(parent)
        if author is not None and at is None and not is_sample:
            now = timezone.now()
            about = {"again": again, "sure": sure, "address": address}
            why = screening.reasons_to_hold(author, source, comment.html, now, **about)
            if why:
                permissions.check_branch_is_open(parent)
                return _hold(comment, parent, question, why, now)
        return _publish(comment, parent, question, at)
    except (IntegrityError, Refused, Repeated, publishing.ThreadClosed) as fault:
        # the same form sent twice leads to what the first one made, whatever happened since
        first = _written_with(author, key)
        if first is not None:
            return first
        if isinstance(fault, publishing.ThreadClosed):
            # it was open a moment ago; whoever closed it is done now, and this says why
            permissions.check_accepts_replies(Comment.objects.select_related("thread").get(pk=parent.pk))
            permissions.check_branch_is_open(parent)
            raise Refused(exceptions.GONE) from None
        raise


@transaction.atomic
def _publish(comment, parent, question, at):
    publishing.set_parent(comment, parent, question)
    if comment.author is not None:
        # before the thread is locked: there all others wait
        drafts.delete_sent(person=comment.author, place=f"reply:{parent.pk}")
    publishing.publish_reply(comment, at)
    return comment


@transaction.atomic
def _hold(comment, parent, question, why, at):
    publishing.set_parent(comment, parent, question)
    drafts.delete_sent(person=comment.author, place=f"reply:{parent.pk}")
    comment.created_at = comment.held_at = at
    comment.save(force_insert=True)
    cases.open_case(comment, Case.Kind.HELD, why, at)
    return comment


@transaction.atomic
def edit(*, editor, comment, source, standpoint=None, seen=None, sure=True):
    """Changes the text of `comment`; after the grace time the earlier text becomes a Revision and the change shows.

    `seen` is the fingerprint of the text that the change began with. The same text again changes nothing. A change
    that speaks for a review hides the comment until then. Raises PermissionDenied, Refused, markup.TooComplex,
    Wondering, and Overtaken where the text is another one by now.
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
        _speak_as(comment, editor, standpoint, now)
    elif source == comment.source:
        return comment
    why = []
    if source != comment.source:
        why = screening.reasons_to_hold(editor, source, html, now, sure=sure, is_change=True)
        if any(passage in source for passage in comment.revisions.taken_out()):
            why.append(Case.Why.PASSAGE)
    rewrite(comment, source, html, editor=editor, at=now, silently=comment.is_within_grace(now))
    cases.note_change(comment)
    if why and (cases.is_waiting(comment) or hiding.hide_until_reviewed(comment, screening.told(why))):
        cases.open_case(comment, Case.Kind.HELD, why, now)
    return comment


@transaction.atomic
def delete(*, author, comment):
    """Takes back one's own comment: a tombstone stays where replies hang. Twice is once. Raises PermissionDenied."""
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
def undelete(*, author, comment):
    """Undoes `delete` for a moment after it. Twice is once. Raises PermissionDenied, Refused."""
    thread = publishing.lock_thread(comment.thread_id)
    comment = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    comment.thread = thread
    if comment.author_id != author.pk:
        raise PermissionDenied(exceptions.NOT_YOURS)
    if comment.deleted_at is None:
        return comment
    # what is locked may be deleted and so be brought back: nothing new is said; who is suspended says nothing again
    permissions.check_may_write(author)
    if not comment.is_undeletable_by(author, timezone.now()):
        raise Refused(exceptions.TOO_LATE)
    was_published = comment.is_published
    comment.deleted_at = None
    comment.save(update_fields=["deleted_at"])
    publishing.state_changed(comment, was_published)
    cases.reopen(comment, None)
    return comment


def _written_with(author, key):
    """What `author` already wrote with this one-time key, or None."""
    if key is None or author is None:
        return None
    return Comment.objects.select_related("thread").filter(author=author, key=key).first()


def _speak_as(comment, author, standpoint, at):
    """Sets the standpoint and, for one who speaks as a clinician, the verification in force."""
    comment.standpoint = standpoint
    comment.verification = None
    if author is not None and standpoint in (Comment.Standpoint.CLINICIAN, Comment.Standpoint.BOTH):
        comment.verification = author.verifications.in_force(at).order_by("-checked_at").first()
