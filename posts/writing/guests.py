"""Actions of guests: comment without an account, and claim these comments after signing up."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from posts.models import Case, Comment, GuestComment, Helpful, Question, SiteChoices
from posts.moderation import cases
from posts.threads import exceptions, permissions, publishing
from posts.threads.exceptions import Refused, Repeated
from posts.writing.comments import check_same_text

# How long the e-mail address of a guest is kept, in case the guest signs up.
ADDRESS_KEPT_FOR = timedelta(days=365)


def comment_as_guest(
    *,
    name: str,
    email: str,
    parent: Comment,
    source: str,
    key: str | None,
    question: Question | None = None,
    standpoint: str = "",
    earlier: Iterable[int] = (),
    again: bool = True,
) -> Comment:
    """Create a comment by a guest, held for review, and return it.

    A second call with the same `key` returns the first comment. `earlier` are the ids of the guest's earlier comments.
    Raises Refused, markup.TooComplex, and Repeated for a repeated text unless `again`.
    """
    if not SiteChoices.present().guests_may_comment:
        raise Refused(exceptions.NO_GUESTS)
    now = timezone.now()
    comment = Comment(parent=parent, byline=name, is_guest=True, standpoint=standpoint, key=key)
    comment.write(source)
    try:
        permissions.check_accepts_replies(parent)
        permissions.check_branch_is_open(parent)
        if not again:
            permissions.check_not_repeated(Comment.objects.filter(pk__in=earlier), source)
        with transaction.atomic():
            publishing.insert_held(comment, parent, question, now)
            GuestComment.objects.create(comment=comment, email=email, written_at=now)
            cases.open_case(comment, Case.Kind.HELD, [Case.Why.GUEST], now)
    except (IntegrityError, Refused, Repeated):
        # If the same form was sent twice, return what the first request made, whatever has happened since.
        first = Comment.objects.select_related("thread").filter(author=None, key=key).first() if key else None
        if first is None:
            raise
        return check_same_text(first, source)
    return comment


@transaction.atomic
def claim(*, person: User, addresses: Iterable[str], comments: Iterable[int]) -> int:
    """Make `person` the author of guest comments, and return the number of these comments.

    Only those of the ids `comments` are claimed whose guest gave one of the person's verified `addresses`. Threads are
    locked before comments, as in all functions, and in one order. Raises PermissionDenied or Refused.
    """
    permissions.check_may_write(person)
    mine = GuestComment.objects.written_from(addresses).filter(comment__in=comments)
    for thread in sorted(set(mine.values_list("comment__thread", flat=True))):
        publishing.raise_version(publishing.lock_thread(thread))
    ids = list(mine.values_list("comment", flat=True))
    Comment.objects.filter(pk__in=ids).update(author=person, byline="", is_guest=False, key=None)
    # Authors cannot mark their own comments as helpful.
    marks = Helpful.objects.filter(person=person, comment__in=ids)
    Comment.objects.filter(pk__in=marks.values("comment")).update(helpful_count=F("helpful_count") - 1)
    marks.delete()
    GuestComment.objects.filter(pk__in=ids).update(email="")
    return len(ids)


def delete_expired_addresses(at: datetime) -> int:
    """Delete the addresses of guests that are older than ADDRESS_KEPT_FOR, and return how many."""
    old = GuestComment.objects.exclude(email="").filter(written_at__lt=at - ADDRESS_KEPT_FOR)
    return old.update(email="")
