"""Items of the review queue."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connections, models
from django.db.models import Count, Exists, F, Min, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User

CLAIMED_FOR = timedelta(minutes=15)
# The ids, as JSON, of those `comments` (a query) whose text is masked; `pressing` are the kinds Case.PRESSING. This is
# the one definition of that. It looks at each comment, because PostgreSQL would read the whole log for an EXISTS.
MASKED_OF = """
    SELECT coalesce(json_agg(c.id), '[]') FROM ({comments}) c LEFT JOIN LATERAL (
        SELECT 1 AS one FROM posts_case WHERE comment_id = c.id AND kind = ANY(%(pressing)s) LIMIT 1
    ) k ON true LEFT JOIN LATERAL (
        SELECT 1 AS one FROM posts_logentry WHERE comment_id = c.id AND is_confidential AND act <> 'keep' LIMIT 1
    ) l ON true
    WHERE k.one IS NOT NULL OR l.one IS NOT NULL
"""


def own_cause_of(moderator: "User") -> Q:
    """Return the condition on items that somebody else than `moderator` should decide, without a join.

    They are about the moderator's own comments and verification request, or are appeals about the moderator or against
    what the moderator decided or flagged.
    """
    from accounts.models import VerificationRequest
    from posts.models.appeal import Appeal
    from posts.models.comment import Comment
    from posts.models.log_entry import LogEntry, decided_by

    comments = Comment.objects.filter(pk=OuterRef("comment"), author=moderator)
    requests = VerificationRequest.objects.filter(pk=OuterRef("verification_request"), person=moderator)
    decisions = LogEntry.objects.filter(decided_by(moderator), pk=OuterRef("entry"))
    appeals = Appeal.objects.filter(Q(person=moderator) | Q(Exists(decisions)), pk=OuterRef("appeal"))
    return Q(Exists(comments)) | Q(Exists(requests)) | Q(Exists(appeals))


class CaseQuerySet(models.QuerySet["Case"]):
    """Queries on items of the review queue."""

    def open(self) -> Self:
        """Return the items that are not decided yet, ordered by kind and then by age.

        The most urgent kind is first. The index `case_queue` gives this order.
        """
        return self.filter(closed_at=None).order_by("kind", "id")

    def offered_to(self, moderator: "User", at: datetime) -> Self:
        """Return the open items that `moderator` may take at the time `at`.

        Leaves out items that the moderator skipped, items that another moderator has claimed, and items about the
        moderator's own comments, decisions or verification request.
        """
        offered = self.open().free_for(moderator, at).exclude(passed_by__contains=[moderator.pk])
        return offered.exclude(own_cause_of(moderator))

    def free_for(self, moderator: "User", at: datetime) -> Self:
        """Return the items that no other moderator has claimed at the time `at`."""
        return self.filter(Q(claimed_by=None) | Q(claimed_by=moderator) | Q(claimed_at__lte=at - CLAIMED_FOR))

    def beyond(self, kind: int, pk: int) -> Self:
        """Return the items that come after the item `pk` of the given kind in the queue."""
        return self.filter(kind__gte=kind).filter(Q(kind__gt=kind) | Q(pk__gt=pk))

    def masked_among(self, comments: Iterable[int]) -> set[int]:
        """Return the ids of those `comments` (ids) that concern somebody's privacy or safety.

        They have or had a pressing item, or a confidential decision that did not keep them. Their text is masked in the
        admin until a moderator asks for it, and no undo publishes it. Makes one query. Larger queries of the admin use
        MASKED_OF, too.
        """
        pressing = [kind.value for kind in self.model.PRESSING]
        with connections[self.db].cursor() as cursor:
            named = "SELECT unnest(%(comments)s::bigint[]) AS id"
            cursor.execute(MASKED_OF.format(comments=named), {"comments": list(comments), "pressing": pressing})
            return set(cursor.fetchone()[0])

    def label_masked(self, cases: list["Case"]) -> list["Case"]:
        """Set `is_labelled` on those `cases` whose comment has or had a pressing item, and return the list.

        Makes one query.
        """
        masked = self.masked_among([case.comment_id for case in cases if case.comment_id])
        for case in cases:
            case.is_labelled = case.comment_id in masked
        return cases

    def median_wait(self, at: datetime) -> timedelta | None:
        """Return the time within which half of the held comments of the 7 days before `at` were decided.

        Returns None if none was decided. Uses the index `case_closed`.
        """
        decided = self.filter(kind=self.model.Kind.HELD, closed_at__gt=at - timedelta(days=7), closed_by__isnull=False)
        waits = sorted(closed - opened for opened, closed in decided.values_list("opened_at", "closed_at"))
        return median(waits) if waits else None

    def by_kind(self) -> dict[int, tuple[int, datetime]]:
        """Return {kind: (number of open items, when the oldest was opened)}.

        Makes one query over the open items.
        """
        rows = self.filter(closed_at=None).values("kind").annotate(number=Count("id"), oldest=Min("opened_at"))
        return {row["kind"]: (row["number"], row["oldest"]) for row in rows.order_by("kind")}


class Case(models.Model):
    """An item of the review queue.

    `comment` is reviewed because of `why` (codes of Why). Appeals about a person alone and verification requests have
    no comment. A comment has at most one open item. Each appeal and each verification request has an item of its own.

    `version` is raised by everything that affects a decision: a new flag, a changed text, another decision. A decision
    names the version that the moderator saw. A claim lasts for CLAIMED_FOR. `closed_by` is the log entry that closed
    the item, or None if the author deleted the comment.
    """

    class Kind(models.IntegerChoices):
        """Kinds of items, in the order in which moderators should review them."""

        URGENT = 1, _("urgent")
        PRIVACY = 2, _("privacy")
        APPEAL = 3, _("appeals")
        VERIFICATION = 4, _("verifications")
        HELD = 5, _("held")
        FLAGGED = 6, _("flagged")

    class Why(models.TextChoices):
        GUEST = "guest", _("written by a guest")
        FIRST = "first", _("one of this member’s first comments")
        LINKS = "links", _("many links")
        WORD = "word", _("a watched word")
        WATCH = "watch", _("its author is under watch")
        RECORD = "record", _("a good part of its author’s latest comments was removed")
        SPAM = "spam", _("it looks like spam")
        PASSAGE = "passage", _("a passage that was taken out is back")
        FLAG = "flag", _("flagged by readers")
        HOLD = "hold", _("held by a moderator")
        MODERATOR = "moderator", _("a moderator wants to look at it")
        UNDO = "undo", _("a decision about it was reversed")
        APPEAL = "appeal", _("its author appeals")
        CLINICIAN = "clinician", _("somebody asks to be verified as a clinician")

    # Kinds that concern the safety or privacy of a person.
    PRESSING = (Kind.URGENT, Kind.PRIVACY)

    comment = models.ForeignKey("posts.Comment", null=True, on_delete=models.PROTECT, related_name="cases")
    kind = models.PositiveSmallIntegerField(_("kind"), choices=Kind)
    why = ArrayField(models.CharField(max_length=10, choices=Why), verbose_name=_("why"))
    appeal = models.OneToOneField("posts.Appeal", null=True, on_delete=models.PROTECT, related_name="case")
    verification_request = models.OneToOneField(
        "accounts.VerificationRequest", null=True, on_delete=models.PROTECT, related_name="case"
    )
    weight = models.FloatField(_("weight of its flags"), default=0)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(_("since"))
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        verbose_name=_("claimed by"),
    )
    claimed_at = models.DateTimeField(null=True)
    passed_by = ArrayField(models.BigIntegerField(), default=list)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("posts.LogEntry", null=True, on_delete=models.PROTECT, related_name="closed_cases")

    # set by posts.moderation.admin.queue: the reasons in words
    told: list[str]

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("item of the queue")
        verbose_name_plural = _("queue")
        indexes = [
            models.Index(fields=["kind", "id"], condition=Q(closed_at=None), name="case_queue"),
            models.Index(fields=["opened_at"], name="case_opened"),
            models.Index(fields=["closed_at"], condition=Q(closed_at__isnull=False), name="case_closed"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["comment"], condition=Q(closed_at=None, appeal=None), name="case_one_open_per_comment"
            ),
            models.CheckConstraint(condition=Q(appeal=None) ^ Q(kind=3), name="case_appeal_is_about_an_appeal"),
            models.CheckConstraint(
                condition=Q(comment__isnull=False) | Q(appeal__isnull=False) | Q(verification_request__isnull=False),
                name="case_is_about_something",
            ),
            models.CheckConstraint(
                condition=Q(verification_request=None) ^ Q(kind=4), name="case_verification_is_about_a_request"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")), name="case_closed_after_opened"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.comment_id}"

    # True if the comment has or had a pressing item. Lists set this with `label_masked`.
    is_labelled = False

    @property
    def is_masked(self) -> bool:
        """Return whether the text is masked until a moderator asks for it.

        Moderators should be able to open the queue without reading distressing or private texts at once.
        """
        return (
            self.is_labelled
            or self.kind in self.PRESSING
            or (self.appeal is not None and self.appeal.entry.is_confidential)
        )

    @property
    def reasons(self) -> list[str]:
        """Return the labels of `why`."""
        return [str(self.Why(code).label) for code in self.why]

    @property
    def name(self) -> str:
        """Return the name, as readers or moderators know it, of the person whom the item is about."""
        return self.comment.shown_author if self.comment is not None else str(self.person)

    @property
    def person(self) -> "User | None":
        """Return the account that the item is about, or None for a comment by a guest."""
        if self.verification_request is not None:
            return self.verification_request.person
        if self.comment is not None:
            return self.comment.author
        assert self.appeal is not None  # noqa: S101  (the constraint case_is_about_something)
        return self.appeal.person

    @property
    def is_about_comment(self) -> bool:
        """Return whether a decision about a comment is needed, not an answer to an appeal or a request."""
        return self.appeal_id is None and self.verification_request_id is None

    def claimant(self, at: datetime | None = None) -> "User | None":
        """Return the moderator whose claim is valid at the time `at` (by default now), or None."""
        if self.claimed_by is None or self.claimed_at is None:
            return None
        if self.claimed_at <= (at or timezone.now()) - CLAIMED_FOR:
            return None
        return self.claimed_by
