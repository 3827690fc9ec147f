"""A page of comments drawn once for everybody, with places left open for what is personal.

The drawing holds nothing of whom it is for. Where something personal may go there is a marker; `Drawn.text` closes the
places again or fills them (see posts.personal). So one drawing serves everybody for as long as its version holds, and
is kept in memory under it.
"""

import re
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe

from forum.pagecache import Store
from posts import avatar, page, tree
from posts.page import ALL, TreePage
from posts.personal import acts_of

# <!--KIND:ID-->, in comment ID: "open" in the tag of its branch, "fold" behind the number of its replies, "more" behind
# the number left out below it, "new" beside its date, "mine" among its acts, "wait" behind it.
MARKER = re.compile(r"<!--((?:open|fold|more|new|mine|wait):\d+)-->")
# What stands in a place that nobody fills.
DEFAULTS = {"open": " open"}
# What a row takes in memory besides its text, roughly.
ROW_BYTES = 3_000

_drawings = Store(settings.KEPT_PAGES_BYTES)


@dataclass
class Drawn:
    """A TreePage and its HTML: `parts` are by turns a text and the name of the place behind it."""

    page: TreePage
    parts: list

    def text(self, places=None):
        """The HTML with `places` (name: HTML) filled and all others closed."""
        places = places or {}
        filled = list(self.parts)
        for index in range(1, len(filled), 2):
            name = filled[index]
            filled[index] = places.get(name) or (DEFAULTS.get(name[:4], "") if name not in places else "")
        return "".join(filled)


def of_replies(thread, top_pk, path="", order="oldest", tab=ALL, position=None, level=1, in_words=False):
    """The Drawn page of replies to a comment of `thread` (see page.of_replies), drawn now or kept from before.

    A drawing also shows the day: badges say whether a verification holds.
    """
    place = position and (position[0], *sorted(position[1].items()))
    tab_key = tab if isinstance(tab, str) else tab.pk
    key = (thread.pk, thread.version, timezone.localdate(), top_pk, order, tab_key, place, level, in_words)
    drawn = _drawings.get(key)
    if drawn is None:
        shown = page.of_replies(top_pk, path, order, tab, position)
        shown.level, shown.in_words = level, in_words
        drawn = draw(thread, shown, order, tab)
        _drawings.keep(key, drawn, sum(map(len, drawn.parts)) * 2 + ROW_BYTES * len(shown.rows))
    return drawn


def draw(thread, shown, order="oldest", tab=ALL):
    """The Drawn of the TreePage `shown`."""
    for comment in (shown.top, *shown.above, *shown.rows):
        comment.thread = thread
    names = {comment.pk: comment.public_name for comment in (shown.top, *shown.rows)}
    for row in shown.rows:
        row.answered_name = names[row.parent_id]
        row.face = avatar.of(row.public_name)
    context = {
        "steps": shown.steps,
        "locked": thread.is_locked,
        "tells_question": isinstance(tab, str),
        "order": "" if order == "oldest" else order,
    }
    parts = MARKER.split(render_to_string("posts/tree.html", context))
    for row in shown.rows:
        # it stands in the drawing now
        del row.html
    return Drawn(shown, parts)


def forget():
    """Empties the memory; for tests and benches."""
    _drawings.clear()


def arrival(thread, comment, viewer):
    """The HTML of one new `comment`, in a list to be hung below its parent on a page that shows that one."""
    parent = comment.parent
    shown = TreePage(parent, [comment], [], in_words=not tree.sets_in(parent, parent.depth))
    drawn = draw(thread, shown)
    places = None
    if viewer.is_authenticated:
        acts = acts_of(comment, viewer, viewer.can_moderate())
        places = {f"mine:{comment.pk}": acts}
    context = {"parent": parent, "indents": not shown.in_words, "html": mark_safe(drawn.text(places))}  # noqa: S308
    return render_to_string("posts/fragments/arrival.html", context)
