"""A template tag for the start page of the admin."""

from django import template
from django.template import Context

from posts.moderation.admin.queue import shown

register = template.Library()


@register.inclusion_tag("posts/moderation/admin/queue_list.html", takes_context=True)
def queue(context: Context) -> dict:
    """Show the review queue."""
    request = context["request"]
    return {**shown(request), "user": request.user, "csrf_token": context.get("csrf_token")}
