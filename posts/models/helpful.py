"""Helpful marks, the only reaction to comments."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Helpful(models.Model):
    """A mark “this helped me” of one person on one comment. `Comment.helpful_count` is the number of these rows."""

    comment = models.ForeignKey("posts.Comment", on_delete=models.CASCADE, related_name="marks", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("helpful mark")
        verbose_name_plural = _("helpful marks")
        constraints = [
            models.UniqueConstraint(fields=["person", "comment"], name="helpful_once_per_person_and_comment")
        ]
        indexes = [models.Index(fields=["comment", "-id"], name="helpful_of_comment")]

    def __str__(self) -> str:
        return f"{self.person_id} → {self.comment_id}"
