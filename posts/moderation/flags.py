"""Flag comments. Flags with enough weight hide a comment until a moderator has reviewed it.

The weight of a flag is 1 + trust (0 new, 1 member, 2 trusted) + accuracy of earlier flags (from -1 to 1, counted after
five of them were decided).
"""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from posts.models import Case, Comment, Flag, SiteChoices
from posts.models.flag import NOTE_MAX_LENGTH
from posts.moderation import cases, hiding
from posts.threads import exceptions, publishing
from posts.threads.exceptions import Refused

Reason, Outcome, Kind = Flag.Reason, Flag.Outcome, Case.Kind
DECIDED_AT_LEAST = 5
# greatest weight of all flags of newcomers and visitors together
NEWCOMERS_WEIGH = 1
# how many notes of one person about one comment are stored
MOST_NOTES = 10
KIND_OF: dict[str, Case.Kind] = {Reason.HARM: Kind.URGENT, Reason.PERSONAL: Kind.PRIVACY}


@transaction.atomic
def flag(*, comment: Comment, reason: str, note: str = "", person: User | None = None, visitor: str = "") -> Flag:
    """Flag `comment` for `person`, or for a visitor, and return the Flag.

    `visitor` is the keyed hash of a visitor's address. If there is an open flag of the same person or visitor, it gets
    the more pressing of both reasons, and the note is added to it. Raises Refused for a comment that cannot be read and
    for one's own comment, and PermissionDenied for visitors if only members may flag.
    """
    if person is None and not SiteChoices.present().visitors_may_flag:
        raise PermissionDenied(exceptions.NO_VISITORS_FLAGS)
    thread = publishing.lock_thread(comment.thread_id)
    comment = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    comment.thread = thread
    if person is not None and comment.author_id == person.pk:
        raise Refused(exceptions.NOT_YOUR_OWN_FLAG)
    who = {"person": person} if person is not None else {"visitor": visitor}
    now, note = timezone.now(), note.strip()
    # a staff account without a second factor in its session is a member like others
    is_by_moderator = person is not None and person.moderates
    made = Flag.objects.filter(comment=comment, outcome=Outcome.OPEN, **who).first()
    if made is None and not comment.is_readable:
        raise Refused(exceptions.GONE_TO_READ)
    if made is None:
        made = Flag.objects.create(
            comment=comment,
            reason=reason,
            note=note,
            weight=weight_of(person),
            is_by_moderator=is_by_moderator,
            flagged_at=now,
            **who,
        )
    else:
        _add(made, reason, note, is_by_moderator)
    weight, heads, is_by_moderator = _weight_on(comment)
    cases.open_case(comment, KIND_OF.get(reason, Kind.FLAGGED), [Case.Why.FLAG], now, weight)
    if is_by_moderator or (heads > 1 and weight >= SiteChoices.present().hide_at):
        hiding.hide_until_reviewed(comment, _("It was flagged. A moderator will look at it."))
    return made


def _add(flag: Flag, reason: str, note: str, is_by_moderator: bool) -> None:
    """Add reason and note to a flag of the same person. A change sets `flagged_at` to now."""
    said = flag.reason, flag.note
    if KIND_OF.get(reason, Kind.FLAGGED) < KIND_OF.get(flag.reason, Kind.FLAGGED):
        flag.reason = reason
    if note and note not in flag.note:
        flag.note = "\n\n".join(filter(None, [flag.note, note]))[: NOTE_MAX_LENGTH * MOST_NOTES]
    if (flag.reason, flag.note) != said:
        flag.flagged_at = timezone.now()
    flag.is_by_moderator = flag.is_by_moderator or is_by_moderator
    flag.save(update_fields=["reason", "note", "is_by_moderator", "flagged_at"])


def weight_of(person: User | None) -> float:
    """Return the weight of a flag of `person`, or of a visitor (None)."""
    if person is None:
        return 1.0
    if person.is_suspended:
        # moderators read the flag, but it does not help to hide the comment
        return 0.0
    return 1.0 + person.trust + accuracy_of(person)


def accuracy_of(person: User) -> float:
    """Return how often moderators agreed with the person's flags, from -1 (never) to 1 (always).

    Counts the latest 100 decided flags. Returns 0 if fewer than DECIDED_AT_LEAST were decided.
    """
    latest = Flag.objects.filter(person=person, outcome__in=(Outcome.AGREED, Outcome.KEPT)).order_by("-id")[:100]
    told = Flag.objects.filter(pk__in=latest.values("pk")).aggregate(
        agreed=Count("id", filter=Q(outcome=Outcome.AGREED)), decided=Count("id")
    )
    if told["decided"] < DECIDED_AT_LEAST:
        return 0.0
    return (2 * told["agreed"] - told["decided"]) / told["decided"]


def delete_expired_visitors(before: datetime) -> int:
    """Clear the visitor hash of flags made before the moment `before`, and return how many."""
    return Flag.objects.filter(flagged_at__lt=before).exclude(visitor="").update(visitor="")


def _weight_on(comment: Comment) -> tuple[float, int, bool]:
    """Return (weight of the open flags, number of flags not from newcomers, whether one is a moderator's)."""
    weight = newcomers = 0.0
    heads, has_moderator = 0, False
    rows = Flag.objects.filter(comment=comment, outcome=Outcome.OPEN)
    for each, trust, is_by_moderator in rows.values_list("weight", "person__trust", "is_by_moderator"):
        has_moderator = has_moderator or is_by_moderator
        if trust in (None, User.Trust.NEW) and not is_by_moderator:
            newcomers += each
        else:
            weight, heads = weight + each, heads + 1
    return weight + min(newcomers, NEWCOMERS_WEIGH), heads, has_moderator
