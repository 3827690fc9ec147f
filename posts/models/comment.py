"""Comments: texts in the tree of a thread, each in one of five states."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q
from django.db.models.base import ModelState
from django.db.models.functions import Coalesce, Length
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from forum import markup
from posts.models import path as models_path
from posts.models.visibility import PUBLISHED, WAITING, CommentQuerySet

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.models import User

EDIT_GRACE = timedelta(minutes=5)
# The page says “for a minute”. The rest is time to load the page with the button and to read it.
UNDO_FOR = timedelta(seconds=75)
# From this number on, the page says “many readers”.
MANY = 10
# Characters. These are constants and not settings because a migration writes the numbers into a database constraint.
COMMENT_MAX_LENGTH = markup.COMMENT.length
OPENING_MAX_LENGTH = markup.OPENING.length


def mark_of(source: str) -> str:
    """Return a fingerprint of the text `source`, at most 40 characters long.

    An edit form sends the fingerprint of the text that it started from.
    """
    return hashlib.sha256(source.encode()).hexdigest()[:40]


def helped_in_words(number: int) -> str:
    """Return in words that a comment helped `number` people, without an exact number."""
    if number == 0:
        return ""
    if number == 1:
        return gettext("helped a reader")
    return gettext("helped several readers") if number < MANY else gettext("helped many readers")


def standpoint_in_words(standpoint: str, *, is_verified: bool) -> "StrOrPromise":
    """Return how a page shows a standpoint. A verified clinician has a badge instead, which says more."""
    if standpoint == Comment.Standpoint.CLINICIAN:
        return "" if is_verified else _("Clinician (not verified)")
    if standpoint == Comment.Standpoint.BOTH:
        return _("Patient, too") if is_verified else _("Clinician and patient (not verified)")
    return Comment.Standpoint(standpoint).label if standpoint else ""


class Comment(models.Model):
    """A text in the tree of a thread.

    Set `source` and `html` only with `write`. `path` never changes.

    Four timestamps give the state. The comment is published if all of them are empty. Otherwise the first that is set
    in this order gives the state: deleted (by the author), removed (by a moderator), hidden (until it is reviewed),
    held (before readers ever saw it).

    - `reply_count`: the direct replies that a page shows, including tombstones. `below_count`: the same for the whole
      branch. `is_shown` follows from the state and `reply_count`.
    - `published_at`: when readers could see the comment for the first time. Within a thread these times are unique and
      rise in the order of commits, so that a reader who asks for later comments misses none.
    - `helpful_count`: how many people marked the comment as helpful.
    - `question`: the question that the branch of the comment answers.
    - `key`: the one-time key of the form that the comment was sent with.
    - `is_guest`: written without an account, under the name in `byline`.
    - `locked_at`: if set, replies to the comment and to everything below it are refused.
    """

    class Standpoint(models.TextChoices):
        UNSAID = "", _("Prefer not to say")
        CLINICIAN = "clinician", _("Clinician")
        PATIENT = "patient", _("Patient or former patient")
        BOTH = "both", _("Clinician and patient")
        OTHER = "other", _("Neither")

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
        expression=PUBLISHED | Q(reply_count__gt=0),  # type: ignore[arg-type]  # the stub lacks Q, which Django accepts
        output_field=models.BooleanField(),
        db_persist=True,
    )

    # set by posts.reading, where only the first words are shown
    excerpt: str
    # set by the pages of posts.moderation.admin
    is_masked: bool
    words: str
    mark: str

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
            # The replies of one comment in each order. The first index has all replies and serves foreign key checks.
            # The others have only those shown.
            models.Index(fields=["parent", "id"], name="comment_replies"),
            models.Index(fields=["parent", "id"], name="comment_oldest", condition=Q(is_shown=True)),
            models.Index("parent", -F("helpful_count"), "id", name="comment_helpful", condition=Q(is_shown=True)),
            # The same for the tab of a question.
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

    def __str__(self) -> str:
        """Return the author's name and the id, without the text, which may be masked."""
        return _("%(name)s, comment %(n)s") % {"name": self.shown_author, "n": self.pk}

    def get_absolute_url(self) -> str:
        """Return the permalink, which redirects to the page that shows the comment.

        Not made with `reverse`, which is too slow for pages with hundreds of links.
        """
        return f"/c/{self.pk}/"

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Self:
        """Return the comment of a row, without the checks of `__init__`, which double the time to load a page."""
        loaded = cls.__new__(cls)
        loaded._state = ModelState()
        loaded._state.adding, loaded._state.db = False, db
        vars(loaded).update(zip(field_names, values, strict=True))
        return loaded

    def write(self, source: str, html: str | None = None) -> None:
        """Set the text and the HTML made from it, without saving.

        `html` is the result of markup.render for `source`, if the caller rendered it before locking. Raises
        markup.TooComplex.
        """
        self.source = source
        self.html = markup.render(source, self.limits) if html is None else html
        self.renderer = markup.VERSION

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the text, by which an edit form names the text that it started from."""
        return mark_of(self.source)

    @property
    def limits(self) -> markup.Limits:
        """Return the limits of the text: those of an opening post or those of a comment."""
        return markup.OPENING if self.parent_id is None else markup.COMMENT

    @property
    def shown_author(self) -> str:
        """Return the name that readers see.

        Makes no query if the comment was loaded with `for_display`.
        """
        if name := self.byline or getattr(self, "author_name", None):
            return name
        assert self.author is not None  # noqa: S101  (the constraint comment_by_somebody)
        return self.author.display_name

    @property
    def shown_standpoint(self) -> "StrOrPromise":
        """Return the standpoint that readers see, or "" if there is none."""
        return standpoint_in_words(self.standpoint, is_verified=self.verification_id is not None)

    @property
    def state(self) -> "Comment.State":
        """Return the state, a value of State."""
        if self.is_published:
            return self.State.PUBLISHED
        if self.deleted_at is not None:
            return self.State.DELETED
        if self.removed_at is not None:
            return self.State.REMOVED
        return self.State.HELD if self.hidden_at is None else self.State.HIDDEN

    @property
    def is_published(self) -> bool:
        """Return whether the comment is neither held, hidden, removed nor deleted."""
        return self.deleted_at is None and self.removed_at is None and self.hidden_at is None and self.held_at is None

    @property
    def public_name(self) -> str:
        """Return the author's name if the comment is published, otherwise an empty string."""
        return self.shown_author if self.is_published else ""

    @property
    def helped(self) -> str:
        """Return in words how many people the comment helped."""
        return helped_in_words(self.helpful_count)

    def thread_title(self, is_masked: bool) -> str:
        """Return the title of the thread, or only its number for an opening post that `is_masked`.

        The title is a part of the opening post.
        """
        if self.parent_id is None and is_masked:
            return gettext("Thread %(number)d") % {"number": self.thread_id}
        return self.thread.title

    @property
    def is_readable(self) -> bool:
        """Return whether the comment is published and its thread is not withdrawn."""
        return self.is_published and self.thread.withdrawn_at is None

    @property
    def is_answer(self) -> bool:
        """Return whether the comment itself answers a question of the thread, not only a comment further up."""
        return self.depth == 1 and self.question_id is not None

    @property
    def is_by_clinician(self) -> bool:
        """Return whether the comment was written as a clinician, verified or not."""
        return self.standpoint in (self.Standpoint.CLINICIAN, self.Standpoint.BOTH)

    def has_text_for(self, viewer: "User | AnonymousUser") -> bool:
        """Return whether `viewer` may read the text. Other viewers see a tombstone."""
        if self.is_published:
            return True
        if not viewer.is_authenticated:
            return False
        return viewer.moderates or (self.author_id == viewer.pk and self.state in (self.State.HELD, self.State.HIDDEN))

    def is_known_to(self, viewer: "User | AnonymousUser") -> bool:
        """Return whether `viewer` sees the comment at all. CommentQuerySet.visible_to is the same rule for queries."""
        return self.is_published or self.reply_count > 0 or self.has_text_for(viewer)

    def accepts_replies(self) -> bool:
        """Return whether the comment is readable and its thread is not locked."""
        return self.is_readable and not self.thread.is_locked

    def is_editable_by(self, user: "User | AnonymousUser") -> bool:
        """Return whether `user` may change the text.

        Only the author may, while the account is active and not suspended, the comment is neither removed nor deleted,
        and the thread is neither locked nor withdrawn. The opening post of a withdrawn thread may be changed.
        """
        return (
            user.is_authenticated
            and self.author_id == user.pk
            and user.is_active
            and not user.is_suspended
            and self.state not in (self.State.REMOVED, self.State.DELETED)
            and not self.thread.is_locked
            and (self.thread.withdrawn_at is None or self.depth == 0)
        )

    def is_deletable_by(self, user: "User | AnonymousUser") -> bool:
        """Return whether `user` may delete the comment.

        The author may do so at any time, even in a locked thread or while suspended.
        """
        return (
            user.is_authenticated
            and self.author_id == user.pk
            and self.state not in (self.State.REMOVED, self.State.DELETED)
        )

    def is_undeletable_by(self, user: "User | AnonymousUser", at: datetime) -> bool:
        """Return whether `user` deleted the comment at most UNDO_FOR before `at` and so may undo that.

        Undoing a deletion does not change what a moderator did to the comment.
        """
        return self.author_id == user.pk and self.deleted_at is not None and at - self.deleted_at <= UNDO_FOR

    def is_within_grace(self, at: datetime) -> bool:
        """Return whether an edit at the time `at` leaves no mark and no revision."""
        return at - self.created_at <= EDIT_GRACE

    @property
    def is_verification_in_force(self) -> bool:
        """Return whether the verification that the author had when writing is still valid today.

        Counts whole days, because the page cache also keeps pages for a day.
        """
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        return self.verification is not None and self.verification.is_in_force(today)
