"""The moderation log: who did what, when and why. A database trigger prevents changes of entries."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Count
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User
    from posts.models.comment import Comment
    from posts.models.thread import Thread


class LogEntryQuerySet(models.QuerySet["LogEntry"]):
    """Queries on log entries."""

    def sanctions_with(self, *entries: "LogEntry") -> Self:
        """Return the sanctions against the authors that were decided together with these `entries` about comments.

        Uses the index on the person.
        """
        people = {entry.person_id for entry in entries if entry.person_id}
        if not people:
            return self.none()
        first, pks = min(entry.pk for entry in entries), [entry.pk for entry in entries]
        return self.filter(person__in=people, id__gt=first, details__decision__in=pks).order_by("id")

    def confidential_by_month(self) -> list[tuple[datetime, int]]:
        """Return [(month, number of confidential decisions)] of the last year, the latest month first."""
        since = timezone.now() - timedelta(days=365)
        rows = self.filter(is_confidential=True, at__gte=since).annotate(month=TruncMonth("at")).values("month")
        return list(rows.annotate(number=Count("id")).order_by("-month").values_list("month", "number"))


class LogEntry(models.Model):
    """An action of a moderator, or an automatic action of the forum if `moderator` is None.

    A trigger (migration 0001) refuses to update, delete or truncate entries. A mistake in an entry is therefore never
    changed. Another entry `corrects` it.

    An entry about a comment or a person is the statement that the person concerned may read. `rules` and `rule` name
    the rule it is based on. `before` has what the action changed, so that it can be undone. `details` has what the
    action set. `undoes` is the entry that this one undoes. An entry can be undone only once. The public log shows only
    the number of `is_confidential` entries per month.
    """

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
        UNSUSPEND = "unsuspend", _("suspension ended")
        TRUST = "trust", _("trusted")
        UNTRUST = "untrust", _("no longer trusted")
        VERIFY = "verify", _("verified as a clinician")
        REFUSE = "refuse", _("verification refused")
        REVOKE = "revoke", _("verification revoked")
        WITHHOLD = "withhold", _("earlier version withheld")
        SHOW_AGAIN = "show_again", _("earlier version shown again")
        KEEP = "keep", _("looked at and kept")
        HIDE = "hide", _("hidden until reviewed")
        EDIT_OUT = "edit_out", _("passage taken out")
        LOCK_BRANCH = "lock_branch", _("branch locked")
        OPEN_BRANCH = "open_branch", _("branch opened")
        WARN = "warn", _("warned")
        WATCH = "watch", _("put under watch")
        UNWATCH = "unwatch", _("no longer under watch")
        BAN = "ban", _("banned")
        LOOK = "look", _("looked for other accounts")
        UNDO = "undo", _("decision reversed")
        UPHOLD = "uphold", _("upheld on appeal")
        CHANGE = "change", _("changed on appeal")
        REVERSE = "reverse", _("reversed on appeal")
        ANNOTATE = "annotate", _("note on an entry")

    at = models.DateTimeField(_("when"))
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("moderator")
    )
    act = models.CharField(_("act"), max_length=12, choices=Act)
    reason = models.TextField(_("reason"))
    thread = models.ForeignKey("posts.Thread", null=True, on_delete=models.PROTECT, related_name="log_entries")
    comment = models.ForeignKey("posts.Comment", null=True, on_delete=models.PROTECT, related_name="log_entries")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="log_entries", db_index=False
    )
    rules = models.ForeignKey("posts.Rules", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    rule = models.CharField(_("rule"), max_length=200, blank=True)
    before = models.JSONField(null=True)
    details = models.JSONField(null=True)
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    corrects = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("adds to")
    )
    is_confidential = models.BooleanField(default=False)

    objects = LogEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of the moderation log")
        verbose_name_plural = _("entries of the moderation log")
        indexes = [
            models.Index(fields=["act", "-id"], name="log_entry_act"),
            models.Index(fields=["person", "-id"], name="log_entry_person"),
            models.Index(fields=["at", "act"], name="log_entry_figures"),
            models.Index(fields=["-id"], condition=models.Q(is_confidential=False), name="log_entry_public"),
            models.Index(fields=["at"], condition=models.Q(is_confidential=True), name="log_entry_confidential"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="log_entry_has_reason"),
            models.CheckConstraint(
                condition=models.Q(thread__isnull=False)
                | models.Q(comment__isnull=False)
                | models.Q(person__isnull=False),
                name="log_entry_is_about_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_act_display()}"

    @property
    def is_automatic(self) -> bool:
        """Return whether the forum did this by itself, because of its settings."""
        return self.moderator_id is None

    @property
    def until(self) -> datetime | None:
        """Return when the sanction ends by itself, or None."""
        told = (self.details or {}).get("until")
        return told and datetime.fromisoformat(told)

    def is_over(self, person: "User") -> bool:
        """Return whether a suspension, ban or watch of `person` has expired, was ended or was replaced by another one.

        Returns False for all other actions.
        """
        if self.act not in (Act.SUSPEND, Act.BAN, Act.WATCH):
            return False
        if self.until is not None and self.until <= timezone.now():
            return True
        set_to = {field: now for field, (_was, now) in (self.before or {}).get("person", {}).items()}
        return any(now != as_noted(getattr(person, field)) for field, now in set_to.items())

    @property
    def is_appealable(self) -> bool:
        """Return whether the person concerned may appeal against this action."""
        return self.act in APPEALABLE

    @property
    def subject(self) -> "Comment | Thread | User":
        """Return the comment, thread or person that the entry is about."""
        subject = self.comment or self.thread or self.person
        assert subject is not None  # noqa: S101  (the constraint log_entry_is_about_something)
        return subject


def as_noted(value: Any) -> Any:
    """Return `value` as an entry stores it in JSON."""
    return value.isoformat() if isinstance(value, datetime) else value


Act = LogEntry.Act
APPEALABLE = {
    Act.REMOVE,
    Act.HOLD,
    Act.HIDE,
    Act.EDIT_OUT,
    Act.LOCK_BRANCH,
    Act.WARN,
    Act.WATCH,
    Act.SUSPEND,
    Act.BAN,
}
# Actions that the person concerned is also notified of by mail.
MAILED = APPEALABLE | {Act.VERIFY, Act.REFUSE, Act.REVOKE}
# Actions that the person concerned gets a statement about.
STATED = APPEALABLE | {
    Act.APPROVE,
    Act.RESTORE,
    Act.OPEN_BRANCH,
    Act.UNSUSPEND,
    Act.UNWATCH,
    Act.UNDO,
    Act.UPHOLD,
    Act.CHANGE,
    Act.REVERSE,
    Act.TRUST,
    Act.UNTRUST,
    Act.VERIFY,
    Act.REFUSE,
    Act.REVOKE,
}
