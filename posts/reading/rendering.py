"""Render a page of comments once for all readers, with slots for personal parts.

The rendered page contains nothing about its reader. Slots (see posts.reading.slot_markers) show where personal parts
may go. `RenderedPage.text` fills them with what posts.reading.slots returns for the reader, or leaves their defaults.
So all readers share one rendered page, which is kept in memory for one version of the thread.
"""

from collections.abc import Callable
from functools import cache, lru_cache, partial

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import User
from forum import pagination
from forum.pagecache import Store
from forum.templatetags.moments import teller
from posts.models import Comment, Question, Thread, path
from posts.models.comment import standpoint_in_words
from posts.reading import avatar, nesting, orders, queries
from posts.reading.location import Location
from posts.reading.queries import ALL, Tab, TreePage
from posts.reading.slot_markers import SlottedText
from posts.reading.slots import helpful_button, new_tag, own_slots, words_of_button

# Memory of a row without its text, as a rough estimate.
ROW_BYTES = 3_000
# Numbers of replies whose texts are kept, for each kind of text.
COUNTS_KEPT = 2_000

_kept_pages = Store(settings.KEPT_PAGES_BYTES)
# A separate store, because addresses can name any number of positions. These pages must not evict the first pages.
_kept_pages_from_positions = Store(settings.KEPT_PAGES_BYTES)


class RenderedPage:
    """A TreePage and its HTML with open slots."""

    def __init__(self, shown: TreePage, html: str) -> None:
        self.page = shown
        self._html = SlottedText(html)

    @property
    def size(self) -> int:
        """Return the approximate size in bytes."""
        return 2 * sum(map(len, self._html.texts)) + ROW_BYTES * len([*self.page.rows, *self.page.above])

    def text(self, slots: dict[str, str] | None = None) -> SafeString:
        """Return the HTML with `slots` ({name: HTML}) filled and all other slots at their defaults."""
        return self._html.filled(slots or {})


def render_page(
    thread: Thread, location: Location, top_pk: int, top: Comment | None = None, reveals: bool = False
) -> RenderedPage:
    """Return the RenderedPage of the thread at `location`, or of the branch of the comment `top`.

    Takes it from memory if it is kept there. `reveals` shows the text of a top that is not published, for viewers who
    may read it. Such a page is not kept.
    """

    def content() -> tuple[TreePage, str]:
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
            "location": location,
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


def render_rest(thread: Thread, location: Location, top: Comment, level: int, in_words: bool) -> RenderedPage:
    """Return the RenderedPage of what the cut left out below `top`, for a list at that `level` (see nesting.steps)."""

    def items() -> tuple[TreePage, str]:
        shown = queries.page_of_replies(top.pk, order=location.order, position=location.position)
        shown.level, shown.in_words = level, in_words
        return shown, render_rows(thread, shown, location.order)

    return _kept_or_rendered(thread, location, (top.pk, level, in_words), items)


def _kept_or_rendered(
    thread: Thread, location: Location, what: tuple, render: Callable[[], tuple[TreePage, str]], keeps: bool = True
) -> RenderedPage:
    """Return the page from memory, or the result of `render`.

    The key includes the date, because badges show whether a verification is valid on that day.
    """
    key = (thread.pk, *thread.drawn_version(timezone.now()), timezone.localdate(), get_language(), location.key, *what)
    store = _kept_pages_from_positions if location.way else _kept_pages
    rendered = store.get(key) if keeps else None
    if rendered is None:
        rendered = RenderedPage(*render())
        for comment in (rendered.page.top, *rendered.page.above, *rendered.page.rows):
            # The rendered page contains it already.
            comment.__dict__.pop("html", None)
        if keeps and rendered.page.rows:
            store.keep(key, rendered, rendered.size)
    return rendered


def render_rows(thread: Thread, shown: TreePage, order: str = "oldest", tab: Tab = ALL) -> SafeString:
    """Return the HTML of the rows of `shown`: list items with their slots."""
    for comment in (shown.top, *shown.above, *shown.rows):
        comment.thread = thread
        if comment.is_answer:
            comment.question = _asked(thread, comment)
    language = get_language()
    words = _words(language)
    context = {
        "below_locks": _below_locks(shown),
        "steps": shown.steps,
        "names": {comment.pk: escape(comment.public_name) for comment in (shown.top, *shown.rows)},
        "faces": {comment.pk: avatar.avatar_of(comment.public_name) for comment in shown.rows},
        "standpoints": _standpoints(language),
        "locked": thread.is_locked,
        "tells_question": isinstance(tab, str),
        "answers_what": cache(lambda question: escape(_("answers: %s") % question.text)),
        "rest_of": lambda more, inline=False: _rest_of(order, more, inline).replace("&", "&amp;"),
        "badge_of": _badge_of,
        "moment": teller(),
        "count_replies": partial(_count_replies, language),
        "count_more": partial(_count_more, language),
        "count_hidden": partial(_count_hidden, language),
        "helped": {
            count: escape(comment.helped) for count, comment in {c.helpful_count: c for c in shown.rows}.items()
        },
        "words": words,
        "gone": _words_of_gone(language),
        # Names of their own are faster in a template than keys.
        **{f"say_{name}": said for name, said in words.items()},
    }
    return mark_safe(render_to_string("posts/reading/comments.jinja", context, using="fast"))  # noqa: S308


