"""Find other accounts of a person who gave cause for it: a banned person may return under another name."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from forum import ratelimit
from posts.models import Case, Comment, LogEntry
from posts.moderation.audit_log import check_right, log
from posts.moderation.sanctions import check_may_be_judged
from posts.threads import exceptions
from posts.threads.exceptions import Refused

# how many of a person's latest comments are checked, and for how long a removal counts
LATEST, LATELY = 200, timedelta(days=30)
MOST_OTHERS = 20


def gave_cause(person: User) -> bool:
    """Return whether there is a reason to look for other accounts of `person`.

    Without one, other accounts are private.
    """
    if person.is_suspended or person.watched_at is not None or person.warned_at is not None:
        return True
    latest = list(Comment.objects.filter(author=person).order_by("-id")[:LATEST].values_list("pk", "removed_at"))
    since = timezone.now() - LATELY
    if any(removed_at is not None and removed_at > since for _pk, removed_at in latest):
        return True
    # other reasons for a case (first comments, appeals, a moderator's own) do not speak against the person
    against = [Case.Why.FLAG, Case.Why.SPAM, Case.Why.RECORD]
    cases = Case.objects.open().filter(comment__in=[pk for pk, _removed_at in latest], appeal=None)
    return cases.filter(why__overlap=against).exists()


@transaction.atomic
def find_alternate_accounts(*, moderator: User, person: User, reason: str) -> list[User]:
    """Return other accounts, at most MOST_OTHERS, that wrote from the same origin as `person` lately.

    The audit log notes the search, but not its result. Raises Refused if the person gave no cause, and PermissionDenied
    in the same cases as posts.moderation.sanctions.
    """
    check_right(moderator, reason)
    check_may_be_judged(moderator, person)
    if not gave_cause(person):
        raise Refused(exceptions.NO_CAUSE)
    log(moderator, LogEntry.Act.LOOK, reason, person=person)
    return list(User.objects.filter(pk__in=ratelimit.same_origin(person.pk, MOST_OTHERS)).order_by("-joined_at"))
