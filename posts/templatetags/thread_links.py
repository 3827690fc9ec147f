"""Addresses inside a tree that need more than the number of a comment."""

from django import template
from django.utils.html import format_html
from django.utils.http import urlencode

from posts import page

register = template.Library()


@register.simple_tag
def rest_of(more, order, inline=False):
    """Where what a cut left out (a tree.More) is read: the branch page, or its rest to be put `inline` in its place."""
    query = {"order": order} if order else {}
    if more.after is not None:
        query["after"] = page.ORDERS[order or "oldest"].position_of(more.after)
    if inline:
        query["level"] = more.level
        if more.in_words:
            query["words"] = 1
    return format_html("/c/{}/branch/{}", more.parent.pk, f"?{urlencode(query)}" if query else "")