def _below_locks(shown: TreePage) -> set[int]:
    """Return the ids of the comments on the page that are in a branch which a moderator locked."""
    locked = {comment.pk for comment in (shown.top, *shown.above, *shown.rows) if comment.locked_at}
    if not locked:
        return locked
    return {row.pk for row in (shown.top, *shown.rows) if locked.intersection(path.ids_of(row.path))}


def _asked(thread: Thread, comment: Comment) -> Question:
    return next(question for question in thread.asks if question.pk == comment.question_id)


@cache
def _words(language: str) -> dict[str, str]:
    """Return the texts of the template in `language`, translated and escaped once instead of for each comment."""
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
    }
    return {name: escape(said) for name, said in words.items()} | words_of_button(language)


@cache
def _standpoints(language: str) -> dict[tuple[str, bool], str]:
    """Return the words in `language` for each standpoint with and without a verification."""
    cases = [(standpoint, is_verified) for standpoint in Comment.Standpoint for is_verified in (False, True)]
    return {(kind.value, known): escape(standpoint_in_words(kind, is_verified=known)) for kind, known in cases}


@cache
def _words_of_gone(language: str) -> dict[str, str]:
    """Return the text that stands in `language` for a comment of each state whose text is not shown."""
    words = dict.fromkeys(Comment.State, _("This comment is waiting for a moderator’s review.")) | {
        Comment.State.DELETED: _("Its author deleted this comment."),
        Comment.State.REMOVED: _("A moderator removed this comment."),
    }
    return {state: escape(said) for state, said in words.items()}


# The language is a part of the key of these caches; it has to be the active one.
@lru_cache(COUNTS_KEPT)
def _count_replies(language: str, number: int) -> str:
    return escape(ngettext("%(n)d reply", "%(n)d replies", number) % {"n": number})


@lru_cache(COUNTS_KEPT)
def _count_more(language: str, number: int) -> str:
    return escape(ngettext("%(n)d more reply", "%(n)d more replies", number) % {"n": number})


@lru_cache(COUNTS_KEPT)
def _count_hidden(language: str, number: int) -> str:
    return escape(ngettext("Show %(n)d reply", "Show %(n)d replies", number) % {"n": number})


def _badge_of(comment: Comment) -> SafeString:
    return render_to_string("posts/reading/badge.html", {"c": comment})


def _rest_of(order: str, more: nesting.More, inline: bool = False) -> str:
    """Return the address of what the cut left out.

    This is the branch page, or with `inline` only its list items.
    """
    # Inside branches, replies are ordered oldest first also on pages that are ordered newest first.
    order = "oldest" if order == "newest" else order
    # numbers and names of orders need no quoting
    query = [] if order == "oldest" else [f"order={order}"]
    if more.after is not None:
        query.append(f"after={orders.ORDERS[order].position_of(more.after)}")
    if inline:
        query.append(f"level={more.level}")
        if more.in_words:
            query.append("words=1")
    return f"/c/{more.parent.id}/branch/" + (f"?{'&'.join(query)}" if query else "")


def clear() -> None:
    """Remove all pages from memory. For tests and benchmarks."""
    _kept_pages.clear()
    _kept_pages_from_positions.clear()


def arrival(thread: Thread, comment: Comment, viewer: User | AnonymousUser, is_new: bool = False) -> SafeString:
    """Return the HTML of one `comment`, in a list to insert below its parent on a page that shows the parent.

    `is_new` marks it as new. Raises ValueError for an opening post.
    """
    parent = comment.parent
    if parent is None:
        raise ValueError(f"comment {comment.pk} is no reply")
    shown = TreePage(parent, [comment], [], in_words=not nesting.is_indented(parent, parent.depth))
    slots: dict[str, str] = {}
    if viewer.is_authenticated:
        slots = own_slots(comment, viewer, viewer.moderates)
    if is_new:
        slots[f"new:{comment.pk}"] = new_tag()
    html = RenderedPage(shown, render_rows(thread, shown)).text(slots)
    return render_to_string(
        "posts/reading/fragments/arrival.html", {"parent": parent, "indents": not shown.in_words, "html": html}
    )
