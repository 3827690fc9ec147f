"""Personal parts of a page that is rendered once for all readers. They fill the slots of the rendered page.

These are links, texts, and buttons of one form at the end of the page, so all of it works without scripts. One query
loads what is new, what is held or hidden, what the viewer marked as helpful, and the viewer's latest drafts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from django.db import connection
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import User
from forum import pagination
from posts.models import Comment, Reading, Thread
from posts.models.comment import helped_in_words
from posts.models.draft import KEPT_FOR
from posts.models.path import WIDTH
from posts.models.visibility import WAITING

if TYPE_CHECKING:
    from posts.reading.queries import TreePage

# New comments are counted up to this number. Above it, the page says “more than”.
MOST_NEW = 500
MOST_WAITING = 50
# Placeholders that no text of ours contains.
PK, NAME = "\1", "\2"


# The first new comments, the held and hidden ones, and those of the page that the viewer marked as helpful, as (kind,
# id, path or count), each by its own index. Also the viewer's latest drafts, as ("reply" or "edit", id, name of the
# author replied to). Written in SQL because every page for a member needs it, and building the query with the ORM takes
# longer than running it.
TOLD = """
(SELECT 'new', c.id, c.path FROM posts_comment c
 WHERE c.thread_id = %(thread)s AND c.depth > 0 AND c.published_at > %(since)s
    AND c.held_at IS NULL AND c.hidden_at IS NULL AND c.removed_at IS NULL AND c.deleted_at IS NULL
    AND c.author_id IS DISTINCT FROM %(viewer)s
 ORDER BY c.published_at LIMIT %(most_new)s)
UNION ALL
(SELECT 'mark', h.comment_id, c.helpful_count::text FROM posts_helpful h JOIN posts_comment c ON c.id = h.comment_id
 WHERE h.person_id = %(viewer)s AND h.comment_id = ANY(%(rows)s))
UNION ALL
(SELECT 'wait', c.id, c.path FROM posts_comment c
 WHERE c.thread_id = %(thread)s AND c.depth > 0 AND (c.held_at IS NOT NULL OR c.hidden_at IS NOT NULL)
    AND c.removed_at IS NULL AND c.deleted_at IS NULL AND (%(moderates)s OR c.author_id = %(viewer)s)
 LIMIT %(most_waiting)s)
UNION ALL
(SELECT split_part(d.place, ':', 1), d.comment_id,
    CASE WHEN c.depth > 0 THEN coalesce(nullif(c.byline, ''), u.display_name) ELSE '' END
 FROM posts_draft d JOIN posts_comment c ON c.id = d.comment_id LEFT JOIN accounts_user u ON u.id = c.author_id
 WHERE d.person_id = %(viewer)s AND d.thread_id = %(thread)s AND d.saved_at > %(drafts_since)s
    AND c.held_at IS NULL AND c.hidden_at IS NULL AND c.removed_at IS NULL AND c.deleted_at IS NULL
 ORDER BY d.saved_at DESC LIMIT 2)
