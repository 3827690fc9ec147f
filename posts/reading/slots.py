"""What is mine on a page that is the same for everybody: laid on after the page is drawn.

Links to pages of their own, buttons of one form at the end of the page, and words: so it all works without scripts.
One query tells what is new, what waits for a review, what I called helpful, and what I have not sent yet.
"""

from collections import Counter
from functools import cache

from django.db import connection
from django.template import engines
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from forum import pagination
from posts.models import Comment
from posts.models import path as models_path
from posts.models.draft import KEPT_FOR
from posts.models.visibility import WAITING

# New comments are told one by one up to this number; beyond it the page says “more than”.
MOST_NEW = 500
MOST_WAITING = 50


# The first of what is new, what waits, and what of the page helped the viewer: (kind, id, path), each by an index of
# its own; and their latest drafts: ("reply" or "edit", id, whom it answers).
# Written out, because every member's page asks it, and building it each time costs more than asking it.
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


def slots_for_member(thread, shown, viewer, reading, at):
    """What to lay on the TreePage `shown` for the member `viewer` at the moment `at`: {place: HTML} for Drawn.text.

    `reading` is their Reading of the thread, or None on the first visit, when nothing is new.
    """
    moderates = viewer.moderates
    # on a first visit nothing was published after now
    since = reading.new_since_at(at) if reading else at
    new, marked, ids_waiting, drafts = _told(thread, shown, viewer, since, at, moderates)
    slots = {}
    for comment in (shown.top, *shown.rows):
        if comment.author_id == viewer.pk or moderates:
            slots |= own_slots(comment, viewer, moderates)
        if comment.pk in marked:
            slots[f"help:{comment.pk}"] = helpful_button(comment, True)
            # the drawing may be some seconds older than the viewer's own mark
            slots[f"helped:{comment.pk}"] = escape(str(Comment(helpful_count=int(marked[comment.pk])).helped))
    if new:
        here = [
            row for row in shown.rows if row.is_published and row.published_at > since and row.author_id != viewer.pk
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
    return slots


def slots_for_guest(shown, ids):
    """What to lay on the TreePage `shown` for a guest who wrote the comments `ids`: those that still wait."""
    waiting = Comment.objects.filter(WAITING, pk__in=ids, author=None, thread=shown.top.thread_id).values_list(
        "pk", flat=True
    )
    slots = {}
    _lay_waiting(slots, shown, list(waiting), None, moderates=False)
    return slots


def waiting(comment, viewer, moderates=False, is_fresh=False):
    """The HTML of a comment that only `viewer` (None: a guest, on their device) sees yet, or a moderator.

    `is_fresh`: it was sent just now, and takes the focus.
    """
    context = {
        "c": comment,
        "acts": action_links(comment, viewer, moderates) if viewer else "",
        "is_mine": not moderates,
        "is_guest": viewer is None,
        "is_fresh": is_fresh,
    }
    return render_to_string("posts/reading/waiting.html", context)


def _told(thread, shown, viewer, since, at, moderates):
    """({id: path} of the first of what is new, {id: count} of what helped, ids of what waits, rows of drafts)."""
    rows = [row.pk for row in (shown.top, *shown.rows)]
    values = {
        "thread": thread.pk,
        "viewer": viewer.pk,
        "since": since,
        "moderates": moderates,
        "rows": rows,
        "most_new": MOST_NEW + 1,
        "most_waiting": MOST_WAITING,
        "drafts_since": at - KEPT_FOR,
    }
    told, drafts = {"new": {}, "mark": {}, "wait": {}}, []
    with connection.cursor() as cursor:
        cursor.execute(TOLD, values)
        for row in cursor.fetchall():
            kind, pk, path = row
            if kind in told:
                told[kind][pk] = path
            else:
                drafts.append(row)
    return told["new"], told["mark"], list(told["wait"]), drafts


def own_slots(comment, viewer, moderates):
    """The slots of a comment that is the viewer's own, or that they moderate."""
    slots = {f"mine:{comment.pk}": action_links(comment, viewer, moderates)}
    if comment.author_id == viewer.pk:
        # what one wrote oneself is for others to be helped by, and to flag
        slots[f"help:{comment.pk}"] = slots[f"flag:{comment.pk}"] = ""
    return slots


def action_links(comment, viewer, moderates):
    """The links that `viewer` may use on `comment`.

    Each says in words which comment it is about: a list of links with “Edit” ten times tells nothing.
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


def helpful_button(comment, is_marked):
    """The button of a mark, of the form `acts` at the end of the page; pressed again it takes the mark back."""
    button = engines["fast"].get_template("posts/reading/fragments/helpful.jinja").template.module.helpful
    words = words_of_button(get_language())
    return mark_safe(button(comment.pk, escape(comment.public_name), is_marked, words))  # noqa: S308


@cache
def words_of_button(language):
    """What the button says in `language`, escaped; the second has a place for a name."""
    # Translators: %s is a name
    return {"helped_me": escape(_("Helped me")), "by_whom": escape(_("(by %s)"))}


def _lay_new(slots, thread, shown, new, here):
    """“new” beside each new comment with ways to the one before and the next, and how many are in a folded branch."""
    there = {row.pk for row in here}
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
    # numbers and our own words: nothing in them needs escaping but the words
    tag, previous_words, next_words = new_tag(), escape(_("previous new")), escape(_("next new"))
    for index, row in enumerate(here):
        before = addresses[index - 1] if index else _nearest(elsewhere, row.path, backward=True)
        after = addresses[index + 1] if index + 1 < len(here) else _nearest(elsewhere, row.path, backward=False)
        links = "".join(
            f' <a class="to-new" href="{address}" rel="{rel}">{words}</a>'
            for address, rel, words in ((before, "prev", previous_words), (after, "next", next_words))
            if address
        )
        slots[f"new:{row.pk}"] = tag + links
    below = Counter(pk for path in new.values() for pk in models_path.ids_of(path)[:-1])
    shown_below = Counter(row.parent_id for row in here)
    for row in shown.rows:
        shown_below[row.parent_id] += below[row.pk]
    for pk in {row.pk for row in shown.rows} & set(below):
        slots[f"fold:{pk}"] = _so_many_new(below[pk])
        left_out = below[pk] - shown_below[pk]
        if left_out > 0:
            slots[f"more:{pk}"] = _so_many_new(left_out)


def new_tag():
    """What marks a new comment."""
    return format_html(' <span class="tag tag-new">{}</span>', _("new"))


def _so_many_new(number):
    return format_html(
        ' <span class="tag tag-new">{}</span>', ngettext("%(n)d new", "%(n)d new", number) % {"n": number}
    )


def _nearest(elsewhere, path, *, backward):
    """The address of the new comment on another page that comes next in reading order; "" if there is none."""
    if backward:
        earlier = [pk for other, pk in elsewhere if other < path]
        return f"/c/{earlier[-1]}/" if earlier else ""
    later = [pk for other, pk in elsewhere if other > path]
    return f"/c/{later[0]}/" if later else ""


def _lay_waiting(slots, shown, ids, viewer, moderates):
    """Comments that only their author (or a moderator) sees yet: behind what they reply to, or in their tombstone."""
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
