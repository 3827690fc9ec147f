"""Template tags of the moderation admin."""

from django import template
from django.template import Context

from posts.models import Comment
from posts.moderation.admin.queue import shown

register = template.Library()


@register.inclusion_tag("posts/moderation/admin/queue_list.html", takes_context=True)
def queue(context: Context) -> dict:
    """Show the review queue."""
    request = context["request"]
    return {**shown(request), "user": request.user, "csrf_token": context.get("csrf_token")}


@register.filter
def thread_title(comment: Comment, is_masked: bool) -> str:
    """Return the title of the comment's thread, unless it is part of a masked text."""
    return comment.thread_title(is_masked)
