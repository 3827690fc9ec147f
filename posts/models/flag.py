"""Flags: reports by readers that something is wrong with a comment."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

NOTE_MAX_LENGTH = 1_000


class Flag(models.Model):
    """A report by one person about one comment.

    A flag of a visitor has no `person`. It has a keyed hash of the internet address in `visitor`, which is kept for 30
    days. `weight` is how much the flag counted when it was made (see posts.moderation.flags). `outcome` is shown to the
    person who flagged.
    """

    class Reason(models.TextChoices):
        UNKIND = "unkind", _("It is unkind")
        HARASSMENT = "harassment", _("It harasses or threatens somebody")
        PERSONAL = "personal", _("It tells personal details about somebody")
        SPAM = "spam", _("It is spam or advertising")
        OFF_TOPIC = "off_topic", _("It is off topic")
        HARM = "harm", _("Somebody may be at risk of harm")
        OTHER = "other", _("Something else")

    class Outcome(models.TextChoices):
        OPEN = "", _("A moderator will look at it.")
        AGREED = "agreed", _("A moderator agreed and did something about it.")
        KEPT = "kept", _("A moderator looked at it and kept the comment.")
        GONE = "gone", _("Its author took the comment back.")

    comment = models.ForeignKey(
        "posts.Comment", on_delete=models.CASCADE, related_name="flags", verbose_name=_("comment")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="flags",
        db_index=False,
        verbose_name=_("flagged by"),
    )
    visitor = models.CharField(max_length=32, blank=True)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    note = models.TextField(_("note"), blank=True)
    weight = models.FloatField(_("weight"))
    is_by_moderator = models.BooleanField(default=False, editable=False)
    flagged_at = models.DateTimeField(_("when"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, blank=True, default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        indexes = [
            models.Index(fields=["person", "-id"], name="flag_person_latest"),
            models.Index(fields=["flagged_at"], name="flag_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["comment", "person"], condition=Q(outcome=""), name="flag_one_open_per_person"
            ),
            models.UniqueConstraint(
                fields=["comment", "visitor"],
                condition=~Q(visitor="") & Q(outcome=""),
                name="flag_one_open_per_visitor",
            ),
            models.CheckConstraint(condition=Q(person=None) | Q(visitor=""), name="flag_by_person_or_visitor"),
            models.CheckConstraint(
                condition=Q(outcome="") ^ Q(decided_at__isnull=False), name="flag_decided_has_moment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.comment_id}: {self.reason}"
