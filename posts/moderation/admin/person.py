"""The data that a moderator sees of one person: record, open cases, decisions, and latest comments."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db.models.functions import Left

from accounts.models import User
from forum import markup
from posts.models import Case, Comment, LogEntry
from posts.models.case import MASKED_OF
from posts.moderation.admin import record

MOST_COMMENTS, MOST_ENTRIES, MOST_NOTES, MOST_WAITING = 20, 20, 20, 20
# length of the excerpt of a comment, and of the part of the source that it is made from
WORDS, BEGINNING = 90, 600
# One query for the record. Open cases are looked up for each of the latest comments and appeals, so that the cost does
# not depend on the length of the queue.
ABOUT = record.OF_AUTHOR | {
    "waiting": """
        SELECT json_agg(k) FROM (
            SELECT k.id AS pk, k.kind, k.opened_at FROM (
                SELECT id FROM posts_comment WHERE author_id = %(author)s ORDER BY id DESC LIMIT %(counted)s
            ) c, LATERAL (
                SELECT id, kind, opened_at FROM posts_case
                WHERE comment_id = c.id AND closed_at IS NULL LIMIT %(waiting)s
            ) k
            UNION
            SELECT k.id, k.kind, k.opened_at FROM (
                SELECT id FROM posts_appeal WHERE person_id = %(author)s ORDER BY id DESC LIMIT %(counted)s
            ) a, LATERAL (
                SELECT id, kind, opened_at FROM posts_case WHERE appeal_id = a.id AND closed_at IS NULL LIMIT 1
            ) k
            UNION
            SELECT k.id, k.kind, k.opened_at
            FROM accounts_verificationrequest v JOIN posts_case k ON k.verification_request_id = v.id
            WHERE v.person_id = %(author)s AND v.outcome = ''
            ORDER BY kind, pk LIMIT %(waiting)s
        ) k
    """,
    # of the latest comments
    "masked": MASKED_OF.format(
        comments="SELECT id FROM posts_comment WHERE author_id = %(author)s ORDER BY id DESC LIMIT %(comments)s"
    ),
}
# when an action would change something; others are not offered
FITS = {
    "watch": lambda person: person.user.watched_at is None,
    "unwatch": lambda person: person.user.watched_at is not None,
    "unsuspend": lambda person: person.user.is_suspended,
    "trust": lambda person: person.user.trust != User.Trust.TRUSTED,
    "untrust": lambda person: person.user.trust == User.Trust.TRUSTED,
    "revoke": lambda person: person.about["record"]["verified"] is not None,
}


class Person:
    """What moderators see of an account. Takes three queries."""

    def __init__(self, user: User) -> None:
        self.user = user

    @cached_property
    def about(self) -> dict[str, Any]:
        """{"record", "notes", "waiting", "masked"}. Takes one query."""
        values = {
            "author": self.user.pk,
            "comment": None,
            "notes": MOST_NOTES,
            "waiting": MOST_WAITING,
            "comments": MOST_COMMENTS,
            "pressing": [kind.value for kind in Case.PRESSING],
        }
        found = record.told(ABOUT, **values)
        kinds = dict(Case.Kind.choices)
        waiting = record.dated(found["waiting"], "opened_at")
        return found | {"waiting": [case | {"kind": kinds[case["kind"]]} for case in waiting]}

    @cached_property
    def entries(self) -> list[LogEntry]:
        """The decisions about the person, latest first. Takes one query."""
        return record.entries(self.user, None, MOST_ENTRIES)

    @cached_property
    def comments(self) -> list[Comment]:
        """The latest comments, each with its first words, or "" if the text is masked. Takes one query."""
        rows = Comment.objects.filter(author=self.user).order_by("-id").select_related("thread")
        rows = rows.annotate(beginning=Left("source", BEGINNING))
        rows = rows.only("created_at", "parent", "held_at", "hidden_at", "removed_at", "deleted_at", "thread__title")
        comments: list[Comment] = []
        for comment in rows[:MOST_COMMENTS]:
            comment.is_masked = comment.pk in self.about["masked"]
            comment.words = "" if comment.is_masked else markup.plain(comment.beginning, WORDS)
            comments.append(comment)
        return comments

    def sanctions(self, actions: Iterable[tuple]) -> list[tuple[str, str]]:
        """Return those admin actions that would change something, as (name, label)."""
        return [(name, label) for _verb, name, label in actions if name not in FITS or FITS[name](self)]
