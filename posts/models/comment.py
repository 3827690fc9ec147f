"""A comment: a text in the tree of a thread, by somebody, in one of five states."""

import hashlib
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Length
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forum import markup
from posts.models import path as models_path
from posts.models.visibility import PUBLISHED, WAITING, CommentQuerySet

GRACE = timedelta(minutes=5)
# Told as “for a minute”: the page with the button has to arrive and be read first.
UNDO_FOR = timedelta(seconds=75)
# from so many people on they are called many
MANY = 10
# Characters. Constants and no settings: the database's own check holds the same numbers, written down by a migration.
COMMENT_MAX_LENGTH = markup.COMMENT.length
OPENING_MAX_LENGTH = markup.OPENING.length


def mark_of(source):
    """What tells one text from another: a change says with it which text it began from."""
    return hashlib.sha256(source.encode()).hexdigest()[:40]


class Comment(models.Model):
    """A text in a thread's tree. `write` is the only setter of `source` and `html`; `path` never changes.

    State is told by four timestamps: published when all are empty, otherwise the strongest of deleted (by its author),
    removed (by a moderator), hidden (until reviewed), held (before it was ever seen). `reply_count` counts the direct
    replies that a page shows, tombstones included, `below_count` those of the whole branch; `is_shown` follows from
    state and replies. `published_at` is when readers could first see it; in a thread no two moments are the same and
    they rise in the order of commits, so that nothing slips in behind a reader's back. `helpful_count` counts the
    people it helped. `question` is the one that this comment's branch answers. `key` is the one-time key of the form
    it came from. `is_guest`: by somebody without an account, under a name of their own (`byline`). `locked_at`: nobody
    may reply to it or to anything below it.
    """

    class Standpoint(models.TextChoices):
        UNSAID = "", _("I’d rather not say")
        CLINICIAN = "clinician", _("Clinician")
        PATIENT = "patient", _("Patient or former patient")
        BOTH = "both", _("Both")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        PUBLISHED = "published", _("published")
        HELD = "held", _("held for review")
        HIDDEN = "hidden", _("hidden until reviewed")
        REMOVED = "removed", _("removed by a moderator")
        DELETED = "deleted", _("deleted by its author")

    thread = models.ForeignKey("posts.Thread", on_delete=models.PROTECT, related_name="comments")
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="replies",
        editable=False,
        db_index=False,
    )
    path = models.TextField(db_collation="C", unique=True, editable=False)
    depth = models.PositiveSmallIntegerField(editable=False)
    question = models.ForeignKey(
        "posts.Question",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="comments",
        db_index=False,
        verbose_name=_("author"),
    )
    byline = models.CharField(_("name shown"), max_length=80, blank=True)
    standpoint = models.CharField(_("standpoint"), max_length=10, choices=Standpoint, blank=True, default="")
    verification = models.ForeignKey(
        "accounts.Verification",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,
    )
    is_guest = models.BooleanField(_("guest"), default=False, editable=False)
    is_sample = models.BooleanField(_("sample"), default=False, editable=False)
    source = models.TextField(_("text"))
    html = models.TextField(editable=False)
    renderer = models.PositiveSmallIntegerField(editable=False)
    key = models.CharField(max_length=40, null=True, blank=True, editable=False)  # noqa: DJ001
    created_at = models.DateTimeField(_("written"), editable=False)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True, editable=False)
    held_at = models.DateTimeField(_("held"), null=True, blank=True, editable=False)
    hidden_at = models.DateTimeField(_("hidden"), null=True, blank=True, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)
    locked_at = models.DateTimeField(_("branch locked"), null=True, blank=True, editable=False)
    reply_count = models.PositiveIntegerField(default=0, editable=False)
    below_count = models.PositiveIntegerField(default=0, editable=False)
    helpful_count = models.PositiveIntegerField(default=0, editable=False)
    is_shown = models.GeneratedField(
        expression=PUBLISHED | Q(reply_count__gt=0), output_field=models.BooleanField(), db_persist=True
    )

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        permissions = [("moderate_comment", _("Can moderate: comments, threads and people"))]
        constraints = [
            models.UniqueConstraint(fields=["thread"], condition=Q(parent=None), name="comment_one_opening_per_thread"),
            models.UniqueConstraint(fields=["author", "key"], name="comment_key_unique_per_author"),
            models.UniqueConstraint(fields=["key"], condition=Q(author=None), name="comment_key_unique_among_guests"),
            models.CheckConstraint(condition=Q(is_guest=False) | Q(author=None), name="comment_guest_has_no_account"),
            models.CheckConstraint(
                condition=Q(parent=None, depth=0) | Q(parent__isnull=False, depth__gt=0),
                name="comment_depth_of_opening",
            ),
            models.CheckConstraint(
                condition=Q(depth=Length("path") / models_path.WIDTH - 1), name="comment_path_as_long_as_deep"
            ),
            models.CheckConstraint(condition=Q(author__isnull=False) | ~Q(byline=""), name="comment_by_somebody"),
            models.CheckConstraint(
                condition=Q(LessThanOrEqual(Length("source"), OPENING_MAX_LENGTH))
                & (Q(depth=0) | Q(LessThanOrEqual(Length("source"), COMMENT_MAX_LENGTH))),
                name="comment_not_too_long",
            ),
            models.CheckConstraint(
                condition=~PUBLISHED | Q(published_at__isnull=False), name="comment_published_has_moment"
            ),
            models.CheckConstraint(condition=Q(below_count__gte=F("reply_count")), name="comment_branch_holds_replies"),
            models.CheckConstraint(
                condition=Q(verification=None) | Q(standpoint__in=("clinician", "both")),
                name="comment_verified_only_as_clinician",
            ),
        ]
        indexes = [
            # the replies of one comment, in each order: all of them for the database's own checks, and those shown
            models.Index(fields=["parent", "id"], name="comment_replies"),
            models.Index(fields=["parent", "id"], name="comment_oldest", condition=Q(is_shown=True)),
            models.Index("parent", -F("helpful_count"), "id", name="comment_helpful", condition=Q(is_shown=True)),
            # the same under the tab of a question
            models.Index(
                "parent",
                Coalesce("question", 0),
                "id",
                name="comment_answer_oldest",
                condition=Q(is_shown=True, depth=1),
            ),
            models.Index(
                "parent",
                Coalesce("question", 0),
                -F("helpful_count"),
                "id",
                name="comment_answer_helpful",
                condition=Q(is_shown=True, depth=1),
            ),
            models.Index(
                fields=["thread", "published_at"], name="comment_published", condition=PUBLISHED & Q(depth__gt=0)
            ),
            models.Index(fields=["thread", "author"], name="comment_waiting", condition=WAITING),
            models.Index(fields=["author", "-id"], name="comment_author_latest"),
            models.Index(fields=["-id"], name="comment_held", condition=Q(held_at__isnull=False)),
            models.Index(fields=["-id"], name="comment_hidden", condition=Q(hidden_at__isnull=False)),
            models.Index(fields=["-id"], name="comment_removed", condition=Q(removed_at__isnull=False)),
            models.Index(fields=["-id"], name="comment_deleted", condition=Q(deleted_at__isnull=False)),
            GinIndex(SearchVector("source", config="simple"), name="comment_words"),
        ]

    def __str__(self):
        """Without its text, which may be masked."""
        return _("%(name)s, comment %(n)s") % {"name": self.shown_author, "n": self.pk}

    def get_absolute_url(self):
        """The permalink: it finds the comment wherever paging puts it. Built by hand, as Thread's."""
        return f"/c/{self.pk}/"

    def write(self, source, html=None):
        """Sets the text and the HTML made from it; the caller saves. Raises markup.TooComplex.

        `html` is what markup.render made of this source already, for a verb that renders before it locks.
        """
        self.source = source
        self.html = markup.render(source, self.limits) if html is None else html
        self.renderer = markup.VERSION

    @property
    def fingerprint(self):
        """Tells this text from others: a form says by it which text its changes began with."""
        return mark_of(self.source)

    @property
    def limits(self):
        """How much its text may be: an opening post, which answers nothing, more than a comment."""
        return markup.OPENING if self.parent_id is None else markup.COMMENT

    @property
    def shown_author(self):
        """The name readers see; no query where `for_display` brought it."""
        return self.byline or getattr(self, "author_name", None) or self.author.display_name

    @property
    def state(self):
        """One of State: the strongest that holds."""
        if self.is_published:
            return self.State.PUBLISHED
        if self.deleted_at is not None:
            return self.State.DELETED
        if self.removed_at is not None:
            return self.State.REMOVED
        return self.State.HELD if self.hidden_at is None else self.State.HIDDEN

    @property
    def is_published(self):
        """Everybody may read its text."""
        return self.deleted_at is None and self.removed_at is None and self.hidden_at is None and self.held_at is None

    @property
    def public_name(self):
        """The name that everybody may read: none where the text is gone."""
        return self.shown_author if self.is_published else ""

    @property
    def helped(self):
        """How many people it helped, in words: nobody counts other people's distress here."""
        if self.helpful_count == 0:
            return ""
        if self.helpful_count == 1:
            return _("helped a reader")
        return _("helped several readers") if self.helpful_count < MANY else _("helped many readers")

    @property
    def is_readable(self):
        """Published, in a thread that everybody can read."""
        return self.is_published and self.thread.withdrawn_at is None

    @property
    def is_answer(self):
        """Answers one of the thread's questions itself, rather than lying below an answer."""
        return self.depth == 1 and self.question_id is not None

    def has_text_for(self, viewer):
        """May `viewer` read the text? Others are shown a tombstone."""
        if self.is_published:
            return True
        if not viewer.is_authenticated:
            return False
        return viewer.moderates or (self.author_id == viewer.pk and self.state in (self.State.HELD, self.State.HIDDEN))

    def is_known_to(self, viewer):
        """What `visible_to` says of many rows, of this one."""
        return self.is_published or self.reply_count > 0 or self.has_text_for(viewer)

    def accepts_replies(self):
        """Readable by everybody, in a thread that is not locked."""
        return self.is_readable and not self.thread.is_locked

    def is_editable_by(self, user):
        """Its author may change it while it is neither removed nor deleted, the thread is open and they may write."""
        return (
            user.is_authenticated
            and self.author_id == user.pk
            and user.is_active
            and not user.is_suspended
            and self.state not in (self.State.REMOVED, self.State.DELETED)
            and not self.thread.is_locked
            and (self.thread.withdrawn_at is None or self.depth == 0)
        )

    def is_deletable_by(self, user):
        """Its author may delete it at any time, even in a locked thread or while suspended: the words are theirs."""
        return (
            user.is_authenticated
            and self.author_id == user.pk
            and self.state not in (self.State.REMOVED, self.State.DELETED)
        )

    def is_undeletable_by(self, user, at):
        """Its author deleted it a moment ago and may take that back; what a moderator did to it stays done."""
        return self.author_id == user.pk and self.deleted_at is not None and at - self.deleted_at <= UNDO_FOR

    def is_within_grace(self, at):
        """So fresh that a change leaves no mark."""
        return at - self.created_at <= GRACE

    @property
    def is_verification_in_force(self):
        """The author's verification at writing still holds today; it counts by days, as kept pages do."""
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        return self.verification is not None and self.verification.is_in_force(today)
