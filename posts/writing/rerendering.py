"""The verb after an upgrade: the HTML of stored texts is made anew, while people read and write."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max

from forum import markup
from posts.models import Comment
from posts.threads import publishing

# comments read at once; each thread among them is locked for a moment of its own
BATCH = 200


@dataclass
class Progress:
    """How far it has come: up to the comment `position` of those up to `last`."""

    position: int
    last: int
    looked_at: int = 0
    made: int = 0
    changed: int = 0
    refused: list[int] = field(default_factory=list)


def rerender(*, everything=False, after=0):
    """Makes the HTML of every comment behind the id `after` anew that an older renderer made, or of `everything`.

    A generator: between two batches it yields the Progress, always the same one, and may be left there. What is done
    is done; the rest is found by the next run. A text that cannot be drawn any more keeps its HTML and is `refused`.
    """
    progress = Progress(after, Comment.objects.aggregate(last=Max("pk"))["last"] or 0)
    yield progress
    # by ranges of the primary key, so that no row is read twice and none is looked for
    while rows := _rows_behind(progress.position):
        by_thread = defaultdict(list)
        for row in rows:
            if everything or row.renderer < markup.VERSION:
                _draw(row, by_thread, progress)
        for thread_pk, drawn in by_thread.items():
            _store(thread_pk, drawn, progress)
        progress.looked_at += len(rows)
        progress.position = rows[-1].pk
        yield progress


def _rows_behind(position):
    rows = Comment.objects.filter(pk__gt=position).order_by("pk")
    return list(rows.only("thread_id", "parent_id", "source", "html", "renderer")[:BATCH])


def _draw(row, by_thread, progress):
    try:
        html = markup.render(row.source, row.limits)
    except markup.TooComplex:
        progress.refused.append(row.pk)
    else:
        by_thread[row.thread_id].append((row, html))


@transaction.atomic
def _store(thread_pk, drawn, progress):
    """Stores what was drawn without a lock; who has changed the text meanwhile has drawn it as well."""
    thread = publishing.lock_thread(thread_pk)
    changed = 0
    for row, html in drawn:
        same_text = Comment.objects.filter(pk=row.pk, source=row.source)
        if same_text.update(html=html, renderer=markup.VERSION):
            progress.made += 1
            changed += html != row.html
    if changed:
        publishing.raise_version(thread)
    progress.changed += changed
