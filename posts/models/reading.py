"""Reading positions: how far a member has read in a thread, and which branches are folded."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

# After a pause of this length, the next page view begins a new visit.
AWAY = timedelta(minutes=30)
# A page view is recorded at most this often.
LEAST_PAUSE = timedelta(minutes=1)
FOLDS_KEPT_FOR = timedelta(days=90)
MOST_FOLDS = 200


class Reading(models.Model):
    """The reading position of a member in a thread.

    `new_since` and `seen_until` are times of the thread's latest activity, not of the reader's clock.

    - `new_since`: comments published later are new in this visit.
    - `seen_until`: the latest activity at the last page view. It becomes `new_since` of the next visit.
    - `seen_at`: when the last page view was.
    - `visits`: how many visits there were, up to this one.
    - `folded`: ids of comments whose replies are folded, the most recent last. At most MOST_FOLDS are kept, and they
      expire FOLDS_KEPT_FOR after the last page view.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    thread = models.ForeignKey("posts.Thread", on_delete=models.CASCADE, related_name="readings")
    new_since = models.DateTimeField()
    seen_until = models.DateTimeField()
    seen_at = models.DateTimeField()
    visits = models.PositiveIntegerField(default=1)
    folded = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "thread"], name="reading_once_per_person_and_thread"),
            models.CheckConstraint(condition=models.Q(folded__len__lte=MOST_FOLDS), name="reading_not_too_many_folds"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.thread_id}"

    def new_since_at(self, moment: datetime) -> datetime:
        """Return the value of `new_since` for a page view at `moment`.

        A pause longer than AWAY begins a new visit.
        """
        return self.seen_until if moment - self.seen_at > AWAY else self.new_since

    def visits_at(self, moment: datetime) -> int:
        """Return the value of `visits` for a page view at `moment`."""
        return self.visits + 1 if moment - self.seen_at > AWAY else self.visits

    def folded_at(self, moment: datetime) -> list[int]:
        """Return the ids of the folded comments, or an empty list if they have expired at `moment`."""
        return self.folded if moment - self.seen_at <= FOLDS_KEPT_FOR else []
