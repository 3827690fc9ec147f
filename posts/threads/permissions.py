"""Check whether a person may write, and where.

Functions call these checks before they act, and views call them before they show a form.
"""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from posts.models import Comment, path
from posts.models.visibility import CommentQuerySet
from posts.threads import exceptions
from posts.threads.exceptions import Refused, Repeated


def may_start_thread(user: User | AnonymousUser) -> bool:
    """Return whether the setting THREAD_STARTERS lets `user` start a thread."""
    if not user.is_authenticated or not user.is_active or user.is_suspended:
        return False
    return {"everybody": True, "trusted": user.is_trusted, "staff": user.is_proven_staff}[settings.THREAD_STARTERS]


def check_may_reply(author: User | AnonymousUser, parent: Comment) -> None:
    """Raise Refused or PermissionDenied if `author` may not reply to `parent` now.

    Views call this before they show an empty form.
    """
    check_may_write(author)
    check_accepts_replies(parent)
    check_branch_is_open(parent)


def check_may_edit(editor: User | AnonymousUser, comment: Comment) -> None:
    """Raise Refused or PermissionDenied if `editor` may not change `comment` now."""
    check_may_write(editor)
    if comment.author_id != editor.pk:
        raise PermissionDenied(exceptions.NOT_YOURS)
    if comment.thread.withdrawn_at is not None and comment.depth:
        raise Refused(exceptions.WITHDRAWN)
    if comment.thread.is_locked:
        raise Refused(exceptions.LOCKED)
    if not comment.is_editable_by(editor):
        raise Refused(exceptions.GONE_YOURS)


def check_may_write(user: User | AnonymousUser) -> None:
    """Raise PermissionDenied or Refused if `user` may not write at all."""
    if not user.is_authenticated or not user.is_active:
        raise PermissionDenied
    check_not_suspended(user)
    if user.warned_at is not None:
        raise Refused(exceptions.WARNED)


def check_not_suspended(user: User) -> None:
    """Raise Refused if `user` is suspended or banned."""
    sentence = suspension_of(user)
    if sentence:
        raise Refused(sentence)


def suspension_of(user: User) -> str:
    """Return a sentence that says that `user` is banned or suspended, and until when, or "" if neither."""
    if not user.is_suspended:
        return ""
    if user.suspended_until is None:
        return str(exceptions.BANNED)
    until = date_format(timezone.localtime(user.suspended_until), "DATETIME_FORMAT")
    return exceptions.SUSPENDED_UNTIL % {"when": until}


def check_accepts_replies(parent: Comment) -> None:
    """Raise Refused, with the reason, if replies to `parent` are no longer possible.

    Does not check for locked branches further up. See `check_branch_is_open`.
    """
    if parent.thread.withdrawn_at is not None:
        raise Refused(exceptions.WITHDRAWN)
    if parent.thread.is_locked:
        raise Refused(exceptions.LOCKED)
    if not parent.accepts_replies():
        raise Refused(exceptions.GONE)
    if parent.locked_at is not None:
        raise Refused(exceptions.BRANCH_LOCKED)


def check_branch_is_open(parent: Comment) -> None:
    """Raise Refused if `parent` is in a branch that a moderator locked.

    Makes one query. A published reply is not checked with this, because the statement that stores it has the same
    condition.
    """
    if parent.depth and Comment.objects.filter(pk__in=path.ids_of(parent.path), locked_at__isnull=False).exists():
        raise Refused(exceptions.BRANCH_LOCKED)


def check_not_repeated(comments: CommentQuerySet, source: str) -> None:
    """Raise Repeated if one of `comments` was written shortly before and has the same text.

    `comments` are the comments of one author.
    """
    said = comments.said_lately(source, timezone.now())
    if said is not None:
        raise Repeated(said)
