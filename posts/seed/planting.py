"""The verb of the seed: plant a thread once, and change its text when what is planted changes."""

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from forum import markup
from posts.models import Comment, Question, Thread
from posts.threads import publishing
from posts.threads.text import rewrite
from posts.writing import comments

PLANTED, CHANGED, UNCHANGED = "planted", "changed", "unchanged"


def is_planted(key):
    """Is there a thread planted under `key`?"""
    return Thread.objects.filter(planting_key=key).exists()


def as_planted(key):
    """Title, byline, source address and date of the thread planted under `key`; nothing if there is none."""
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
def plant(*, key, title, source, byline, questions, source_url="", source_date=None):
    """(Thread, what happened): the thread planted under `key` has this title, text and questions afterwards.

    Planting again changes what differs and keeps every reply; an earlier text becomes a Revision. A question keeps its
    row and so its answers, by position; one that is no longer asked goes only if nobody answered it.
    """
    source = markup.normalise(source).strip()
    with connection.cursor() as cursor:
        # two plantings at once: the second waits, and then finds the thread
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
    changed = _change_opening(thread, source, byline)
    changed = _change_thread(thread, title, source_url, source_date) or changed
    changed = _change_questions(thread, questions) or changed
    if changed:
        publishing.raise_version(thread)
    return thread, CHANGED if changed else UNCHANGED


def _change_opening(thread, source, byline):
    opening = Comment.objects.select_for_update(no_key=True).get(thread=thread, parent=None)
    opening.thread = thread
    if (opening.source, opening.byline) == (source, byline):
        return False
    if opening.byline != byline:
        opening.byline = byline
        opening.save(update_fields=["byline"])
    if opening.source != source:
        rewrite(opening, source, markup.render(source, opening.limits), editor=None, at=timezone.now(), silently=False)
    return True


def _change_thread(thread, title, source_url, source_date):
    if (thread.title, thread.source_url, thread.source_date) == (title, source_url, source_date):
        return False
    thread.name(title)
    thread.source_url, thread.source_date = source_url, source_date
    thread.save(update_fields=["title", "slug", "source_url", "source_date"])
    return True


def _change_questions(thread, questions):
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
