"""A page of comments rendered once for everybody, with slots left open for what is personal.

The render holds nothing of whom it is for. Where something personal may go there is a marker; `Drawn.text` closes the
slots again or fills them (see posts.reading.slots). So one render serves everybody while its version holds, and is
kept in memory under it.
"""

import re
from functools import cache
from urllib.parse import urlencode

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from forum import pagination
from forum.pagecache import Store
from forum.templatetags.moments import teller
from posts.models import Comment, path
from posts.reading import avatar, nesting, orders, queries
from posts.reading.queries import ALL, TreePage
from posts.reading.slots import helpful_button, new_tag, own_slots, words_of_button

# A slot is <!--KIND:ID--> with a comment's id, or 0. "fold" is behind the number of replies, "more" behind the number
# left out, "new" beside the date, "mine" among the acts, "wait" behind a comment, "since", "drafts" and "waits" above
# the tree. Five kinds hold something for those for whom nothing is laid on: <!--KIND:ID-->this<!--/-->. They are
# "open" in the tag of a branch, "help" (the button of a mark), "helped" (how many it helped, in words), "flag" (the
# link) and "form" (of all those buttons).
SLOT = re.compile(
    r"<!--((?:open|help|helped|flag|form):\d+)-->(.*?)<!--/-->|<!--((?:fold|more|new|mine|wait|since|drafts|waits):\d+)-->",
    re.S,
)
# What a row takes in memory besides its text, roughly.
ROW_BYTES = 3_000

_kept_pages = Store(settings.KEPT_PAGES_BYTES)
# Positions can be named without end: pages that begin at one do not drive out those that all come by.
_kept_pages_from_positions = Store(settings.KEPT_PAGES_BYTES)


class RenderedPage:
    """A TreePage and its HTML with slots left open."""

    def __init__(self, shown, html):
        self.page = shown
        pieces = SLOT.split(html)
        self._texts = pieces[::4]
        self._names = [held or empty for held, empty in zip(pieces[1::4], pieces[3::4], strict=True)]
        self._defaults = [default or "" for default in pieces[2::4]]

    @property
    def size(self):
        """Roughly, in bytes."""
        return 2 * sum(map(len, self._texts)) + ROW_BYTES * len([*self.page.rows, *self.page.above])

    def text(self, slots=None):
        """The HTML with `slots` (name: HTML) filled and all others closed."""
        fill = (slots or {}).get
        filled = [fill(name, default) for name, default in zip(self._names, self._defaults, strict=True)]
        out = [""] * (2 * len(self._texts) - 1)
        out[::2], out[1::2] = self._texts, filled
        return mark_safe("".join(out))  # noqa: S308  (our own templates' output)


def render_page(thread, location, top_pk, top=None, reveals=False):
    """Return the RenderedPage of a thread at `location`, or of the branch of the comment `top`: kept or rendered now.

    `reveals` shows the text of a top that is not published, to those who may read it; that render is not kept.
    """

    def content():
        shown = queries.page_of_replies(
            top_pk, top.path if top else "", location.order, location.tab, location.position
        )
        tree_drawn = render_rows(thread, shown, location.order, location.tab)
        if shown.top.question_id:
            shown.top.question = _asked(thread, shown.top)
        context = {
            "thread": thread,
            "top": shown.top,
            "top_has_text": reveals or shown.top.is_published,
            "page": shown,
            "place": location,
            "orders": location.order_links(),
            "tabs": [] if top else location.tab_links(thread),
            "beginning": location.query(),
            "before": shown.before and location.query(before=shown.before),
            "after": shown.after and location.query(after=shown.after),
            "is_first": not location.way or bool(shown.rows and shown.before is None),
            "is_open": shown.top.accepts_replies() and shown.top.pk not in _below_locks(shown),
            "tree": tree_drawn,
            "since": pagination.microseconds(thread.last_activity_at),
            "helpful": top and helpful_button(shown.top, False),
            "face": top and avatar.avatar_of(shown.top.public_name),
            "back": top and queries.way_back(shown),
        }
        name = "posts/reading/fragments/branch_content.html" if top else "posts/reading/fragments/thread_content.html"
        return shown, render_to_string(name, context)

    return _kept_or_rendered(thread, location, (top and top.pk,), content, keeps=not reveals)


def render_rest(thread, location, top, level, in_words):
    """The Drawn items of what a cut left out below `top`, for a list of that `level` (see tree.steps)."""

    def items():
        shown = queries.page_of_replies(top.pk, order=location.order, position=location.position)
        shown.level, shown.in_words = level, in_words
        return shown, render_rows(thread, shown, location.order)

    return _kept_or_rendered(thread, location, (top.pk, level, in_words), items)


def _kept_or_rendered(thread, location, what, render, keeps=True):
    """A render also shows the day: badges say whether a verification holds."""
    key = (thread.pk, *thread.drawn_version(timezone.now()), timezone.localdate(), get_language(), location.key, *what)
    store = _kept_pages_from_positions if location.way else _kept_pages
    rendered = store.get(key) if keeps else None
    if rendered is None:
        rendered = RenderedPage(*render())
        for comment in (rendered.page.top, *rendered.page.above, *rendered.page.rows):
            # it stands in the render now
            comment.__dict__.pop("html", None)
        if keeps and rendered.page.rows:
            store.keep(key, rendered, rendered.size)
    return rendered


