"""The content of a member's data export, read row by row.

The format "two-way-street-export-1" is one object. Every time is ISO 8601 in UTC, and every address is absolute. A
value that is one of several kinds is an object with a `code` that never changes and `words` for people. Missing values
are null.

    format, made_at, site (name, address)
    account: display_name, email, joined_at, trust, is_suspended, suspended_until (null: without an end),
        verifications [profession, regulator, region, checked_at, expires_at, revoked_at],
        verification_requests [profession, regulator, region, number, evidence (both null after the decision),
        asked_at, outcome, decided_at]
    comments: id, address, thread (its title), starts_thread, asks [text, of] (the questions of a thread that it
        starts), question (the one it answers), standpoint, shown_as, answers (id, address, by), state, written_at,
        published_at, edited_at, deleted_at, text (Markdown, as typed),
        earlier_versions [number, text, replaced_at, withheld_at, taken_out (a passage a moderator took out),
        headings (title and questions of the thread before that)]
    drafts: place, address, saved_at, fields (of the form, by name)
    flags: comment (its address), reason, note, flagged_at, outcome, decided_at
    helpful_marks: comment (its address), marked_at
    decisions: address, at, act, by, rule, reason, until, taken_back_at, comment (its address),
        appeal (text, made_at, outcome, answer, decided_at)

A later version of the format that only adds values keeps this name. If the meaning of a value changes, the name changes
too.

The only texts of other people in it are the title of the thread and the question that a comment belongs to, and what
moderators told this member. It names no moderators and contains neither their notes nor any internet address. Names of
other people are those that readers see.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Choices, F, Model, Prefetch, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from posts.models import Appeal, Comment, Draft, Flag, Helpful, LogEntry, Question, Revision
from posts.models.log_entry import STATED
from posts.moderation.statements import SAID

FORMAT = "two-way-street-export-1"
# Rows loaded at once. This limits the memory, however much the member wrote.
BATCH = 100
State = Comment.State
Row = TypeVar("Row", bound=Model)
STATES = {
    State.PUBLISHED: gettext_lazy("everybody can read it"),
    State.HELD: gettext_lazy("waits for a moderator’s review"),
    State.HIDDEN: gettext_lazy("hidden until a moderator has reviewed it"),
    State.REMOVED: gettext_lazy("removed by a moderator"),
    State.DELETED: gettext_lazy("deleted by you"),
}


def everything(*, person: User, at: datetime, rendered: bool = False) -> dict[str, Any]:
    """Return the export of `person` at the time `at`, as the object described above.

    Lists that may be long are iterators, which must be read once and in order. With `rendered`, each comment has
    `html`, as the forum shows it, instead of `text`.

    Rows are loaded while the iterators are read, in batches by key. Rows that are written meanwhile cause neither gaps
    nor repetitions, and there is no long transaction that would keep the database from cleaning up.
    """
    return {
        "format": FORMAT,
        "made_at": at,
        "site": {"name": settings.SITE_NAME, "address": _address("/")},
        "account": _account(person),
        "comments": _comments(person, rendered),
        "drafts": _drafts(person),
        "flags": _flags(person),
        "helpful_marks": _helpful_marks(person),
        "decisions": _decisions(person),
    }


def _account(person: User) -> dict[str, Any]:
    return {
        "display_name": person.display_name,
        "email": person.email,
        "joined_at": person.joined_at,
        "trust": _one_of(User.Trust, person.trust),
        "is_suspended": person.is_suspended,
        "suspended_until": person.suspended_until if person.is_suspended else None,
        "verifications": [
            {
                "profession": row.profession,
                "regulator": row.regulator,
                "region": row.region,
                "checked_at": row.checked_at,
                "expires_at": row.expires_at,
                "revoked_at": row.revoked_at,
            }
            for row in person.verifications.order_by("pk")
        ],
        "verification_requests": [
            {
                "profession": row.profession,
                "regulator": row.regulator,
                "region": row.region,
                "number": row.number or None,
                "evidence": row.evidence or None,
                "asked_at": row.asked_at,
                "outcome": _kind(row.outcome or "open", row.get_outcome_display()),
                "decided_at": row.decided_at,
            }
            for row in person.verification_requests.order_by("pk")
        ],
    }


def _comments(person: User, rendered: bool) -> Iterator[dict[str, Any]]:
    asked = Prefetch("thread__questions", Question.objects.filter(thread__author=person), to_attr="asked_by_person")
    rows = (
        Comment.objects.filter(author=person)
        .select_related("thread", "question", "parent__author")
        .prefetch_related(asked)
        .defer("source" if rendered else "html", "parent__source", "parent__html")
    )
    for batch in _in_batches(rows):
        for comment, versions in _with_versions(batch):
            yield {**_comment(comment, person, rendered), "earlier_versions": map(_version, versions)}


def _comment(comment: Comment, person: User, rendered: bool) -> dict[str, Any]:
    thread = comment.thread
    is_visible = thread.withdrawn_at is None
    # The reason for withdrawing a thread may be in its title or question, so only its author gets them.
    is_told = is_visible or thread.author_id == person.pk
    starts = comment.parent is None
    # The Prefetch in _comments sets this attribute.
    asked: list[Question] = vars(thread)["asked_by_person"] if starts else []
    return {
        "id": comment.pk,
        "address": _address(comment.get_absolute_url()),
        "thread": thread.title if is_told else None,
        "starts_thread": starts,
        "asks": [{"text": question.text, "of": _one_of(Question.Asked, question.asks)} for question in asked],
        "question": comment.question.text if comment.question and comment.is_answer and is_told else None,
        "standpoint": _one_of(Comment.Standpoint, comment.standpoint),
        "shown_as": comment.byline or person.display_name,
        "answers": _answered(comment.parent, is_visible) if comment.parent else None,
        "state": _state(comment, is_visible),
        "written_at": comment.created_at,
        "published_at": comment.published_at,
        "edited_at": comment.edited_at,
        "deleted_at": comment.deleted_at,
        **({"html": comment.html} if rendered else {"text": comment.source}),
    }


def _answered(parent: Comment, is_visible: bool) -> dict[str, Any]:
    return {
        "id": parent.pk,
        "address": _address(parent.get_absolute_url()),
        "by": parent.public_name or None if is_visible else None,
    }


def _state(comment: Comment, is_visible: bool) -> dict[str, str | int]:
    if comment.is_published and not is_visible:
        return _kind("thread_hidden", _("its thread is hidden"))
    return _kind(comment.state, STATES[comment.state])


def _with_versions(comments: list[Comment]) -> Iterator[tuple[Comment, Iterable[Revision]]]:
    """Yield each of `comments` (ordered by id) with an iterator of its earlier versions.

    The iterator is valid only until the next comment is requested. It is not a list, because a comment may have any
    number of versions.
    """
    groups = groupby(_versions([comment.pk for comment in comments]), attrgetter("comment_id"))
    pk, versions = next(groups, (None, ()))
    for comment in comments:
        if comment.pk != pk:
            yield comment, ()
            continue
        yield comment, versions
        pk, versions = next(groups, (None, ()))


def _versions(ids: list[int]) -> Iterator[Revision]:
    rows = Revision.objects.filter(comment__in=ids).order_by("comment_id", "number")
    behind = rows
    while True:
        batch = list(behind[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        last = batch[-1]
        # The second condition implies the first, but only the first can use an index range.
        behind = rows.filter(comment_id__gte=last.comment_id)
        behind = behind.exclude(comment_id=last.comment_id, number__lte=last.number)


def _version(revision: Revision) -> dict[str, Any]:
    return {
        "number": revision.number,
        "text": revision.source,
        "replaced_at": revision.replaced_at,
        "withheld_at": revision.withheld_at,
        "taken_out": revision.taken_out or None,
        "headings": revision.headings or None,
    }


def _drafts(person: User) -> Iterator[dict[str, Any]]:
    for batch in _in_batches(Draft.objects.filter(person=person)):
        for draft in batch:
            yield {
                "place": draft.place,
                "address": _address(draft.get_absolute_url()),
                "saved_at": draft.saved_at,
                "fields": draft.fields,
            }


def _flags(person: User) -> Iterator[dict[str, Any]]:
    for batch in _in_batches(Flag.objects.filter(person=person)):
        for flag in batch:
            yield {
                "comment": _address_of_comment(flag.comment_id),
                "reason": _one_of(Flag.Reason, flag.reason),
                "note": flag.note,
                "flagged_at": flag.flagged_at,
                "outcome": _kind(flag.outcome or "open", Flag.Outcome(flag.outcome).label),
                "decided_at": flag.decided_at,
            }


def _helpful_marks(person: User) -> Iterator[dict[str, Any]]:
    # Ordered by comment, as the index of a person's marks is.
    for batch in _in_batches(Helpful.objects.filter(person=person), "comment_id"):
        for mark in batch:
            yield {"comment": _address_of_comment(mark.comment_id), "marked_at": mark.at}


def _decisions(person: User) -> Iterator[dict[str, Any]]:
    rows = LogEntry.objects.filter(person=person, act__in=STATED).select_related("appeal")
    for batch in _in_batches(rows.annotate(taken_back_at=F("undone_by__at"))):
        for entry in batch:
            yield {
                "address": _address(f"/decisions/{entry.pk}/"),
                "at": entry.at,
                "act": _kind(entry.act, SAID.get(LogEntry.Act(entry.act)) or LogEntry.Act(entry.act).label),
                "by": _kind("forum", _("the forum itself"))
                if entry.is_automatic
                else _kind("moderator", _("a moderator")),
                "rule": entry.rule or None,
                "reason": entry.reason,
                "until": entry.until,
                "taken_back_at": vars(entry)["taken_back_at"],
                "comment": entry.comment_id and _address_of_comment(entry.comment_id),
                "appeal": _appeal(entry.appeal) if hasattr(entry, "appeal") else None,
            }


def _appeal(appeal: Appeal) -> dict[str, Any]:
    return {
        "text": appeal.text,
        "made_at": appeal.made_at,
        "outcome": _kind(appeal.outcome or "open", Appeal.Outcome(appeal.outcome).label),
        "answer": appeal.answer or None,
        "decided_at": appeal.decided_at,
    }


def _in_batches(rows: QuerySet[Row], key: str = "pk") -> Iterator[list[Row]]:
    """Yield `rows` in lists of BATCH, ordered by `key`. Each list begins after the last row of the previous one."""
    last = 0
    while batch := list(rows.filter(**{f"{key}__gt": last}).order_by(key)[:BATCH]):
        yield batch
        if len(batch) < BATCH:
            return
        last = getattr(batch[-1], key)


def _one_of(choices: type[Choices], value: str | int) -> dict[str, str | int]:
    # The model's own get_..._display would take half of the time of a download.
    return _kind(value, choices(value).label)


def _kind(code: str | int, words: str | Promise) -> dict[str, str | int]:
    return {"code": code, "words": str(words)}


def _address_of_comment(pk: int) -> str:
    return _address(f"/c/{pk}/")


def _address(path: str) -> str:
    return settings.SITE_URL + path
