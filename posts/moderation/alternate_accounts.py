"""Moderators look for other accounts of somebody who gave cause: whoever is banned may come back under another name."""

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

# of a person's comments so many are looked at, the latest; and removals of so long
LATEST, LATELY = 200, timedelta(days=30)
MOST_OTHERS = 20


def gave_cause(person):
    """Whether something speaks against `person`: only then it is anybody's business what else they are called."""
    if person.is_suspended or person.watched_at is not None or person.warned_at is not None:
        return True
    latest = list(Comment.objects.filter(author=person).order_by("-id")[:LATEST].values_list("pk", "removed_at"))
    since = timezone.now() - LATELY
    if any(removed_at is not None and removed_at > since for _pk, removed_at in latest):
        return True
    # not that a newcomer's words wait, that somebody appeals or that a moderator opened something
    against = [Case.Why.FLAG, Case.Why.SPAM, Case.Why.RECORD]
    cases = Case.objects.open().filter(comment__in=[pk for pk, _removed_at in latest], appeal=None)
    return cases.filter(why__overlap=against).exists()


@transaction.atomic
def find_alternate_accounts(*, moderator, person, reason):
    """The other people, MOST_OTHERS at most, who wrote from where `person` wrote lately; the log has that somebody
    looked, and not what was found.

    Raises Refused where the person gave no cause, PermissionDenied as the sanctions of posts.moderation.sanctions do.
    """
    check_right(moderator, reason)
    check_may_be_judged(moderator, person)
    if not gave_cause(person):
        raise Refused(exceptions.NO_CAUSE)
    log(moderator, LogEntry.Act.LOOK, reason, person=person)
    return list(User.objects.filter(pk__in=ratelimit.same_origin(person.pk, MOST_OTHERS)).order_by("-joined_at"))
