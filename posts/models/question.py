"""Questions that a thread asks its readers."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Question(models.Model):
    """A question of a thread: its text and the group of readers that it asks.

    `answer_count` is the number of its published answers, `comment_count` that of all published comments under its tab:
    its answers and everything below them.
    """

    class Asked(models.TextChoices):
        CLINICIANS = "clinicians", _("Clinicians")
        PATIENTS = "patients", _("Readers who have been in therapy")
        EVERYBODY = "everybody", _("Everybody")

    thread = models.ForeignKey("posts.Thread", on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.CharField(_("question"), max_length=300)
    asks = models.CharField(_("whom it asks"), max_length=12, choices=Asked, default=Asked.EVERYBODY)
    comment_count = models.PositiveIntegerField(default=0, editable=False)
    answer_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["thread", "position"], name="question_position_unique_in_thread"),
            models.CheckConstraint(condition=models.Q(position__gt=0), name="question_position_from_one"),
            models.CheckConstraint(condition=~models.Q(text=""), name="question_has_text"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def tab(self) -> str:
        """Return the label of the tab.

        The label names the group asked, or the number of the question if several questions ask this group.
        """
        alike = [other for other in self.thread.asks if other.asks == self.asks]
        if len(alike) > 1 or self.asks == self.Asked.EVERYBODY:
            return gettext("Question %(n)d") % {"n": self.position}
        return gettext("Clinicians’ answers") if self.asks == self.Asked.CLINICIANS else gettext("Readers’ answers")

    @property
    def reply_count(self) -> int:
        """Return the number of published comments below its answers."""
        return self.comment_count - self.answer_count

    def fits(self, standpoint: str) -> bool:
        """Return whether somebody who writes from that standpoint is among those whom the question asks.

        Patients may prefer not to say that they are.
        """
        from posts.models.comment import Comment

        kinds = Comment.Standpoint
        if self.asks == self.Asked.CLINICIANS:
            return standpoint in (kinds.CLINICIAN, kinds.BOTH)
        return self.asks == self.Asked.EVERYBODY or standpoint in (kinds.PATIENT, kinds.BOTH, kinds.UNSAID)
