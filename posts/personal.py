"""What is mine on a page that is the same for everybody: laid on after the page is drawn.

Links to pages of their own, buttons of one form at the end of the page, and words: so it all works without scripts.
One query tells what is new, what waits for a review, and what I called helpful.
"""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import CharField, F, Value
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from posts import tree
from posts.models import Comment, Helpful

# New comments are told one by one up to this number; beyond it the page says “more than”.
MOST_NEW = 500
MOST_WAITING = 50


@dataclass
class Overlay:
    """`places` for Drawn.text, and what is told above the tree: `new_count` (at most MOST_NEW, then `has_more_new`),
    the address of the first new comment, and comments of one's own that wait and reply to the page's top."""

    places: dict = field(default_factory=dict)
    new_count: int = 0
    has_more_new: bool = False
    first_new: str = ""
    waiting: str = ""


def overlay_of(thread, shown, viewer, reading, at):
    """The Overlay of the TreePage `shown` for the member `viewer`, whose Reading (or None) it is at the moment `at`."""
    new, waiting, helpful = _told(thread, shown, viewer, reading and reading.new_since_at(at))
    overlay = Overlay(new_count=len(new), has_more_new=len(new) > MOST_NEW)
    overlay.new_count = min(overlay.new_count, MOST_NEW)
    _lay_acts(overlay, shown, viewer, helpful)
    _lay_new(overlay, shown, new)
    _lay_waiting(overlay, shown, waiting, viewer)
    for pk in reading.folded_at(at) if reading else ():
        overlay.places[f"open:{pk}"] = ""
    return overlay


def _told(thread, shown, viewer, new_since):
    """New comments as {id: path}, waiting Comments, and the ids of the page's comments that `viewer` called helpful."""
    shape = {"kind": Value("", CharField()), "at_path": F("path")}
    waiting = Comment.objects.waiting_in(thread, viewer).order_by()
    marks = Helpful.objects.filter(person=viewer, comment__in=[row.pk for row in (shown.top, *shown.rows)])
    parts = [
        waiting.annotate(**shape | {"kind": Value("wait")}).values_list("kind", "pk", "at_path")[:MOST_WAITING],
        marks.annotate(kind=Value("mark"), at_path=Value("")).values_list("kind", "comment_id", "at_path"),
    ]
    if new_since is not None:
        new = Comment.objects.published_since(thread, new_since).exclude(author=viewer)
        parts.append(
            new.annotate(**shape | {"kind": Value("new")}).values_list("kind", "pk", "at_path")[: MOST_NEW + 1]
        )
    told = {"wait": {}, "mark": {}, "new": {}}
    for kind, pk, path in parts[0].union(*parts[1:], all=True):
        told[kind][pk] = path
    texts = list(Comment.objects.for_display().filter(pk__in=told["wait"])) if told["wait"] else []
    return told["new"], texts, set(told["mark"])


def _lay_acts(overlay, shown, viewer, helpful):
    moderates = viewer.can_moderate()
    for comment in (shown.top, *shown.rows):
        acts = acts_of(comment, viewer, moderates)
        if comment.is_published and comment.author_id != viewer.pk and comment.depth > 0:
            acts = _helpful_button(comment, comment.pk in helpful) + acts
        if acts:
            overlay.places[f"mine:{comment.pk}"] = acts


def acts_of(comment, viewer, moderates):
    """The links that `viewer` may use on `comment`.

    Each says in words which comment it is about: a list of links with “Edit” ten times tells nothing.
    """
    if comment.author_id != viewer.pk and not moderates:
        return ""
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
        address = f"/desk/posts/comment/{comment.pk}/change/"
        offers.append((address, _("Moderate the comment of %(name)s, %(time)s"), _("Moderate")))
    return format_html_join(
        "",
        '<a href="{}" aria-label="{}">{}</a> ',
        ((address, label % about, words) for address, label, words in offers),
    )


def _helpful_button(comment, is_marked):
    """A button of the form `acts` at the end of the page; pressed again it takes the mark back."""
    return format_html(
        '<button class="link-button helpful" form="acts" formaction="/c/{0}/helpful/" name="mark" value="{1}"'
        ' aria-pressed="{2}" aria-label="{3}" data-hx-post="/c/{0}/helpful/"'
        ' data-hx-target="this" data-hx-swap="outerHTML">{4}</button> ',
        comment.pk,
        "0" if is_marked else "1",
        "true" if is_marked else "false",
        _("This helped me: the comment of %(name)s") % {"name": comment.shown_author},
        _("Helped me"),
    )


def helpful_button(comment, is_marked):
    """The button alone, as it answers a press."""
    return _helpful_button(comment, is_marked)


def _lay_new(overlay, shown, new):
    """“new” beside each new comment with ways to the one before and the next, and how many are in a folded branch."""
    if not new:
        return
    here = [row for row in shown.rows if row.pk in new]
    there = {row.pk for row in here}
    elsewhere = sorted((path, pk) for pk, path in new.items() if pk not in there)
    addresses = [f"#c{row.pk}" for row in here]
    overlay.first_new = addresses[0] if here else f"/c/{elsewhere[0][1]}/"
    for index, row in enumerate(here):
        before = addresses[index - 1] if index else _nearest(elsewhere, row.path, backward=True)
        after = addresses[index + 1] if index + 1 < len(here) else _nearest(elsewhere, row.path, backward=False)
        links = format_html_join(
            "",
            ' <a class="to-new" href="{}" rel="{}">{}</a>',
            [
                (address, rel, words)
                for address, rel, words in (
                    (before, "prev", _("previous new")),
                    (after, "next", _("next new")),
                )
                if address
            ],
        )
        overlay.places[f"new:{row.pk}"] = format_html(' <span class="tag tag-new">{}</span>{}', _("new"), links)
    below = Counter(pk for path in new.values() for pk in tree.ids_of(path)[:-1])
    shown_below = Counter(row.parent_id for row in here)
    for row in shown.rows:
        shown_below[row.parent_id] += below[row.pk]
    for pk in {row.pk for row in shown.rows} & set(below):
        overlay.places[f"fold:{pk}"] = _so_many_new(below[pk])
        left_out = below[pk] - shown_below[pk]
        if left_out > 0:
            overlay.places[f"more:{pk}"] = _so_many_new(left_out)


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


def _lay_waiting(overlay, shown, waiting, viewer):
    """Comments that only their author (or a moderator) sees yet: behind what they reply to, or in their tombstone."""
    here = {row.pk for row in shown.rows}
    moderates = viewer.can_moderate()
    for comment in waiting:
        comment.thread = shown.top.thread
        acts = acts_of(comment, viewer, moderates)
        html = render_to_string("posts/waiting.html", {"c": comment, "acts": acts, "is_mine": not moderates})
        if comment.pk in here or comment.parent_id in here:
            place = f"wait:{comment.pk if comment.pk in here else comment.parent_id}"
            overlay.places[place] = overlay.places.get(place, "") + html
        elif comment.parent_id == shown.top.pk:
            overlay.waiting += html
