"""What has to leave by mail: written with what it tells of, in one transaction, so that no crash loses it."""

from django.db import models


class Letter(models.Model):
    """A mail that has not left yet; the row goes with it. `tried_at` is the latest attempt of so many `tries`.

    It holds no text of anybody, but a link that opens without signing in: so it is kept no longer than it must.
    """

    address = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    written_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["tried_at", "id"], name="letter_waiting")]

    def __str__(self):
        return str(self.pk)
