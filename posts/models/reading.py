"""How far somebody has read in a thread, and which branches they keep folded."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

# Away for so long, and the next look at the thread is another visit.
AWAY = timedelta(minutes=30)
# A look at a page is written down at most this often.
LEAST_PAUSE = timedelta(minutes=1)
FOLDS_KEPT_FOR = timedelta(days=90)
MOST_FOLDS = 200


class Reading(models.Model):
    """A member's place in a thread. Moments are those of the thread's own latest activity, not of the reader's clock.

    `new_since`: what was published later is new in this visit. `seen_until`: the latest that was there to be seen at
    the last look, and so `new_since` of the next visit. `seen_at`: when that look was. `folded`: ids of comments whose
    replies are folded, the latest last, at most MOST_FOLDS, forgotten after FOLDS_KEPT_FOR without a look.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    thread = models.ForeignKey("posts.Thread", on_delete=models.CASCADE, related_name="readings")
    new_since = models.DateTimeField()
    seen_until = models.DateTimeField()
    seen_at = models.DateTimeField()
    folded = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "thread"], name="reading_once_per_person_and_thread"),
            models.CheckConstraint(condition=models.Q(folded__len__lte=MOST_FOLDS), name="reading_not_too_many_folds"),
        ]

    def __str__(self):
        return f"{self.person_id} in {self.thread_id}"

    def new_since_at(self, moment):
        """`new_since` for a look at `moment`: another visit begins after AWAY."""
        return self.seen_until if moment - self.seen_at > AWAY else self.new_since

    def folded_at(self, moment):
        """The ids of the folded comments, or none where they have been forgotten by `moment`."""
        return self.folded if moment - self.seen_at <= FOLDS_KEPT_FOR else []
