"""The verbs around guests: they comment without an account, and may make that their own once they have one."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from posts.models import Case, Comment, GuestComment, Helpful, SiteChoices
from posts.moderation import cases
from posts.threads import exceptions, permissions, publishing
from posts.threads.exceptions import Refused, Repeated

# How long a guest's address is kept for the day they join.
ADDRESS_KEPT_FOR = timedelta(days=365)


def comment_as_guest(*, name, email, parent, source, key, question=None, standpoint="", earlier=(), again=True):
    """A comment by somebody without an account, held until a moderator has seen it. The same `key` again gives the
    first one.

    `earlier` are the ids of what the guest wrote before. Raises Refused, markup.TooComplex, and Repeated for the same
    text again unless `again` says that it is meant.
    """
    if not SiteChoices.present().guests_may_comment:
        raise Refused(exceptions.NO_GUESTS)
    now = timezone.now()
    comment = Comment(
        parent=parent, byline=name, is_guest=True, standpoint=standpoint, key=key, created_at=now, held_at=now
    )
    comment.write(source)
    try:
        permissions.check_accepts_replies(parent)
        permissions.check_branch_is_open(parent)
        if not again:
            permissions.check_not_repeated(Comment.objects.filter(pk__in=earlier), source)
        with transaction.atomic():
            publishing.set_parent(comment, parent, question)
            comment.save(force_insert=True)
            GuestComment.objects.create(comment=comment, email=email, written_at=now)
            cases.open_case(comment, Case.Kind.HELD, [Case.Why.GUEST], now)
    except (IntegrityError, Refused, Repeated):
        # the same form sent twice leads to what the first one made, whatever happened since
        first = Comment.objects.select_related("thread").filter(author=None, key=key).first() if key else None
        if first is None:
            raise
        return first
    return comment


@transaction.atomic
def claim(*, person, addresses, comments):
    """Makes `person` the author of those of the Comments `comments` that a guest wrote from one of their verified
    `addresses`; how many these were. Raises PermissionDenied, Refused.

    Threads are locked before comments, as by every verb, and all in one order.
    """
    permissions.check_may_write(person)
    mine = GuestComment.objects.written_from(addresses).filter(comment__in=comments)
    for thread in sorted(set(mine.values_list("comment__thread", flat=True))):
        publishing.raise_version(publishing.lock_thread(thread))
    ids = list(mine.values_list("comment", flat=True))
    Comment.objects.filter(pk__in=ids).update(author=person, byline="", is_guest=False, key=None)
    # whether a comment helped is for others to say
    marks = Helpful.objects.filter(person=person, comment__in=ids)
    Comment.objects.filter(pk__in=marks.values("comment")).update(helpful_count=F("helpful_count") - 1)
    marks.delete()
    GuestComment.objects.filter(pk__in=ids).update(email="")
    return len(ids)


def delete_expired_addresses(at):
    """Forgets the addresses of guests who did not join for ADDRESS_KEPT_FOR; how many these were."""
    old = GuestComment.objects.exclude(email="").filter(written_at__lt=at - ADDRESS_KEPT_FOR)
    return old.update(email="")
