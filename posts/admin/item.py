"""All that a moderator sees of one item: the comment in its branch, flags, its author's record, what was decided."""

import json
from datetime import datetime
from functools import cached_property

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils.safestring import mark_safe

from forum import markup
from posts.models import CannedReason, Case, Comment, Flag, LogEntry, Rules, WatchedWord
from posts.safety.words import found_in

MOST_REPLIES, MOST_ENTRIES, MOST_FLAGS, MOST_NOTES, MOST_VERSIONS = 5, 10, 20, 10, 5
# One query for all that is told beside the comment.
BESIDE = """
SELECT
    (SELECT json_agg(f) FROM (
        SELECT f.reason, f.note, f.weight, f.outcome, f.flagged_at, coalesce(u.display_name, '') AS name
        FROM posts_flag f LEFT JOIN accounts_user u ON u.id = f.person_id
        WHERE f.comment_id = %(comment)s ORDER BY f.id DESC LIMIT %(flags)s
    ) f),
    (SELECT json_agg(n) FROM (
        SELECT n.text, n.noted_at, n.person_id IS NOT NULL AS is_about_person, u.display_name AS name
        FROM posts_note n JOIN accounts_user u ON u.id = n.noted_by_id
        WHERE n.comment_id = %(comment)s OR n.person_id = %(author)s ORDER BY n.id DESC LIMIT %(notes)s
    ) n),
    (SELECT json_agg(r) FROM (
        SELECT r.number, r.source, r.replaced_at FROM posts_revision r
        WHERE r.comment_id = %(comment)s ORDER BY r.number DESC LIMIT %(versions)s
    ) r),
    (SELECT json_build_object(
        'comments', count(*), 'removed', count(removed_at), 'latest', max(created_at)
    ) FROM (
        SELECT removed_at, created_at FROM posts_comment WHERE author_id = %(author)s ORDER BY id DESC LIMIT 1000
    ) w),
    (SELECT json_build_object(
        'raised', count(*), 'agreed', count(*) FILTER (WHERE outcome = 'agreed'),
        'kept', count(*) FILTER (WHERE outcome = 'kept')
    ) FROM (SELECT outcome FROM posts_flag WHERE person_id = %(author)s ORDER BY id DESC LIMIT 1000) raised),
    (SELECT json_build_object('pk', r.id, 'text', r.text) FROM posts_rules r ORDER BY r.id DESC LIMIT 1),
    (SELECT json_agg(json_build_object('pk', r.id, 'title', r.title, 'text', r.text) ORDER BY r.title)
     FROM posts_cannedreason r),
    (SELECT json_agg(json_build_object('phrase', w.phrase, 'act', w.act, 'advice', w.advice) ORDER BY w.phrase)
     FROM posts_watchedword w),
    (SELECT count(*) FROM (
        SELECT 1 FROM posts_flag f JOIN posts_comment c ON c.id = f.comment_id WHERE c.author_id = %(author)s LIMIT 1000
    ) against)
"""


class Item:
    """What is shown of one case; four queries."""

    def __init__(self, comment, case=None):
        self.comment, self.case = comment, case
        self.author = case.person if case else comment.author

    @classmethod
    def of(cls, pk):
        """The item of the case `pk`, or None."""
        about = ["comment__author", "comment__thread", "comment__parent__author", "appeal__entry", "appeal__person"]
        case = (
            Case.objects.select_related(*about, "verification_request__person", "claimed_by", "closed_by")
            .filter(pk=pk)
            .first()
        )
        return case and cls(case.comment, case)

    @classmethod
    def of_comment(cls, pk):
        """A comment that is no item now, or None."""
        about = ["author", "thread", "parent__author"]
        comment = Comment.objects.select_related(*about).filter(pk=pk).first()
        return comment and cls(comment)

    @cached_property
    def replies(self):
        """The first replies; one query."""
        if self.comment is None or not self.comment.reply_count:
            return []
        return list(Comment.objects.for_display().filter(parent=self.comment).order_by("id")[:MOST_REPLIES])

    @cached_property
    def entries(self):
        """What was decided about the comment and its author before, the latest first; one query."""
        about = LogEntry.objects.select_related("moderator").order_by("-id")
        about = about.annotate(is_undone=Exists(LogEntry.objects.filter(undoes=OuterRef("pk"))))
        rows = about.filter(person=self.author) if self.author else about.filter(comment=self.comment)
        if self.author and self.comment:
            # two ranges, each by its own index
            rows = rows[:MOST_ENTRIES].union(about.filter(comment=self.comment)[:MOST_ENTRIES]).order_by("-id")
        entries = list(rows[:MOST_ENTRIES])
        for entry in entries:
            entry.may_be_undone = entry.before is not None and not entry.is_undone
        return entries

    @property
    def rules(self):
        """The Rules in force, or None."""
        return self.beside["rules"]

    @property
    def canned(self):
        """The CannedReasons, by title."""
        return self.beside["canned"]

    @cached_property
    def watched(self):
        """The WatchedWords that the text has as it stands now, whatever it was held for."""
        if self.comment is None:
            return []
        found = set(found_in(self.comment.source, [word.phrase for word in self.beside["words"]]))
        return [word for word in self.beside["words"] if word.phrase in found]

    @property
    def was_masked(self):
        """A decision about it was confidential."""
        return any(entry.is_confidential for entry in self.entries)

    @cached_property
    def beside(self):
        """{"flags", "notes", "versions", "record", "rules", "canned", "words"}; one query."""
        values = {
            "comment": self.comment and self.comment.pk, "author": self.author and self.author.pk,
            "flags": MOST_FLAGS, "notes": MOST_NOTES, "versions": MOST_VERSIONS,
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(BESIDE, values)
            flags, notes, versions, record, raised, rules, canned, words, against = (
                json.loads(told) if isinstance(told, str) else told for told in cursor.fetchone()
            )
        reasons = dict(Flag.Reason.choices)
        for flag in flags or ():
            flag["reason"], flag["at"] = reasons.get(flag["reason"], ""), datetime.fromisoformat(flag["flagged_at"])
        for note in notes or ():
            note["at"] = datetime.fromisoformat(note["noted_at"])
        for version in versions or ():
            version["at"] = datetime.fromisoformat(version["replaced_at"])
        return {
            "flags": flags or [], "notes": notes or [], "versions": versions or [],
            "record": {**record, "raised": raised, "against": against}, "rules": rules and Rules(**rules),
            "canned": [CannedReason(**each) for each in canned or ()],
            "words": [WatchedWord(**each) for each in words or ()],
        }  # fmt: skip

    @property
    def rule_parts(self):
        """The rules, to read beside the decision: (title, HTML)."""
        parts = self.rules.parts if self.rules else []
        return [(title, mark_safe(markup.render(body))) for title, body in parts if title]  # noqa: S308  (by markup)
