"""The moderation log: who did what, when and why. A database trigger prevents changes of entries."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from posts.models.before_image import BeforeImage

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.models import User
    from posts.models.comment import Comment
    from posts.models.thread import Thread


def decided_by(moderator: "User") -> Q:
    """Return the condition on entries that `moderator` decided, or flagged the comment that the forum then hid."""
    from posts.models.flag import Flag

    flags = Flag.objects.filter(comment=OuterRef("comment"), person=moderator)
    return Q(moderator=moderator) | Q(Exists(flags.exclude(decided_at__lt=OuterRef("at"))), moderator=None)


class LogEntryQuerySet(models.QuerySet["LogEntry"]):
    """Queries on log entries."""

    def sanctions_with(self, *entries: "LogEntry") -> Self:
        """Return the sanctions against the authors that were part of these `entries` about comments, oldest first."""
        return self.filter(part_of__in=entries, act__in=SANCTIONING).order_by("id")

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
    the rule it is based on. `before` is the state before the action, a stored BeforeImage. `until` is when a sanction
    ends by itself. `part_of` is the decision that a sanction came with, or the answer to an appeal that this entry is a
    part of. `undoes` is the entry that this one undoes. An entry can be undone only once. The public log shows only the
    number of `is_confidential` entries per month.
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
        REOPEN = "reopen", _("decision reversed, to be decided again")
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
    until = models.DateTimeField(_("until"), null=True)
    part_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="parts")
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    corrects = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("adds to")
    )
    is_confidential = models.BooleanField(default=False)

    # set for templates by posts.moderation.views.statements and posts.moderation.admin.record
    said: "StrOrPromise"
    over: bool
    address: str
    thread_title: str
    earlier: "LogEntry | None"
    may_be_undone: bool

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
    def before_image(self) -> BeforeImage:
        """Return the state before the action; it is empty if the action changed nothing that an undo restores."""
        return BeforeImage.from_json(self.before) if self.before else BeforeImage()

    @property
    def is_undoable(self) -> bool:
        """Return whether this is an action of a kind that can be undone."""
        return self.act in UNDOABLE

    @property
    def is_sanction(self) -> bool:
        """Return whether this warned, watched, suspended or banned a person."""
        return self.act in SANCTIONING

    @property
    def is_about_person(self) -> bool:
        """Return whether this changed what a person may do, and not a comment or a thread."""
        return self.act in ABOUT_PERSON

    def is_over(self, person: "User") -> bool:
        """Return whether a suspension, ban or watch of `person` has expired, was ended or was replaced by another one.

        Returns False for all other actions.
        """
        if self.until is not None and self.until <= timezone.now():
            return True
        if self.act in (Act.SUSPEND, Act.BAN):
            return person.suspended_at != self.at
        return self.act == Act.WATCH and person.watched_at != self.at

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


Act = LogEntry.Act
SANCTIONING = {Act.WARN, Act.WATCH, Act.SUSPEND, Act.BAN}
ABOUT_PERSON = SANCTIONING | {Act.UNWATCH, Act.UNSUSPEND, Act.TRUST, Act.UNTRUST}
UNDOABLE = ABOUT_PERSON | {
    Act.HOLD,
    Act.HIDE,
    Act.APPROVE,
    Act.KEEP,
    Act.REMOVE,
    Act.RESTORE,
    Act.EDIT_OUT,
    Act.LOCK_BRANCH,
    Act.OPEN_BRANCH,
    Act.LOCK,
    Act.UNLOCK,
    Act.PIN,
    Act.UNPIN,
}
APPEALABLE = SANCTIONING | {
    Act.REMOVE,
    Act.HOLD,
    Act.HIDE,
    Act.EDIT_OUT,
    Act.LOCK_BRANCH,
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
    Act.REOPEN,
    Act.UPHOLD,
    Act.CHANGE,
    Act.REVERSE,
    Act.TRUST,
    Act.UNTRUST,
    Act.VERIFY,
    Act.REFUSE,
    Act.REVOKE,
}
