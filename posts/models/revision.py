"""Revisions: earlier texts of comments."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Revision(models.Model):
    """An earlier text of a comment, stored when an edit after the grace period replaced it.

    `replaced_by` is the person who made the edit, or None if a command did. A moderator may withhold the text from
    readers (`withheld_at`).

    `taken_out` has the passages that a moderator removed, in the format of posts.safety.redaction. They are stored here
    and not in the log, because the log can never be changed. The field is emptied if an appeal succeeds. No other field
    of a row is ever changed.

    `headings` has the title of the thread and its questions, if a moderator took a passage out of them: the texts
    before that, in this order. Otherwise it is empty.
    """

    comment = models.ForeignKey("posts.Comment", on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(_("number"))
    source = models.TextField(_("text"))
    replaced_at = models.DateTimeField(_("replaced"))
    replaced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("replaced by"),
    )
    withheld_at = models.DateTimeField(_("withheld"), null=True, blank=True, editable=False)
    taken_out = models.TextField(_("what a moderator took out"), blank=True, editable=False)
    headings = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["comment", "number"], name="revision_number_unique_in_comment")]
        indexes = [models.Index(fields=["comment"], name="revision_taken_out", condition=~models.Q(taken_out=""))]

    def __str__(self) -> str:
        return f"{self.comment_id}.{self.number}"
