"""Questions about many comments."""

from datetime import timedelta

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models
from django.db.models import F, Q

PUBLISHED = Q(held_at=None, hidden_at=None, removed_at=None, deleted_at=None)
# What its author still sees and everybody else does not yet, or not now.
WAITING = (Q(held_at__isnull=False) | Q(hidden_at__isnull=False)) & Q(removed_at=None, deleted_at=None)
# The same text of the same person again is asked about for so long.
REPEATED_WITHIN = timedelta(minutes=5)


class CommentQuerySet(models.QuerySet):
    """Questions about many comments."""

    def visible_to(self, viewer):
        """The comments a page shows to `viewer` (a user, possibly anonymous): the one place that knows.

        Everybody sees what is published, and a tombstone where replies hang. Authors also see their own comments that
        are held or hidden. Moderators see every row.
        """
        if not viewer.is_authenticated:
            return self.filter(is_shown=True)
        if viewer.moderates:
            return self
        return self.filter(Q(is_shown=True) | Q(author=viewer, removed_at=None, deleted_at=None))

    def published_since(self, thread, moment):
        """Comments of `thread` that readers can see since `moment`, in the order they appeared; an index range."""
        return self.filter(PUBLISHED, thread=thread, depth__gt=0, published_at__gt=moment).order_by("published_at")

    def for_display(self):
        """With what a page tells of each comment; of its author only the name, which is all that is shown."""
        named = self.annotate(author_name=F("author__display_name"))
        return named.select_related("verification").defer("source", "renderer", "key")

    def matching(self, words):
        """Comments whose text has all of `words` (an index answers); what its author took back is found no more."""
        vector = SearchVector("source", config="simple")
        return self.alias(words=vector).filter(words=SearchQuery(words, config="simple"), deleted_at=None)

    def said_lately(self, source, at):
        """One of the latest comments among these (somebody's), of REPEATED_WITHIN before `at`, with just this text; or
        None. Looks at a few, by an index."""
        latest = self.order_by("-id")[:20].values("pk")
        return (
            self.model.objects.filter(
                pk__in=latest, source=source, created_at__gt=at - REPEATED_WITHIN, deleted_at=None, removed_at=None
            )
            .select_related("thread")
            .first()
        )
