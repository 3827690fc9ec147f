"""Threads: a title, an opening post, questions, and the comments below."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from posts.models.comment import Comment
from posts.models.question import Question
from posts.models.reading import Reading

if TYPE_CHECKING:
    from accounts.models import User

# Columns of the viewer's Reading that `for_reading` loads.
READING = ["id", "person_id", "new_since", "seen_until", "seen_at", "visits", "folded"]
# Columns that `for_reading` loads of the comment at the top of a branch page: its position and state, not its text.
TOP = [
    "id",
    "path",
    "depth",
    "author_id",
    "reply_count",
    "held_at",
    "hidden_at",
    "removed_at",
    "deleted_at",
]
FOR_READING = f"""
SELECT t.*, (SELECT c.id FROM posts_comment c WHERE c.thread_id = t.id AND c.parent_id IS NULL) AS opening_pk,
    (SELECT true FROM posts_comment c WHERE c.thread_id = t.id AND c.parent_id IS NULL AND c.author_id = %(viewer)s
        AND c.removed_at IS NULL AND c.deleted_at IS NULL) AS is_own_and_waits,
    (SELECT json_agg(q ORDER BY q.position) FROM posts_question q WHERE q.thread_id = t.id) AS asked,
    (SELECT json_build_object({", ".join(f"'{name}', c.{name}" for name in TOP)})
     FROM posts_comment c WHERE c.id = %(top)s) AS top_row,
    {", ".join(f"r.{name} AS read_{name}" for name in READING)}