def render_rows(thread, shown, order="oldest", tab=ALL):
    """The HTML of the TreePage `shown`: items of a list, with their slots."""
    for comment in (shown.top, *shown.above, *shown.rows):
        comment.thread = thread
        if comment.is_answer:
            comment.question = _asked(thread, comment)
    words = _words(get_language())
    context = {
        "below_locks": _below_locks(shown),
        "steps": shown.steps,
        "names": {comment.pk: escape(comment.public_name) for comment in (shown.top, *shown.rows)},
        "faces": {comment.pk: avatar.avatar_of(comment.public_name) for comment in shown.rows},
        "standpoints": {value: escape(label) for value, label in Comment.Standpoint.choices},
        "locked": thread.is_locked,
        "tells_question": isinstance(tab, str),
        "answers_what": cache(lambda question: escape(_("answers: %s") % question.text)),
        "rest_of": lambda more, inline=False: escape(_rest_of(order, more, inline)),
        "badge_of": _badge_of,
        "moment": teller(),
        "count_replies": cache(_count_replies),
        "count_more": cache(_count_more),
        "count_hidden": cache(_count_hidden),
        "helped": {
            count: escape(comment.helped) for count, comment in {c.helpful_count: c for c in shown.rows}.items()
        },
        "words": words,
    }
    return mark_safe(render_to_string("posts/reading/comments.jinja", context, using="fast"))  # noqa: S308


def _below_locks(shown):
    """The ids of those comments on the page that lie in a branch which a moderator locked."""
    locked = {comment.pk for comment in (shown.top, *shown.above, *shown.rows) if comment.locked_at}
    if not locked:
        return locked
    return {row.pk for row in (shown.top, *shown.rows) if locked.intersection(path.ids_of(row.path))}


def _asked(thread, comment):
    return next(question for question in thread.asks if question.pk == comment.question_id)


@cache
def _words(language):
    """What the fragment says in `language`, translated and escaped once and not for each comment."""
    words = {
        "sample": _("sample"),
        "guest": _("guest"),
        # Translators: %s is a name
        "in_reply": _("in reply to %s"),
        "in_reply_above": _("in reply to a comment above"),
        "edited": _("edited"),
        "no_text": _("A comment without its text"),
        "reply": _("Reply"),
        "to_whom": _("to %s"),
        "flag": _("Flag"),
        # Translators: it follows “Flag”; %s is a name
        "comment_of": _("the comment of %s"),
        "branch_locked": _("A moderator closed this branch: it can be read, but nobody can reply in it."),
        Comment.State.DELETED: _("Its author took this comment back."),
        Comment.State.REMOVED: _("A moderator removed this comment."),
        "waits": _("This comment is waiting for a moderator’s review."),
    }
    return {name: escape(said) for name, said in words.items()} | words_of_button(language)


def _count_replies(number):
    return escape(ngettext("%(n)d reply", "%(n)d replies", number) % {"n": number})


def _count_more(number):
    return escape(ngettext("%(n)d more reply", "%(n)d more replies", number) % {"n": number})


def _count_hidden(number):
    return escape(ngettext("Show %(n)d reply", "Show %(n)d replies", number) % {"n": number})


def _badge_of(comment):
    return render_to_string("posts/reading/badge.html", {"c": comment})


def _rest_of(order, more, inline=False):
    """Return the address of what a cut left out (a nesting.More): the branch page, or its rest to be put `inline`."""
    # inside the branches of the newest talks, too, what was said first is read first
    order = "oldest" if order == "newest" else order
    query = {} if order == "oldest" else {"order": order}
    if more.after is not None:
        query["after"] = orders.ORDERS[order].position_of(more.after)
    if inline:
        query["level"] = more.level
        if more.in_words:
            query["words"] = 1
    return f"/c/{more.parent.pk}/branch/" + (f"?{urlencode(query)}" if query else "")


def clear():
    """Empties the memory; for tests and benches."""
    _kept_pages.clear()
    _kept_pages_from_positions.clear()


def arrival(thread, comment, viewer, is_new=False):
    """The HTML of one `comment`, in a list to be hung below its parent on a page that shows that one.

    It is marked as new where somebody else wrote it.
    """
    parent = comment.parent
    shown = TreePage(parent, [comment], [], in_words=not nesting.is_indented(parent, parent.depth))
    slots = {}
    if viewer.is_authenticated:
        slots = own_slots(comment, viewer, viewer.moderates)
    if is_new:
        slots[f"new:{comment.pk}"] = new_tag()
    html = RenderedPage(shown, render_rows(thread, shown)).text(slots)
    return render_to_string(
        "posts/reading/fragments/arrival.html", {"parent": parent, "indents": not shown.in_words, "html": html}
    )
