"""Appeals of authors against decisions of moderators."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

APPEAL_WITHIN = timedelta(days=182)
APPEAL_MAX_LENGTH = 4_000


class Appeal(models.Model):
    """An appeal of the person concerned against the decision `entry`.

    There is at most one appeal per decision. It must be made within APPEAL_WITHIN of the decision. A trigger (migration
    0001) stops moderators from answering an appeal against their own decision, or about themselves, if there is another
    moderator.
    """

    class Outcome(models.TextChoices):
        OPEN = "", _("waiting")
        UPHELD = "upheld", _("the decision stands")
        CHANGED = "changed", _("the decision was changed")
        REVERSED = "reversed", _("the decision was reversed")

    entry = models.OneToOneField("posts.LogEntry", on_delete=models.PROTECT, related_name="appeal")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("appeal by")
    )
    text = models.TextField(_("text"))
    made_at = models.DateTimeField(_("when"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, blank=True, default="")
    answer = models.TextField(_("answer"), blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="appeal_says_something"),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at=None, decided_by=None)
                | (~Q(outcome="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="appeal_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.outcome or 'open'}"
