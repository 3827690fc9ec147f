"""What the desk's first page shows."""

from django import template

from posts.moderation.admin.queue import shown

register = template.Library()


@register.inclusion_tag("posts/moderation/admin/queue_list.html", takes_context=True)
def queue(context):
    """The queue."""
    request = context["request"]
    return {**shown(request), "user": request.user, "csrf_token": context.get("csrf_token")}
