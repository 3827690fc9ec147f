"""Render a page of comments once for all readers, with slots for personal parts.

The rendered page contains nothing about its reader. Slots (see posts.reading.slot_markers) show where personal parts
may go. `RenderedPage.text` fills them with what posts.reading.slots returns for the reader, or leaves their defaults.
So all readers share one rendered page, which is kept in memory for one version of the thread.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache, partial

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import User
from forum import pagination
from forum.pagecache import Store
from forum.templatetags.moments import day_teller
from posts.models import Comment, Question, Thread, path
from posts.models.comment import standpoint_in_words
from posts.reading import avatar, mentions, nesting, orders, queries
from posts.reading.excerpt import excerpt
from posts.reading.location import Location
from posts.reading.queries import ALL, Tab, TreePage
from posts.reading.slot_markers import SlottedText
from posts.reading.slots import helpful_buttons, new_tag, own_slots, words_of_button

# Memory of a row without its text, as a rough estimate.
ROW_BYTES = 3_000
# Numbers of replies whose texts are kept.
COUNTS_KEPT = 2_000
# A reply from this depth on repeats the first words of what it replies to, so many characters of them. Where the style
# sheet indents no further (see .branch in components/thread.css), the position does not show it.
QUOTED_FROM, QUOTED = 5, 60
# Characters of each comment above the top of a branch page.
ABOVE = 90
# How fast people read, to say how long a post takes.
WORDS_A_MINUTE = 230

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
        # said once above the tree, or beside each name where there are comments by real people, too
        is_sample = bool(shown.rows) and all(row.is_sample for row in (shown.top, *shown.rows) if row.depth)
        tree_drawn = render_rows(thread, shown, location.order, location.tab, tags_samples=not is_sample)
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
            "is_sample": is_sample,
            "since": pagination.microseconds(thread.last_activity_at),
        }
        if top:
            for comment in shown.above:
                comment.excerpt = excerpt(comment.html, ABOVE)
            context |= {"top_drawn": render_top(thread, shown, reveals, not is_sample), "back": queries.way_back(shown)}
        else:
            minutes = round(len(strip_tags(shown.top.html).split()) / WORDS_A_MINUTE) or 1
            context |= {"face": avatar.avatar_of(shown.top.public_name), "minutes": minutes}
        name = "posts/reading/fragments/branch_content.html" if top else "posts/reading/fragments/thread_content.html"
        return shown, render_to_string(name, context)

    return _kept_or_rendered(thread, location, (top and top.pk,), content, keeps=not reveals)


def render_rest(thread: Thread, location: Location, top: Comment) -> RenderedPage:
    """Return the RenderedPage of what the cut left out below `top`."""

    def items() -> tuple[TreePage, str]:
        shown = queries.page_of_replies(top.pk, order=location.order, position=location.position)
        return shown, render_rows(thread, shown, location.order)

    return _kept_or_rendered(thread, location, (top.pk, "rest"), items)


def _kept_or_rendered(
    thread: Thread, location: Location, what: tuple, render: Callable[[], tuple[TreePage, str]], keeps: bool = True
) -> RenderedPage:
    """Return the page from memory, or the result of `render`.

    The key includes the date, because badges show whether a verification is valid on that day, and the time zone of the
    days of the comments.
    """
    reader = (timezone.localdate(), timezone.get_current_timezone_name(), get_language())
    key = (thread.pk, *thread.drawn_version(timezone.now()), *reader, location.key, *what)
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


def render_rows(
    thread: Thread, shown: TreePage, order: str = "oldest", tab: Tab = ALL, *, tags_samples: bool = True
) -> SafeString:
    """Return the HTML of the rows of `shown`: list items with their slots.

    `tags_samples` says whether each sample comment has a tag.
    """
    for comment in (shown.top, *shown.above, *shown.rows):
        comment.thread = thread
        if comment.is_answer:
            comment.question = _asked(thread, comment)
    is_thread = shown.top.depth == 0
    runs = _runs(thread, shown) if is_thread and tab == ALL else {}
    # Below the heading of a question, names are headings of the next level.
    heading = "h4" if is_thread and thread.asks else "h3"
    return _draw(thread, shown, shown.steps, order=order, runs=runs, heading=heading, tags_samples=tags_samples)


def render_top(thread: Thread, shown: TreePage, reveals: bool, tags_samples: bool) -> SafeString:
    """Return the HTML of the comment at the top of a branch page. `reveals` shows it although it is not published."""
    step = nesting.Step(shown.top, follows_parent=True)
    return _draw(thread, shown, [step], heading="h2", reveals=reveals, tags_samples=tags_samples)


def _draw(
    thread: Thread,
    shown: TreePage,
    steps: list[nesting.Step],
    *,
    heading: str,
    order: str = "oldest",
    runs: dict[int, tuple[int, str, str]] | None = None,
    reveals: bool = False,
    tags_samples: bool = True,
) -> SafeString:
    language, rows = get_language(), [step.row for step in steps]
    words = _words(language)
    names = {comment.pk: escape(comment.public_name) for comment in (shown.top, *rows)}
    if reveals:
        names[shown.top.pk] = escape(shown.top.shown_author)
    context = {
        "below_locks": _below_locks(shown),
        "steps": steps,
        "linked": mentions.linked(rows, shown.top),
        "top_pk": shown.top.pk,
        "names": names,
        "replies_to": _replies_to(shown, steps, names, language),
        "runs": runs or {},
        "heading": heading,
        "faces": {comment.pk: avatar.avatar_of(comment.public_name) for comment in rows},
        "standpoints": _standpoints(language),
        "locked": thread.is_locked,
        "is_withheld": reveals,
        "tags_samples": tags_samples,
        "rest_of": lambda more: _rest_of(order, more).replace("&", "&amp;"),
        "badges": _badges(rows),
        "day": day_teller(),
        "count_replies": partial(_count_replies, language),
        "show_more": _show_more,
        "helped": {count: escape(comment.helped) for count, comment in {c.helpful_count: c for c in rows}.items()},
        "buttons": helpful_buttons(names),
        "gone": _words_of_gone(language),
        # Names of their own are faster in a template than keys.
        **{f"say_{name}": said for name, said in words.items()},
    }
    return mark_safe(render_to_string("posts/reading/comments.jinja", context, using="fast"))  # noqa: S308


def _replies_to(
    shown: TreePage, steps: list[nesting.Step], names: Mapping[int, str], language: str
) -> dict[int, tuple[str, str]]:
    """Return for each reply to a comment the name of that comment's author and its first words, both as HTML.

    The words are empty where the position shows what the reply belongs to. The top of the page and replies to the
    opening post are not in it.
    """
    above = {comment.pk: comment for comment in (shown.top, *shown.rows)}
    words_of = cache(lambda pk: escape(excerpt(above[pk].html, QUOTED)) if above[pk].is_published else "")
    told = {}
    for step in steps:
        row = step.row
        parent = above.get(row.parent_id or 0)
        if row.depth > 1 and parent is not None:
            name = names[parent.pk] or _words_of_gone(language)[parent.state][1]
            is_quoted = not step.follows_parent or row.depth >= QUOTED_FROM
            told[row.pk] = name, words_of(parent.pk) if is_quoted else ""
    return told


def _runs(thread: Thread, shown: TreePage) -> dict[int, tuple[int, str, str]]:
    """Return the headings of runs of comments that answer the same question, by the id of the first one of each run.

    A heading is (position of the question, or 0; label; text), as HTML. There are none in a thread without questions.
    """
    headings = {question.pk: (question.position, question.tab, question.text) for question in thread.asks}
    runs: dict[int, tuple[int, str, str]] = {}
    last = -1
    for row in shown.rows:
        if headings and row.depth == 1:
            heading = headings.get(row.question_id or 0, (0, "", _("Conversation about the post")))
            if heading[0] != last:
                last = heading[0]
                runs[row.pk] = (last, escape(heading[1]), escape(heading[2]))
    return runs


def _badges(rows: Iterable[Comment]) -> dict[int, SafeString]:
    """Return the badge of each comment by a verified clinician: whole once for each person, then short."""
    badges: dict[int, SafeString] = {}
    seen: set[tuple[str, int]] = set()
    for row in rows:
        if row.verification_id is not None:
            person = (row.public_name, row.verification_id)
            badges[row.pk] = render_to_string("posts/reading/badge.html", {"c": row, "is_short": person in seen})
            seen.add(person)
    return badges


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
        # Translators: a name follows
        "in_reply": _("in reply to"),
        # Translators: %s is a name
        "more_about": _("More about the comment of %s"),
        "quote": _("Quote"),
        "show_branch": _("Show this branch"),
        "edited": _("edited"),
        "no_text": _("A comment without its text"),
        "reply": _("Reply"),
        "to_whom": _("to %s"),
        "flag": _("Flag"),
        "branch_locked": _("A moderator closed this branch: it can be read, but nobody can reply in it."),
    }
    return {name: escape(said) for name, said in words.items()} | words_of_button(language)


@cache
def _standpoints(language: str) -> dict[tuple[str, bool], str]:
    """Return the words in `language` for each standpoint with and without a verification."""
    cases = [(standpoint, is_verified) for standpoint in Comment.Standpoint for is_verified in (False, True)]
    return {(kind.value, known): escape(standpoint_in_words(kind, is_verified=known)) for kind, known in cases}


@cache
def _words_of_gone(language: str) -> dict[str, tuple[str, str]]:
    """Return for a comment of each state, in `language`, the text in the place of its own and of its author's name."""
    words = dict.fromkeys(
        Comment.State, (_("This comment is waiting for a moderator’s review."), _("a comment under review"))
    ) | {
        Comment.State.DELETED: (_("Its author deleted this comment."), _("a deleted comment")),
        Comment.State.REMOVED: (_("A moderator removed this comment."), _("a removed comment")),
    }
    return {state: (escape(text), escape(name)) for state, (text, name) in words.items()}


