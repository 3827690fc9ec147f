"""The permalink of a comment, and the check whether a viewer may know of a comment."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from posts.models import Comment
from posts.reading import queries


@require_safe
def permalink(request: HttpRequest, pk: int) -> HttpResponse:
    """Redirect to the page that shows the comment."""
    return redirect(queries.address_of(readable(request, pk)))


def readable(request: HttpRequest, pk: int) -> Comment:
    """Return the comment, or raise Http404 if the viewer may not know of it."""
    found = (
        Comment.objects.visible_to(request.user)
        .select_related("thread", "author", "parent__author", "verification")
        .filter(pk=pk)
        .first()
    )
    moderates = request.user.is_authenticated and request.user.moderates
    if found is None or (found.thread.withdrawn_at is not None and not moderates):
        raise Http404
    return found
