"""The data that a moderator sees of one case: the comment, its branch, flags, author's record, earlier decisions."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString

from accounts.models import User
from posts.models import CannedReason, Case, Comment, Flag, LogEntry, Rules, WatchedWord
from posts.models.case import MASKED_OF
from posts.moderation import undo
from posts.moderation.admin import record
from posts.moderation.appeal_answers import standing_sanction
from posts.safety.words import found_in

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MOST_REPLIES, MOST_ENTRIES, MOST_FLAGS, MOST_NOTES, MOST_VERSIONS = 5, 10, 20, 10, 5
# One query for all that is shown beside the comment.
BESIDE = record.OF_AUTHOR | {
    "flags": """
        SELECT json_agg(f) FROM (
            SELECT f.reason, f.note, f.weight, f.outcome, f.flagged_at, coalesce(u.display_name, '') AS name
            FROM posts_flag f LEFT JOIN accounts_user u ON u.id = f.person_id
            WHERE f.comment_id = %(comment)s ORDER BY f.id DESC LIMIT %(flags)s
        ) f
    """,
    "versions": """
        SELECT json_agg(r) FROM (
            SELECT r.number, r.source, r.replaced_at FROM posts_revision r
            WHERE r.comment_id = %(comment)s ORDER BY r.number DESC LIMIT %(versions)s
        ) r
    """,
    # of the comment, its parent and its first replies
    "masked": MASKED_OF.format(
        comments="""
            SELECT unnest(ARRAY[%(comment)s, %(parent)s]::bigint[]) AS id
            UNION ALL
            (SELECT id FROM posts_comment WHERE parent_id = %(comment)s ORDER BY id LIMIT %(replies)s)
        """
    ),
    "rules": """
        SELECT json_build_object('pk', r.id, 'text', r.text, 'rendered', r.rendered)
        FROM posts_rules r ORDER BY r.id DESC LIMIT 1
    """,
    "canned": """
        SELECT json_agg(json_build_object(
            'pk', r.id, 'title', r.title, 'text', r.text, 'rule', r.rule
        ) ORDER BY r.title)
        FROM posts_cannedreason r
    """,
    "words": """
        SELECT json_agg(json_build_object('phrase', w.phrase, 'act', w.act, 'advice', w.advice) ORDER BY w.phrase)
        FROM posts_watchedword w
    """,
}


class Item:
    """What is shown of a comment, or of a case (see CaseItem). Takes four queries."""

    case: Case | None = None

    def __init__(self, comment: Comment | None, author: User | None) -> None:
        self.comment, self.author = comment, author

    @classmethod
    def of_comment(cls, pk: int) -> "Item | None":
        """Return the item of a comment without an open case, or None."""
        about = ["author", "thread", "parent__author"]
        comment = Comment.objects.select_related(*about).filter(pk=pk).first()
        return Item(comment, comment.author) if comment else None

    @cached_property
    def replies(self) -> list[Comment]:
        """The first replies. Takes one query."""
        if self.comment is None or not self.comment.reply_count:
            return []
        return list(Comment.objects.for_display().filter(parent=self.comment).order_by("id")[:MOST_REPLIES])

    @property
    def masked_ids(self) -> list[int]:
        """The ids of the comment, its parent and its replies whose texts are shown only on request."""
        return self.beside["masked"]

    @cached_property
    def entries(self) -> list[LogEntry]:
        """Earlier decisions about the comment and its author, latest first. Takes one query."""
        return record.entries(self.author, self.comment, MOST_ENTRIES)

    @property
    def rules(self) -> Rules | None:
        """The Rules in force, or None."""
        return self.beside["rules"]

    @property
    def canned(self) -> list[CannedReason]:
        """The CannedReasons, by title."""
        return self.beside["canned"]

    @cached_property
    def watched(self) -> list[WatchedWord]:
        """The WatchedWords that are in the present text, whatever the comment was held for."""
        if self.comment is None:
            return []
        found = set(found_in(self.comment.source, [word.phrase for word in self.beside["words"]]))
        return [word for word in self.beside["words"] if word.phrase in found]

    @property
    def is_masked(self) -> bool:
        """Whether the text is shown only on request (see CaseQuerySet.masked_among)."""
        return self.comment is not None and self.comment.pk in self.masked_ids

    @cached_property
    def beside(self) -> dict[str, Any]:
        """{"flags", "notes", "versions", "record", "rules", "canned", "words" and more}. Takes one query."""
        found = record.told(
            BESIDE,
            pressing=[kind.value for kind in Case.PRESSING],
            comment=self.comment and self.comment.pk,
            parent=self.comment and self.comment.parent_id,
            replies=MOST_REPLIES,
            author=self.author and self.author.pk,
            flags=MOST_FLAGS,
            notes=MOST_NOTES,
            versions=MOST_VERSIONS,
        )
        reasons = dict(Flag.Reason.choices)
        flags = record.dated(found["flags"], "flagged_at")
        return found | {
            "flags": [flag | {"reason": reasons.get(flag["reason"], "")} for flag in flags],
            "versions": record.dated(found["versions"], "replaced_at"),
            "rules": found["rules"] and Rules(**found["rules"]),
            "canned": [CannedReason(**each) for each in found["canned"] or ()],
            "words": [WatchedWord(**each) for each in found["words"] or ()],
        }

    @property
    def rule_parts(self) -> list[tuple[str, SafeString]]:
        """The rules as (title, HTML), to read beside the decision."""
        return [part for part in self.rules.parts if part[0]] if self.rules else []


class CaseItem(Item):
    """What is shown of one case."""

    case: Case

    def __init__(self, case: Case) -> None:
        super().__init__(case.comment, case.person)
        self.case = case

    @classmethod
    def of(cls, pk: int) -> "CaseItem | None":
        """Return the item of the case `pk`, or None."""
        about = ["comment__author", "comment__thread", "comment__parent__author", "appeal__entry__undone_by"]
        about += ["appeal__entry__person", "appeal__person", "verification_request__person", "claimed_by", "closed_by"]
        case = Case.objects.select_related(*about).filter(pk=pk).first()
        return CaseItem(case) if case else None

    @cached_property
    def sanction(self) -> LogEntry | None:
        """For an appeal: the sanction that is still in force because of the decision. Takes one query at most."""
        return standing_sanction(self.case.appeal.entry) if self.case.appeal else None

    @cached_property
    def differences(self) -> "list[StrPromise]":
        """Why the latest undone decision about the comment was not restored, in sentences; empty if it was."""
        if self.comment is None or Case.Why.UNDO not in self.case.why:
            return []
        reopened = next((entry.undoes for entry in self.entries if entry.act == LogEntry.Act.REOPEN), None)
        return undo.differences(reopened, self.comment) if reopened else []

    @property
    def is_masked(self) -> bool:
        """Whether the text is shown only on request, because of this case or another one about the same comment."""
        return self.case.is_masked or super().is_masked
