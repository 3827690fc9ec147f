"""Whether somebody may write, and where: asked by verbs before they act and by doors before they show a form."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.formats import date_format

from posts.models import Comment, path
from posts.threads import exceptions
from posts.threads.exceptions import Refused, Repeated


def may_start_thread(user):
    """Whether the site's setting lets `user` start a thread."""
    if not user.is_authenticated or not user.is_active or user.is_suspended:
        return False
    return {"everybody": True, "trusted": user.is_trusted, "staff": user.is_staff}[settings.THREAD_STARTERS]


def check_may_reply(author, parent):
    """Raises Refused or PermissionDenied if `author` could not reply to `parent` now; for a form not yet filled in."""
    check_may_write(author)
    check_accepts_replies(parent)
    check_branch_is_open(parent)


def check_may_edit(editor, comment):
    """Raises Refused or PermissionDenied if `editor` could not change `comment` now."""
    check_may_write(editor)
    if comment.author_id != editor.pk:
        raise PermissionDenied(exceptions.NOT_YOURS)
    if comment.thread.withdrawn_at is not None and comment.depth:
        raise Refused(exceptions.WITHDRAWN)
    if comment.thread.is_locked:
        raise Refused(exceptions.LOCKED)
    if not comment.is_editable_by(editor):
        raise Refused(exceptions.GONE_YOURS)


def check_may_write(user):
    """Raises PermissionDenied or Refused if `user` may not write at all."""
    if not user.is_authenticated or not user.is_active:
        raise PermissionDenied
    check_not_suspended(user)
    if user.warned_at is not None:
        raise Refused(exceptions.WARNED)


def check_not_suspended(user):
    """Raises Refused for whoever is suspended or banned."""
    sentence = suspension_of(user)
    if sentence:
        raise Refused(sentence)


def suspension_of(user):
    """That `user` is suspended, and until when, or banned, as a sentence; empty if neither."""
    if not user.is_suspended:
        return ""
    if user.suspended_until is None:
        return exceptions.BANNED
    until = date_format(timezone.localtime(user.suspended_until), "DATETIME_FORMAT")
    return exceptions.SUSPENDED_UNTIL % {"when": until}


def check_accepts_replies(parent):
    """Raises Refused, with the reason, if nobody can reply to `parent` any more."""
    if parent.thread.withdrawn_at is not None:
        raise Refused(exceptions.WITHDRAWN)
    if parent.thread.is_locked:
        raise Refused(exceptions.LOCKED)
    if not parent.accepts_replies():
        raise Refused(exceptions.GONE)
    if parent.locked_at is not None:
        raise Refused(exceptions.BRANCH_LOCKED)


def check_branch_is_open(parent):
    """Raises Refused if `parent` lies in a branch that a moderator locked. One query; a reply that is published asks
    the same as it is saved."""
    if parent.depth and Comment.objects.filter(pk__in=path.ids_of(parent.path), locked_at__isnull=False).exists():
        raise Refused(exceptions.BRANCH_LOCKED)


def check_not_repeated(comments, source):
    """Raises Repeated if one of `comments`, somebody's own, said the same a moment ago."""
    said = comments.said_lately(source, timezone.now())
    if said is not None:
        raise Repeated(said)
