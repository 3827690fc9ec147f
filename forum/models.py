"""Models of the infrastructure: usage for rate limits, the outbox, heartbeats, and the pages about the forum."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Usage(models.Model):
    """The latest times (`moments`) at which one account or one address performed one action; see forum.ratelimit.

    `key` consists of the action and the account, or of the action and a keyed hash of the address, which is not stored
    itself. `origin` is a hash of the same kind: the address from which an account wrote (see
    forum.ratelimit.same_origin). `token` is the one-time key of the form that was counted last, `repeats` the number of
    times it came again. A row is deleted some time after `used_at`.
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

    def __str__(self) -> str:
        return self.key


class OutboxMessage(models.Model):
    """A mail that is to be sent, or that could not be sent; see forum.outbox.

    It is tried next at `due_at` and not sent after `expires_at`. A mail that was sent is deleted. The text and address
    of a failed mail are erased; its `domain` and the mail server's `answer` are kept to find the cause. `unconfirmed`
    counts the attempts in which the text was sent and the mail server did not answer: the mail is perhaps delivered.
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
    unconfirmed = models.PositiveSmallIntegerField(_("attempts without an answer"), default=0)
    answer = models.CharField(_("last answer"), max_length=300, default="", blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail that may not have arrived")
        verbose_name_plural = _("mails that may not have arrived")
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

    def __str__(self) -> str:
        return str(self.pk)


class Heartbeat(models.Model):
    """The time at which a background process last reported; see forum.health."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Page(models.Model):
    """A page about the forum in the owner's words: `text` in Markdown, and `html` made from it; see forum.pages.

    There is one row for each name, which the migration makes. While `text` is empty, readers see the text that comes
    with the forum.
    """

    class Name(models.TextChoices):
        """The names of the pages, which are also their addresses and the names of their URL patterns."""

        ABOUT = "about", _("About")
        CONTACT = "contact", _("Contact")
        PRIVACY = "privacy", _("Privacy")
        TERMS = "terms", _("Terms")

    name = models.CharField(_("page"), max_length=10, choices=Name, primary_key=True, editable=False)
    text = models.TextField(
        _("text"),
        blank=True,
        default="",
        help_text=_(
            "Markdown. If you leave the text that comes with the forum as it is, or empty the field, readers see that "
            "text, with the numbers and settings that hold at the time."
        ),
    )
    html = models.TextField(blank=True, default="", editable=False)
    changed_at = models.DateTimeField(_("changed"), null=True, editable=False)

    class Meta:
        verbose_name = _("page about the forum")
        verbose_name_plural = _("pages about the forum")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(text="", html="", changed_at=None)
                | (~models.Q(text="") & ~models.Q(html="") & models.Q(changed_at__isnull=False)),
                name="page_has_html_of_its_text",
            )
        ]

    def __str__(self) -> str:
        return self.get_name_display()

    def get_absolute_url(self) -> str:
        """Return the address of the page."""
        return reverse(self.name)
