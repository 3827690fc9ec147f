"""The moderation log: who did what to whom or what, when, and why. The database itself keeps it from being changed."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class LogEntry(models.Model):
    """One act of a moderator. A trigger (migration 0002) refuses to update, delete or truncate entries."""

    class Act(models.TextChoices):
        HOLD = "hold", _("held for review")
        APPROVE = "approve", _("approved")
        REMOVE = "remove", _("removed")
        RESTORE = "restore", _("restored")
        LOCK = "lock", _("locked")
        UNLOCK = "unlock", _("unlocked")
        PIN = "pin", _("pinned")
        UNPIN = "unpin", _("unpinned")
        SUSPEND = "suspend", _("suspended")
        UNSUSPEND = "unsuspend", _("ended the suspension of")
        TRUST = "trust", _("trusted")
        UNTRUST = "untrust", _("no longer trusted")
        VERIFY = "verify", _("verified as a clinician")
        REVOKE = "revoke", _("revoked the verification of")
        WITHHOLD = "withhold", _("withheld an earlier version of")
        SHOW_AGAIN = "show_again", _("showed an earlier version again of")

    at = models.DateTimeField(_("when"))
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("moderator")
    )
    act = models.CharField(_("act"), max_length=12, choices=Act)
    reason = models.TextField(_("reason"))
    thread = models.ForeignKey("posts.Thread", null=True, on_delete=models.PROTECT, related_name="log_entries")
    comment = models.ForeignKey("posts.Comment", null=True, on_delete=models.PROTECT, related_name="log_entries")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="log_entries"
    )

    class Meta:
        verbose_name = _("entry of the moderation log")
        verbose_name_plural = _("entries of the moderation log")
        indexes = [models.Index(fields=["act", "-id"], name="log_entry_act")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="log_entry_has_reason"),
            models.CheckConstraint(
                condition=models.Q(thread__isnull=False) | models.Q(comment__isnull=False)
                | models.Q(person__isnull=False),
                name="log_entry_is_about_something",
            ),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_act_display()}"

    @property
    def subject(self):
        """What the entry is about."""
        return self.comment or self.thread or self.person