FROM posts_thread t LEFT JOIN posts_reading r ON r.thread_id = t.id AND r.person_id = %(viewer)s
WHERE t.id = coalesce(%(pk)s, (SELECT c.thread_id FROM posts_comment c WHERE c.id = %(top)s))
"""  # noqa: S608 (no part of it is user input)

# Helpful marks made within MARKS_GATHERED change a thread's cached pages once, MARKS_SETTLE after the end of that time.
MARKS_GATHERED, MARKS_SETTLE = timedelta(seconds=5), timedelta(seconds=1)


class ThreadQuerySet(models.QuerySet["Thread"]):
    """Queries on threads."""

    def visible_to(self, viewer: "User | AnonymousUser") -> Self:
        """Return the threads that `viewer` may read. Only moderators may read withdrawn threads."""
        if viewer.is_authenticated and viewer.moderates:
            return self
        return self.filter(withdrawn_at=None)

    def for_reading(
        self, viewer: "User | AnonymousUser", pk: int | None = None, top: int | None = None
    ) -> "Thread | None":
        """Return the thread `pk`, or the thread of the comment `top`, if `viewer` may read it, otherwise None.

        One query also loads the questions, the id of the opening post, the viewer's Reading, and the position and state
        of `top`. A withdrawn thread is returned to moderators, and to its author unless the opening post was removed or
        deleted.

        This is written in SQL because every page needs it, and building the query with the ORM takes longer than
        running it.
        """
        found = next(iter(self.raw(FOR_READING, {"pk": pk, "top": top, "viewer": viewer.pk})), None)
        if found is None or found.withdrawn_at is None or found.is_own_and_waits:
            return found
        return found if viewer.is_authenticated and viewer.moderates else None

    def pinned(self) -> Self:
        """Return the pinned threads, the most recently pinned first."""
        return self.filter(pinned_at__isnull=False).order_by("-pinned_at", "-id")

    def matching(self, words: str) -> Self:
        """Return the threads whose title contains all of `words`. Uses the index `thread_words`."""
        vector = SearchVector("title", config="simple")
        return self.alias(words=vector).filter(words=SearchQuery(words, config="simple"))

    def latest_first(self) -> Self:
        """Return the threads that are not pinned, the latest activity first.

        The index `thread_latest` gives this order.
        """
        return self.filter(pinned_at=None).order_by("-last_activity_at", "-id")


class Thread(models.Model):
    """A conversation. Its opening post is the only Comment of depth 0 (`opening`).

    All times are in UTC. Each state is a timestamp. The moderation log has who set it and why.

    - `version` is raised by every change that readers can see.
    - `planting_key` identifies a thread that a management command created.
    - `comment_count` is the number of published comments below the opening post, `clinician_count` the number of those
      that were written as a clinician.
    - `marks_due_at`: helpful marks do not raise the version. They are collected until this time.
    - `marks_shown_at`: when the marks collected before became visible (see `drawn_version`).
    """

    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(_("slug"), max_length=80, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="threads",
        verbose_name=_("started by"),
    )
    source_url = models.URLField(_("first published at"), max_length=500, blank=True)
    source_date = models.DateField(_("first published on"), null=True, blank=True)
    planting_key = models.CharField(max_length=60, null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("started"), editable=False)
    last_activity_at = models.DateTimeField(_("last activity"), editable=False)
    pinned_at = models.DateTimeField(_("pinned"), null=True, blank=True, editable=False)
    locked_at = models.DateTimeField(_("locked"), null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)
    comment_count = models.PositiveIntegerField(_("comments"), default=0, editable=False)
    clinician_count = models.PositiveIntegerField(_("comments by clinicians"), default=0, editable=False)
    version = models.PositiveBigIntegerField(default=0, editable=False)
    marks_shown_at = models.DateTimeField(null=True, editable=False)
    marks_due_at = models.DateTimeField(null=True, editable=False)

    objects = ThreadQuerySet.as_manager()

    # Only `for_reading` sets these: the id of the opening post, whether the viewer wrote it and it is neither removed
    # nor deleted, and the columns TOP of the comment at the top of the page.
    opening_pk: int
    is_own_and_waits: bool | None
    top_row: dict[str, Any] | None

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="thread_has_title"),
            models.CheckConstraint(
                condition=Q(last_activity_at__gte=models.F("created_at")), name="thread_activity_not_before_start"
            ),
        ]
        indexes = [
            models.Index(fields=["-last_activity_at", "-id"], condition=Q(pinned_at=None), name="thread_latest"),
            models.Index(fields=["-id"], condition=Q(locked_at__isnull=False), name="thread_locked"),
            models.Index(fields=["-id"], condition=Q(withdrawn_at__isnull=False), name="thread_withdrawn"),
            GinIndex(SearchVector("title", config="simple"), name="thread_words"),
            models.Index(fields=["-pinned_at", "-id"], condition=Q(pinned_at__isnull=False), name="thread_pinned"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the address of the thread's page.

        Not made with `reverse`, which would take a fifth of the time of a page with hundreds of links.
        """
        return f"/t/{self.pk}/{self.slug}/" if self.slug else f"/t/{self.pk}/"

    def drawn_version(self, at: datetime) -> tuple[int, datetime | None]:
        """Return a value that changes whenever the rendered thread changes, as a cache key at the time `at`.

        Helpful marks that arrive within MARKS_GATHERED change it once. By MARKS_SETTLE after the end of that time, all
        transactions of these marks have ended.
        """
        are_shown = self.marks_due_at is not None and self.marks_due_at + MARKS_SETTLE <= at
        return self.version, self.marks_due_at if are_shown else self.marks_shown_at

    @property
    def reading(self) -> Reading | None:
        """Return the Reading that `for_reading` loaded, or None."""
        if getattr(self, "read_id", None) is None:
            return None
        return Reading(thread=self, **{name: getattr(self, f"read_{name}") for name in READING})

    @cached_property
    def top(self) -> Comment | None:
        """Return the comment that `for_reading` loaded as `top`, with only its position and state, or None."""
        return None if self.top_row is None else Comment(thread=self, **self.top_row)

    @property
    def opening(self) -> Comment:
        """Return the opening post. Makes one query at the first access."""
        if not hasattr(self, "_opening"):
            self._opening = self.comments.select_related("author", "verification").get(parent=None)
        return self._opening

    @cached_property
    def asks(self) -> list[Question]:
        """Return the questions in order. Makes no query if `for_reading` loaded them."""
        if hasattr(self, "asked"):
            questions = [Question(**row) for row in self.asked or ()]
        else:
            questions = list(self.questions.all())
        for question in questions:
            question.thread = self
        return questions

    def title_for(self, person: AbstractBaseUser | None) -> str:
        """Return the title, or "" if the thread is withdrawn and `person` did not start it.

        `person` is None for a reader without an account.
        """
        is_own = person is not None and self.author_id == person.pk
        return self.title if self.withdrawn_at is None or is_own else ""

    @property
    def is_locked(self) -> bool:
        """Return whether new comments and edits are refused."""
        return self.locked_at is not None

    @property
    def conversation_count(self) -> int:
        """Return the number of published comments in branches that answer none of the questions."""
        return self.comment_count - sum(question.comment_count for question in self.asks)

    def name(self, title: str) -> None:
        """Set the title and the slug made from it, without saving."""
        self.title = title
        self.slug = slugify(title)[:80].rstrip("-")
