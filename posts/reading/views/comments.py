"""A single comment: its permalink, and the check whether a viewer may know of it."""

from django.http import Http404
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from posts.models import Comment
from posts.reading import queries


@require_safe
def permalink(request, pk):
    """Leads to the comment on whichever page of its thread it stands."""
    return redirect(queries.address_of(readable(request, pk)))


def readable(request, pk):
    """The comment, if this viewer may know of it; Http404 otherwise."""
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
