"""Render stored texts again after an upgrade of the renderer, while people read and write."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max

from forum import markup
from posts.models import Comment, Rules
from posts.threads import publishing

# Comments loaded at once. Each of their threads is locked separately for a short time.
BATCH = 200


@dataclass
class Progress:
    """How far the rendering has come: up to the comment `position` of those up to `last` (ids)."""

    position: int
    last: int
    looked_at: int = 0
    made: int = 0
    changed: int = 0
    refused: list[int] = field(default_factory=list)
    refused_rules: list[int] = field(default_factory=list)


def rerender(*, everything: bool = False, after: int = 0) -> Iterator[Progress]:
    """Render the HTML of comments with an id above `after` again.

    These are the comments that an older renderer made, or all of them with `everything`.

    This is a generator. It yields the same Progress object between batches, and the caller may stop there. What is done
    is stored, and the next run finds the rest. A text that has become too complex keeps its HTML and is added to
    `refused`. The few versions of the rules come first.
    """
    progress = Progress(after, Comment.objects.aggregate(last=Max("pk"))["last"] or 0)
    _rerender_rules(progress, everything)
    yield progress
    # By ranges of the primary key, so that each row is read once.
    while rows := _rows_behind(progress.position):
        by_thread: dict[int, list[tuple[Comment, str]]] = defaultdict(list)
        for row in rows:
            if everything or row.renderer < markup.VERSION:
                _draw(row, by_thread, progress)
        for thread_pk, drawn in by_thread.items():
            _store(thread_pk, drawn, progress)
        progress.looked_at += len(rows)
        progress.position = rows[-1].pk
        yield progress


def _rerender_rules(progress: Progress, everything: bool) -> None:
    for rules in Rules.objects.all() if everything else Rules.objects.filter(renderer__lt=markup.VERSION):
        try:
            rules.write(rules.text)
        except markup.TooComplex:
            progress.refused_rules.append(rules.pk)
        else:
            rules.save(update_fields=["rendered", "renderer"])


def _rows_behind(position: int) -> list[Comment]:
    rows = Comment.objects.filter(pk__gt=position).order_by("pk")
    return list(rows.only("thread_id", "parent_id", "source", "html", "renderer")[:BATCH])


def _draw(row: Comment, by_thread: dict[int, list[tuple[Comment, str]]], progress: Progress) -> None:
    try:
        html = markup.render(row.source, row.limits)
    except markup.TooComplex:
        progress.refused.append(row.pk)
    else:
        by_thread[row.thread_id].append((row, html))


@transaction.atomic
def _store(thread_pk: int, drawn: list[tuple[Comment, str]], progress: Progress) -> None:
    """Store HTML that was rendered without a lock.

    A comment whose text has changed since is skipped, because the edit rendered it already.
    """
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
