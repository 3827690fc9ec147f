"""Create the seed thread once, and change it when its content changes."""

from collections.abc import Sequence
from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from forum import markup
from posts.models import Comment, Question, Thread
from posts.threads import publishing
from posts.threads.text import rewrite
from posts.writing import comments

PLANTED, CHANGED, UNCHANGED = "planted", "changed", "unchanged"


def is_planted(key: str) -> bool:
    """Return whether a thread was created under `key`."""
    return Thread.objects.filter(planting_key=key).exists()


def as_planted(key: str) -> dict[str, str | date | None]:
    """Return the title, byline, source address and date of the thread created under `key`, or {} if there is none."""
    thread = Thread.objects.filter(planting_key=key).first()
    if thread is None:
        return {}
    return {
        "title": thread.title,
        "byline": thread.opening.byline,
        "source_url": thread.source_url,
        "source_date": thread.source_date,
    }


@transaction.atomic
def plant(
    *,
    key: str,
    title: str,
    source: str,
    byline: str,
    questions: Sequence[tuple[str, str]],
    source_url: str = "",
    source_date: date | None = None,
    shipped: str = "",
) -> tuple[Thread, str]:
    """Create or update the thread of `key` with this title, text and questions.

    Returns the thread and one of PLANTED, CHANGED and UNCHANGED. An update changes only what differs and keeps every
    reply. The earlier text becomes a Revision, unless it is `shipped`, the text of this project. Questions are matched
    by position, so an updated question keeps its answers. A question that is no longer in `questions` is deleted unless
    it has answers.
    """
    source, shipped = (markup.normalise(text).lstrip("\n").rstrip() for text in (source, shipped))
    with connection.cursor() as cursor:
        # Of two calls at the same time, the second waits and then finds the thread.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"plant {key}"])
    User.objects.hold_byline(byline)
    thread = Thread.objects.filter(planting_key=key).first()
    if thread is None:
        thread = comments.start_thread(
            author=None,
            byline=byline,
            title=title,
            source=source,
            questions=questions,
            planting_key=key,
            source_url=source_url,
            source_date=source_date,
        )
        return thread, PLANTED
    thread = publishing.lock_thread(thread.pk)
    changed = _change_opening(thread, source, byline, shipped)
    changed = _change_thread(thread, title, source_url, source_date) or changed
    changed = _change_questions(thread, questions) or changed
    if changed:
        publishing.raise_version(thread)
    return thread, CHANGED if changed else UNCHANGED


def _change_opening(thread: Thread, source: str, byline: str, shipped: str) -> bool:
    opening = Comment.objects.select_for_update(no_key=True).get(thread=thread, parent=None)
    opening.thread = thread
    if (opening.source, opening.byline) == (source, byline):
        return False
    if opening.byline != byline:
        opening.byline = byline
        opening.save(update_fields=["byline"])
    if opening.source != source:
        html, is_shipped = markup.render(source, opening.limits), opening.source == shipped
        rewrite(opening, source, html, editor=None, at=timezone.now(), silently=is_shipped)
    return True


def _change_thread(thread: Thread, title: str, source_url: str, source_date: date | None) -> bool:
    if (thread.title, thread.source_url, thread.source_date) == (title, source_url, source_date):
        return False
    thread.name(title)
    thread.source_url, thread.source_date = source_url, source_date
    thread.save(update_fields=["title", "slug", "source_url", "source_date"])
    return True


def _change_questions(thread: Thread, questions: Sequence[tuple[str, str]]) -> bool:
    before = {question.position: question for question in thread.questions.all()}
    changed = False
    for position, (text, asks) in enumerate(questions, start=1):
        question = before.pop(position, None) or Question(thread=thread, position=position)
        if (question.text, question.asks) != (text, asks):
            question.text, question.asks = text, asks
            question.save()
            changed = True
    for question in before.values():
        if not Comment.objects.filter(question=question).exists():
            question.delete()
            changed = True
    return changed
