"""A person's record for moderators, for the page of a case and of the person: numbers, notes, decisions."""

import json
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from posts.models import Comment, LogEntry

# how many of the latest rows are counted, to limit the cost
MOST_COUNTED = 1_000
# Scalar queries about the person %(author)s, parts of one query. For a comment of a guest, %(author)s is NULL and they
# find nothing. The notes include those about the comment %(comment)s.
OF_AUTHOR = {
    "notes": """
        SELECT json_agg(n) FROM (
            SELECT n.text, n.noted_at, n.person_id IS NOT NULL AS is_about_person, u.display_name AS name
            FROM posts_note n JOIN accounts_user u ON u.id = n.noted_by_id
            WHERE n.comment_id = %(comment)s OR n.person_id = %(author)s ORDER BY n.id DESC LIMIT %(notes)s
        ) n
    """,
    "written": """
        SELECT json_build_object(
            'comments', count(*), 'removed', count(removed_at) FILTER (WHERE deleted_at IS NULL),
            'hidden', count(hidden_at) FILTER (WHERE deleted_at IS NULL AND removed_at IS NULL),
            'held', count(held_at) FILTER (WHERE deleted_at IS NULL AND removed_at IS NULL AND hidden_at IS NULL),
            'against', coalesce(sum(against), 0)
        ) FROM (
            SELECT removed_at, deleted_at, hidden_at, held_at,
                (SELECT count(*) FROM (
                    SELECT 1 FROM posts_flag f WHERE f.comment_id = c.id LIMIT %(counted)s
                ) against) AS against
            FROM posts_comment c WHERE author_id = %(author)s ORDER BY id DESC LIMIT %(counted)s
        ) written
    """,
    "raised": """
        SELECT json_build_object(
            'raised', count(*), 'agreed', count(*) FILTER (WHERE outcome = 'agreed'),
            'kept', count(*) FILTER (WHERE outcome = 'kept')
        ) FROM (
            SELECT outcome FROM posts_flag WHERE person_id = %(author)s ORDER BY id DESC LIMIT %(counted)s
        ) raised
    """,
    # the latest warning that was not undone; whether it was acknowledged is stored with the person
    "warned": """
        SELECT json_build_object('warned_at', w.at) FROM (
            SELECT id, act, at FROM posts_logentry WHERE person_id = %(author)s ORDER BY id DESC LIMIT %(counted)s
        ) w LEFT JOIN LATERAL (
            SELECT 1 AS one FROM posts_logentry WHERE undoes_id = w.id LIMIT 1
        ) u ON true
        WHERE w.act = 'warn' AND u.one IS NULL ORDER BY w.id DESC LIMIT 1
    """,
    "verified": """
        SELECT json_build_object('profession', v.profession, 'region', v.region, 'expires_at', v.expires_at)
        FROM accounts_verification v
        WHERE v.user_id = %(author)s AND v.revoked_at IS NULL AND v.expires_at > now() ORDER BY v.id DESC LIMIT 1
    """,
}


def told(parts: dict[str, str], **values: Any) -> dict[str, Any]:
    """Run the scalar queries `parts` as one query, and return {name: value}, parsed from JSON.

    `parts` include OF_AUTHOR, whose notes and record are prepared for display.
    """
    columns = ", ".join(f"({part})" for part in parts.values())
    with connection.cursor() as cursor:
        # the parts have no user input in them
        cursor.execute(f"SELECT {columns}", {"counted": MOST_COUNTED} | values)
        row = [json.loads(each) if isinstance(each, str) else each for each in cursor.fetchone()]
    found = dict(zip(parts, row, strict=True))
    found["notes"] = dated(found["notes"], "noted_at")
    found["record"] = _record(found.pop("written"), found.pop("raised"), *dated([found.pop("verified")], "expires_at"))
    found["record"]["warned"] = next((each["at"] for each in dated([found.pop("warned")], "warned_at")), None)
    return found


def dated(rows: list[dict[str, Any] | None] | None, field: str) -> list[dict[str, Any]]:
    """Return the rows, without empty ones, each with the moment in `field` parsed as `at`."""
    return [row | {"at": datetime.fromisoformat(row[field])} for row in rows or () if row is not None]


def _record(written: dict[str, Any], raised: dict[str, Any], verified: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the numbers about a person. `counts` are (label, number, state for the link to the list of comments)."""
    state = Comment.State
    counts = [
        (_("Comments"), written["comments"], ""),
        (_("removed"), written["removed"], state.REMOVED.value),
        (_("held now"), written["held"], state.HELD.value),
        (_("hidden now"), written["hidden"], state.HIDDEN.value),
    ]
    is_cut = MOST_COUNTED in (written["comments"], raised["raised"])
    return {**written, **raised, "counts": counts, "verified": verified, "is_cut": is_cut, "most": MOST_COUNTED}


def entries(person: User | None, comment: Comment | None, most: int) -> list[LogEntry]:
    """Return the latest `most` decisions about the person and the comment. Takes one query.

    Person or comment may be None.
    """
    about = LogEntry.objects.select_related("moderator", "undoes").order_by("-id")
    # a join, because PostgreSQL would read the whole log for an EXISTS
    about = about.annotate(undone=F("undone_by"), appealed=F("appeal__outcome"))
    rows = about.filter(person=person) if person else about.filter(comment=comment)
    if person and comment:
        # two queries in a union, each with an index of its own
        rows = rows[:most].union(about.filter(comment=comment)[:most]).order_by("-id")
    return [_with_way_back(entry) for entry in rows[:most]]


def entries_by(pks: list[int]) -> list[LogEntry]:
    """Return the log entries with these ids, each with its related rows. Takes one query."""
    about = LogEntry.objects.select_related("moderator", "person", "thread", "comment__thread", "comment__author")
    found = about.annotate(undone=F("undone_by"), appealed=F("appeal__outcome")).filter(pk__in=pks).order_by("id")
    return [_with_way_back(entry) for entry in found]


def _with_way_back(entry: Any) -> LogEntry:
    """Set on the entry, which has the annotations of `entries`, whether it may be undone, and return it."""
    # not while there is an open appeal, which is answered instead
    entry.may_be_undone = entry.is_undoable and entry.undone is None and entry.appealed != ""
    return entry
