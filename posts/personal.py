"""What is mine on a page that is the same for everybody: laid on after the tree is drawn.

The tree's HTML holds a marker in each comment; here the markers of the comments that concern the viewer are replaced
by links to pages of their own, and the others vanish. So the tree can be kept and shared, and works without scripts.
"""

import re

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

MARKER = re.compile(r"<!--mine:(\d+)-->")


def lay_on(html, comments, viewer):
    """`html` with the links that `viewer` may use on each of `comments` in place of its marker."""
    links = {str(comment.pk): _links(comment, viewer) for comment in comments} if viewer.is_authenticated else {}
    return MARKER.sub(lambda found: links.get(found.group(1), ""), html)


def _links(comment, viewer):
    offers = []
    if comment.is_editable_by(viewer):
        offers.append((f"/c/{comment.pk}/edit/", _("Edit")))
    if comment.is_deletable_by(viewer):
        offers.append((f"/c/{comment.pk}/delete/", _("Delete")))
    if viewer.is_staff:
        offers.append((f"/desk/posts/comment/{comment.pk}/change/", _("Moderate")))
    name = comment.shown_author
    return format_html_join(
        "",
        '<a href="{}">{}</a> ',
        ((address, format_html('{}<span class="unseen"> {}</span>', words, name)) for address, words in offers),
    )
