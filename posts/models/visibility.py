"""The query set of comments: which comments a viewer may see, and conditions on their state."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models
from django.db.models import F, Q

if TYPE_CHECKING:
    from accounts.models import User
    from posts.models.comment import Comment
    from posts.models.thread import Thread

PUBLISHED = Q(held_at=None, hidden_at=None, removed_at=None, deleted_at=None)
# Comments that only their author and moderators can read until they are reviewed.
WAITING = (Q(held_at__isnull=False) | Q(hidden_at__isnull=False)) & Q(removed_at=None, deleted_at=None)
# An author who sends the same text again within this time is asked to confirm it.
REPEATED_WITHIN = timedelta(minutes=5)


class CommentQuerySet(models.QuerySet["Comment"]):
    """Queries on comments."""

    def visible_to(self, viewer: "User | AnonymousUser") -> Self:
        """Return the comments that a page shows to `viewer`. This rule is defined only here.

        All viewers see published comments, and tombstones of comments with replies. Authors also see their own held and
        hidden comments. Moderators see every row.
        """
        if not viewer.is_authenticated:
            return self.filter(is_shown=True)
        if viewer.moderates:
            return self
        return self.filter(Q(is_shown=True) | Q(author=viewer, removed_at=None, deleted_at=None))

    def published_since(self, thread: "Thread", moment: datetime) -> Self:
        """Return the comments of `thread` that were published after `moment`, in the order of publication.

        Uses a range of the index `comment_published`.
        """
        return self.filter(PUBLISHED, thread=thread, depth__gt=0, published_at__gt=moment).order_by("published_at")

    def for_display(self) -> Self:
        """Return the comments with what a page shows of each. Of the author, only the name is loaded."""
        named = self.annotate(author_name=F("author__display_name"))
        return named.select_related("verification").defer("source", "renderer", "key")

    def matching(self, words: str) -> Self:
        """Return the comments whose text contains all of `words`, except deleted ones.

        Uses the index `comment_words`.
        """
        vector = SearchVector("source", config="simple")
        return self.alias(words=vector).filter(words=SearchQuery(words, config="simple"), deleted_at=None)

    def said_lately(self, source: str, at: datetime) -> "Comment | None":
        """Return one of these comments with exactly this text, written within REPEATED_WITHIN before `at`, or None.

        Call it on the comments of one person. Only the latest 20 are compared, by an index.
        """
        latest = self.order_by("-id")[:20].values("pk")
        return (
            self.model.objects.filter(
                pk__in=latest, source=source, created_at__gt=at - REPEATED_WITHIN, deleted_at=None, removed_at=None
            )
            .select_related("thread")
            .first()
        )
