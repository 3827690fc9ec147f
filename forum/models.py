"""Tables of the infrastructure: what is counted for rate limits, and mails that wait to be sent."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


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


class OutboxMessage(models.Model):
    """A mail that waits to be sent, or one that could not be; see forum.outbox.

    `due_at` is when it may be tried next, `expires_at` when it is of no use any more. A mail that was sent is deleted.
    One that has failed keeps neither text nor address: its `domain` and the mail server's `answer` say what went wrong.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=100)
    address = models.EmailField(max_length=254)
    domain = models.CharField(_("recipient’s domain"), max_length=254)
    subject = models.TextField()
    body = models.TextField()
    html = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(_("written"))
    due_at = models.DateTimeField(_("next attempt"))
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    answer = models.CharField(_("last answer"), max_length=300, default="", blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail that was not sent")
        verbose_name_plural = _("mails that were not sent")
        constraints = [
            models.CheckConstraint(
                name="outbox_failed_without_text",
                condition=models.Q(failed_at=None) | models.Q(address="", subject="", body="", html=""),
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(failed_at=None), name="outbox_due"),
            models.Index(fields=["created_at"], name="outbox_by_age"),
        ]

    def __str__(self):
        return str(self.pk)


class Heartbeat(models.Model):
    """When a background process reported for the last time; see forum.health."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