# The language is a part of the key of these caches; it has to be the active one.
@lru_cache(COUNTS_KEPT)
def _count_replies(language: str, number: int) -> str:
    return escape(ngettext("%(n)d reply", "%(n)d replies", number) % {"n": number})


def _show_more(more: nesting.More, name: str) -> str:
    """Return the text of the link to what the cut left out, as HTML. `name` is that of the parent's author, or ""."""
    count = {"n": more.count, "name": f"<bdi>{name}</bdi>"}
    if more.after is None:
        if not name:
            return ngettext("Show %(n)d reply", "Show %(n)d replies", more.count) % count
        return ngettext("Show %(n)d reply to %(name)s", "Show %(n)d replies to %(name)s", more.count) % count
    if not name:
        return ngettext("Show %(n)d more reply", "Show %(n)d more replies", more.count) % count
    return ngettext("Show %(n)d more reply to %(name)s", "Show %(n)d more replies to %(name)s", more.count) % count


def _rest_of(order: str, more: nesting.More) -> str:
    """Return the address of what the cut left out: a page of the branch, or with htmx only its list items."""
    # Inside branches, replies are ordered oldest first also on pages that are ordered newest first.
    order = "oldest" if order == "newest" else order
    # numbers and names of orders need no quoting
    query = [] if order == "oldest" else [f"order={order}"]
    if more.after is not None:
        query.append(f"after={orders.ORDERS[order].position_of(more.after)}")
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
    shown = TreePage(parent, [comment], [], follows_top=parent.reply_count <= 1)
    slots: dict[str, str] = {}
    if viewer.is_authenticated:
        slots = own_slots(comment, viewer, viewer.moderates)
    if is_new:
        slots[f"new:{comment.pk}"] = new_tag()
    html = RenderedPage(shown, render_rows(thread, shown)).text(slots)
    return render_to_string("posts/reading/fragments/arrival.html", {"parent": parent, "html": html})
