"""What waits for a moderator: one item of the queue."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, F, Min, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

CLAIMED_FOR = timedelta(minutes=15)


class CaseQuerySet(models.QuerySet):
    """Questions about many cases."""

    def open(self):
        """Those nobody decided yet, the most pressing first: by kind, then by age. An index gives this order."""
        return self.filter(closed_at=None).order_by("kind", "id")

    def offered_to(self, moderator, at):
        """Open ones that `moderator` may take at the moment `at`: not passed on by them, not claimed by another."""
        offered = self.open().free_for(moderator, at).exclude(passed_by__contains=[moderator.pk])
        # their own cause, or an appeal against what they decided, is for somebody else
        offered = offered.exclude(appeal__entry__moderator=moderator).exclude(comment__author=moderator)
        return offered.exclude(verification_request__person=moderator)

    def free_for(self, moderator, at):
        """Those that nobody else has claimed at the moment `at`."""
        return self.filter(Q(claimed_by=None) | Q(claimed_by=moderator) | Q(claimed_at__lte=at - CLAIMED_FOR))

    def beyond(self, kind, pk):
        """Those of the queue that come after the item `pk` of that kind."""
        return self.filter(kind__gte=kind).filter(Q(kind__gt=kind) | Q(pk__gt=pk))

    def masked_among(self, comments):
        """The ids of those of these comments, given by id, whose text is shown only when asked for; one query."""
        pressing = self.filter(comment__in=comments, kind__in=self.model.PRESSING)
        return set(pressing.values_list("comment", flat=True))

    def label_masked(self, cases):
        """These cases, each `is_labelled` where its comment has, or had, a pressing item; one query."""
        masked = self.masked_among([case.comment_id for case in cases if case.comment_id])
        for case in cases:
            case.is_labelled = case.comment_id in masked
        return cases

    def by_kind(self):
        """{kind: (how many are open, since when the oldest waits)}; one query over the open ones."""
        rows = self.filter(closed_at=None).values("kind").annotate(number=Count("id"), oldest=Min("opened_at"))
        return {row["kind"]: (row["number"], row["oldest"]) for row in rows.order_by("kind")}


class Case(models.Model):
    """An item at the desk: `comment` waits for a moderator because of `why` (codes of Why).

    `version` moves on with everything that bears on a decision: a new flag, a changed text, another decision; a
    decision says which version it saw. A claim lasts for CLAIMED_FOR. `closed_by` is the log's entry that closed it,
    None where its author took the comment back. An appeal about a person alone and a request for verification have no
    comment. A comment has one open case at the most, an appeal and a request one of their own.
    """

    class Kind(models.IntegerChoices):
        """In the order in which they are to be seen to."""

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
        APPEAL = "appeal", _("its author appeals")
        CLINICIAN = "clinician", _("somebody asks to be verified as a clinician")

    # what touches somebody's safety or privacy
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

    def __str__(self):
        return f"{self.get_kind_display()}: {self.comment_id}"

    # its comment has, or had, a pressing item; lists learn it by `label_masked`
    is_labelled = False

    @property
    def is_masked(self):
        """Its text is shown only when asked for: whoever opens the desk need not read it at once."""
        return (
            self.is_labelled
            or self.kind in self.PRESSING
            or (self.appeal_id is not None and self.appeal.entry.is_confidential)
        )

    @property
    def reasons(self):
        """Why it is here, in words."""
        return [self.Why(code).label for code in self.why]

    @property
    def name(self):
        """Whom it is about, as readers or moderators know them."""
        return self.comment.shown_author if self.comment_id else str(self.person)

    @property
    def person(self):
        """Whom it is about; None where somebody without an account wrote."""
        if self.verification_request_id:
            return self.verification_request.person
        return self.comment.author if self.comment_id else self.appeal.person

    @property
    def is_about_comment(self):
        """A comment is to be decided about, and not what somebody asks for."""
        return self.appeal_id is None and self.verification_request_id is None

    def claimant(self, at=None):
        """Who has claimed it at the moment `at`, now by default; None if nobody has."""
        if self.claimed_by is None or self.claimed_at <= (at or timezone.now()) - CLAIMED_FOR:
            return None
        return self.claimed_by