"""


def slots_for_member(
    thread: Thread, shown: "TreePage", viewer: User, reading: Reading | None, at: datetime
) -> dict[str, str]:
    """Return the slots ({name: HTML}) of the page `shown` for the member `viewer` at the time `at`.

    `reading` is the viewer's Reading of the thread, or None on the first visit, when nothing is new.
    """
    moderates = viewer.moderates
    # On a first visit nothing is new, because nothing was published after the present time.
    since = reading.new_since_at(at) if reading else at
    new, marked, ids_waiting, drafts = _told(thread, shown, viewer, since, at, moderates)
    slots: dict[str, str] = {}
    for comment in (shown.top, *shown.rows):
        if comment.author_id == viewer.pk or moderates:
            slots |= own_slots(comment, viewer, moderates)
        if comment.id in marked:
            slots[f"help:{comment.id}"] = helpful_button(comment, True)
            # The rendered page may be some seconds older than the viewer's own mark.
            slots[f"helped:{comment.id}"] = escape(helped_in_words(int(marked[comment.id])))
    if new:
        here = [
            row
            for row in shown.rows
            if row.published_at is not None
            and row.published_at > since
            and row.author_id != viewer.pk
            and row.is_published
        ]
        _lay_new(slots, thread, shown, new, here)
    if ids_waiting:
        _lay_waiting(slots, shown, ids_waiting, viewer, moderates)
    if drafts and not thread.is_locked:
        kind, pk, name = drafts[0]
        context = {"is_change": kind == "edit", "pk": pk, "name": name, "has_more": len(drafts) > 1}
        slots["drafts:0"] = render_to_string("posts/reading/fragments/unfinished.html", context)
    for pk in reading.folded_at(at) if reading else ():
        slots[f"open:{pk}"] = ""
    edited_at = shown.top.edited_at
    if reading and reading.visits_at(at) > 1 and not (edited_at and edited_at > reading.seen_at):
        # The post was there on an earlier visit. The page says how to show it again.
        slots[f"post:{shown.top.pk}"] = " data-read"
    return slots


def slots_for_guest(shown: "TreePage", ids: list[int]) -> dict[str, str]:
    """Return the slots of the page `shown` for a guest who wrote the comments `ids`.

    They show those of these comments that are still held or hidden.
    """
    waiting = Comment.objects.filter(WAITING, pk__in=ids, author=None, thread=shown.top.thread_id).values_list(
        "pk", flat=True
    )
    slots: dict[str, str] = {}
    _lay_waiting(slots, shown, list(waiting), None, moderates=False)
    return slots


def waiting(comment: Comment, viewer: User | None, moderates: bool = False, is_fresh: bool = False) -> SafeString:
    """Return the HTML of a held or hidden comment, which only its author and moderators can see.

    `viewer` is None for a guest. `is_fresh` says that the comment was sent just now and gets the focus.
    """
    context = {
        "c": comment,
        "acts": action_links(comment, viewer, moderates) if viewer else "",
        "is_mine": not moderates,
        "is_guest": viewer is None,
        "is_fresh": is_fresh,
    }
    return render_to_string("posts/reading/waiting.html", context)


def _told(
    thread: Thread, shown: "TreePage", viewer: User, since: datetime, at: datetime, moderates: bool
) -> tuple[dict[int, str], dict[int, str], list[int], list[tuple[str, int, str]]]:
    """Return what the viewer's slots need.

    This is ({id: path} of the first new comments, {id: count} of the helpful marks, ids of held and hidden comments,
    rows of drafts).
    """
    rows = [row.id for row in (shown.top, *shown.rows)]
    values: dict[str, int | datetime | list[int]] = {
        "thread": thread.pk,
        "viewer": viewer.pk,
        "since": since,
        "moderates": moderates,
        "rows": rows,
        "most_new": MOST_NEW + 1,
        "most_waiting": MOST_WAITING,
        "drafts_since": at - KEPT_FOR,
    }
    told: dict[str, dict[int, str]] = {"new": {}, "mark": {}, "wait": {}}
    drafts: list[tuple[str, int, str]] = []
    with connection.cursor() as cursor:
        cursor.execute(TOLD, values)
        for row in cursor.fetchall():
            kind, pk, path = row
            if kind in told:
                told[kind][pk] = path
            else:
                drafts.append(row)
    return told["new"], told["mark"], list(told["wait"]), drafts


def own_slots(comment: Comment, viewer: User, moderates: bool) -> dict[str, str]:
    """Return the slots of a comment that `viewer` wrote or may moderate."""
    slots: dict[str, str] = {f"mine:{comment.pk}": action_links(comment, viewer, moderates)}
    if comment.author_id == viewer.pk:
        # Authors can neither flag their own comments nor mark them as helpful.
        slots[f"help:{comment.pk}"] = slots[f"flag:{comment.pk}"] = ""
    return slots


def action_links(comment: Comment, viewer: User, moderates: bool) -> SafeString:
    """Return the links of the actions that `viewer` may take on `comment`.

    Each label names the comment, because a screen reader's list of links with “Edit” ten times is useless.
    """
    about = {
        "name": comment.shown_author,
        "time": date_format(timezone.localtime(comment.created_at), "DATETIME_FORMAT"),
    }
    offers = []
    if comment.is_editable_by(viewer):
        offers.append((f"/c/{comment.pk}/edit/", _("Edit your comment of %(time)s"), _("Edit")))
    if comment.is_deletable_by(viewer):
        offers.append((f"/c/{comment.pk}/delete/", _("Delete your comment of %(time)s"), _("Delete")))
    if moderates:
        address = f"/admin/posts/case/of/{comment.pk}/"
        offers.append((address, _("Moderate the comment of %(name)s, %(time)s"), _("Moderate")))
    return format_html_join(
        "",
        '<a href="{}" aria-label="{}">{}</a> ',
        ((address, label % about, words) for address, label, words in offers),
    )


def helpful_button(comment: Comment, is_marked: bool) -> SafeString:
    """Return the button that sets a helpful mark, or removes it if `is_marked`.

    The button belongs to the form `acts` at the end of the page.
    """
    fast = cast(Jinja2, engines["fast"])
    button = vars(fast.env.get_template("posts/reading/fragments/helpful.jinja").module)["helpful"]
    words = words_of_button(get_language())
    return mark_safe(button(comment.pk, escape(comment.public_name), is_marked, words))  # noqa: S308


def helpful_buttons(names: Mapping[int, str]) -> dict[int, str]:
    """Return the button of `helpful_button` for many comments, {id: HTML}. `names` is {id: author's name as HTML}."""
    button = _button_of_anybody(get_language())
    return {pk: button.replace(PK, str(pk)).replace(NAME, name) for pk, name in names.items()}


@cache
def _button_of_anybody(language: str) -> str:
    """Return the button in `language` with PK and NAME in the place of the id and the name."""
    fast = cast(Jinja2, engines["fast"])
    button = vars(fast.env.get_template("posts/reading/fragments/helpful.jinja").module)["helpful"]
    return str(button(PK, NAME, False, words_of_button(language)))


@cache
def words_of_button(language: str) -> dict[str, str]:
    """Return the texts of the button in `language`, escaped. The second has a placeholder for a name."""
    # Translators: %s is a name
    return {"helped_me": escape(_("Helped me")), "by_whom": escape(_("(by %s)"))}


def _lay_new(
    slots: dict[str, str], thread: Thread, shown: "TreePage", new: dict[int, str], here: list[Comment]
) -> None:
    """Add the slots that mark new comments.

    Each new comment gets links to the previous and the next one. Folded branches get the number of new comments in
    them.
    """
    there = {row.id for row in here}
    elsewhere = sorted((path, pk) for pk, path in new.items() if pk not in there)
    addresses = [f"#c{row.pk}" for row in here]
    bar = {
        "thread": thread,
        "number": min(len(new), MOST_NEW),
        "has_more": len(new) > MOST_NEW,
        "first": addresses[0] if here else f"/c/{elsewhere[0][1]}/",
        "since": pagination.microseconds(thread.last_activity_at),
    }
    slots["since:0"] = render_to_string("posts/reading/fragments/new_since.html", bar)
    for index, row in enumerate(here):
        before = addresses[index - 1] if index else _nearest(elsewhere, row.path, backward=True)
        after = addresses[index + 1] if index + 1 < len(here) else _nearest(elsewhere, row.path, backward=False)
        slots[f"new:{row.pk}"] = new_tag(before, after)
    # for each path, the number of new comments below it
    below = Counter(path[:end] for path in new.values() for end in range(WIDTH, len(path), WIDTH))
    branches = [row for row in shown.rows if row.path in below]
    shown_below = Counter(row.parent_id for row in here)
    for row in branches:
        shown_below[row.parent_id] += below[row.path]
    language = get_language()
    for row in branches:
        number = below[row.path]
        slots[f"fold:{row.id}"] = _so_many_new(language, number)
        left_out = number - shown_below[row.id]
        if left_out > 0:
            slots[f"more:{row.id}"] = _so_many_new(language, left_out)


def new_tag(before: str = "", after: str = "") -> SafeString:
    """Return the mark of a new comment, with links to the new comments `before` and `after` it if there are any.

    The links are for those who use the keyboard or no scripts, and for the script of the bar above the tree.
    """
    links = ((before, "prev", _("previous new")), (after, "next", _("next new")))
    return format_html(' <span class="tag tag-new">{}</span>', _("new")) + format_html_join(
        "", ' <a class="to-new" href="{}" rel="{}">{}</a>', (link for link in links if link[0])
    )


@lru_cache(MOST_NEW)
def _so_many_new(language: str, number: int) -> SafeString:
    """Return the words for a number of new comments. The active `language` is a part of the cache's key."""
    return format_html(
        '<span class="so-many-new">, {}</span>', ngettext("%(n)d new", "%(n)d new", number) % {"n": number}
    )


def _nearest(elsewhere: list[tuple[str, int]], path: str, *, backward: bool) -> str:
    """Return the address of the next new comment on another page in reading order, or "" if there is none."""
    if backward:
        earlier = [pk for other, pk in elsewhere if other < path]
        return f"/c/{earlier[-1]}/" if earlier else ""
    later = [pk for other, pk in elsewhere if other > path]
    return f"/c/{later[0]}/" if later else ""


def _lay_waiting(
    slots: dict[str, str], shown: "TreePage", ids: Iterable[int], viewer: User | None, moderates: bool
) -> None:
    """Add the slots of the held and hidden comments `ids`.

    Each goes after the comment that it replies to, or into its own tombstone.
    """
    here = {row.pk for row in shown.rows}
    for comment in Comment.objects.for_display().filter(pk__in=ids).order_by("pk"):
        comment.thread = shown.top.thread
        html = waiting(comment, viewer, moderates)
        if comment.pk in here:
            place = f"wait:{comment.pk}"
        elif comment.parent_id in here:
            place = f"wait:{comment.parent_id}"
        elif comment.parent_id == shown.top.pk:
            place = "waits:0"
        else:
            continue
        slots[place] = slots.get(place, "") + html
