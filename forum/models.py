"""What the ground itself keeps: when things were done that are limited."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Usage(models.Model):
    """The latest `moments` at which one account or one address did one thing; see forum.ratelimit.

    `key` names the act and the account, or the act and a keyed hash of the address: the address itself is nowhere.
    `origin`, a hash of the same kind, is where an account wrote from (see forum.ratelimit.same_origin).
    `token` is the one-time key of the form that was counted last, `repeats` how often it came again. A row is forgotten
    some time after `used_at`.
    """

    key = models.TextField(primary_key=True)
    moments = ArrayField(models.DateTimeField(), default=list)
    token = models.TextField(default="")
    repeats = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField()
    origin = models.CharField(max_length=32, default="", db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["used_at"], name="usage_by_age"),
            models.Index(fields=["origin"], condition=~models.Q(origin=""), name="usage_by_origin"),
        ]

    def __str__(self):
        return self.key


class Heartbeat(models.Model):
    """When a background process reported for the last time; see forum.health."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
