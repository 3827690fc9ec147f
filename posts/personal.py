"""What is mine on a page that is the same for everybody: laid on after the tree is drawn.

The tree's HTML holds a marker in each comment; here the markers of the comments that concern the viewer are replaced
by links to pages of their own, and the others vanish. So the tree can be kept and shared, and works without scripts.
"""

import re

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

MARKER = re.compile(r"<!--mine:(\d+)-->")


def lay_on(html, comments, viewer):
    """`html` with the links that `viewer` may use on each of `comments` in place of its marker."""
    links = {str(comment.pk): _links(comment, viewer) for comment in comments} if viewer.is_authenticated else {}
    return MARKER.sub(lambda found: links.get(found.group(1), ""), html)


def _links(comment, viewer):
    """Each link says in words which comment it is about: a list of links with “Edit” ten times tells nothing."""
    about = {
        "name": comment.shown_author,
        "time": date_format(timezone.localtime(comment.created_at), "DATETIME_FORMAT"),
    }
    offers = []
    if comment.is_editable_by(viewer):
        offers.append((f"/c/{comment.pk}/edit/", _("Edit your comment of %(time)s"), _("Edit")))
    if comment.is_deletable_by(viewer):
        offers.append((f"/c/{comment.pk}/delete/", _("Delete your comment of %(time)s"), _("Delete")))
    if viewer.can_moderate():
        address = f"/desk/posts/comment/{comment.pk}/change/"
        offers.append((address, _("Moderate the comment of %(name)s, %(time)s"), _("Moderate")))
    return format_html_join(
        "",
        '<a href="{}" aria-label="{}">{}</a> ',
        ((address, label % about, words) for address, label, words in offers),
    )
