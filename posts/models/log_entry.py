"""The moderation log: who did what to whom or what, when, and why. The database itself keeps it from being changed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Count
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class LogEntryQuerySet(models.QuerySet):
    """Questions about many entries."""

    def sanctions_with(self, *entries):
        """What was decided about the authors together with these entries about comments; by the index of the person."""
        people = {entry.person_id for entry in entries if entry.person_id}
        if not people:
            return self.none()
        first, pks = min(entry.pk for entry in entries), [entry.pk for entry in entries]
        return self.filter(person__in=people, id__gt=first, details__decision__in=pks).order_by("id")

    def confidential_by_month(self):
        """[(month, how many confidential decisions there were)] of the last year, the latest first."""
        since = timezone.now() - timedelta(days=365)
        rows = self.filter(is_confidential=True, at__gte=since).annotate(month=TruncMonth("at")).values("month")
        return list(rows.annotate(number=Count("id")).order_by("-month").values_list("month", "number"))


class LogEntry(models.Model):
    """One act of a moderator, or of the forum itself by its settings, when `moderator` is None.

    A trigger (migration 0002) refuses to update, delete or truncate entries. An entry about a comment or a person is
    the statement that they may read: `rules` and `rule` say which rule it rests on, `before` what the act changed (so
    that it can be undone), `details` what it set. `undoes` is the entry it takes back; each is taken back once.
    What is wrong in an entry stays, and another one `corrects` it. `is_confidential`: the public log tells only how
    many of these there were in a month.
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
        UNDO = "undo", _("decision taken back")
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

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_act_display()}"

    @property
    def is_automatic(self):
        """Done by the forum itself, by its settings."""
        return self.moderator_id is None

    @property
    def until(self):
        """When what it set ends by itself, or None."""
        told = (self.details or {}).get("until")
        return told and datetime.fromisoformat(told)

    def is_over(self, person):
        """Of a suspension, a ban or a watch of `person`, as they are now: its time is over, it was ended, or another
        one came."""
        if self.act not in (Act.SUSPEND, Act.BAN, Act.WATCH):
            return False
        if self.until is not None and self.until <= timezone.now():
            return True
        set_to = {field: now for field, (_was, now) in (self.before or {}).get("person", {}).items()}
        return any(now != as_noted(getattr(person, field)) for field, now in set_to.items())

    @property
    def is_appealable(self):
        """An act against somebody, about which they may appeal."""
        return self.act in APPEALABLE

    @property
    def subject(self):
        """What the entry is about."""
        return self.comment or self.thread or self.person


def as_noted(value):
    """`value` as an entry notes it in JSON."""
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
# what whom it concerns is told of by mail, too
MAILED = APPEALABLE | {Act.VERIFY, Act.REFUSE, Act.REVOKE}
# what the person concerned is told of
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
