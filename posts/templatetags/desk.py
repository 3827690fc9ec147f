"""What the desk's first page shows."""

from django import template

from posts.admin.queue import shown

register = template.Library()


@register.inclusion_tag("admin/posts/case/queue_list.html", takes_context=True)
def queue(context):
    """The queue."""
    request = context["request"]
    return {**shown(request), "user": request.user, "csrf_token": context.get("csrf_token")}
