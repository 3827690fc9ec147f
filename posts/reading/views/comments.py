"""The permalink of a comment, and the check whether a viewer may know of a comment."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.models import User
from posts.models import Comment
from posts.reading import queries


@require_safe
def permalink(request: HttpRequest, pk: int) -> HttpResponse:
    """Redirect to the page that shows the comment."""
    return redirect(queries.address_of(readable(request, pk)))


def readable(request: HttpRequest, pk: int) -> Comment:
    """Return the comment, or raise Http404 if the viewer may not know of it."""
    rows = Comment.objects.visible_to(request.user).select_related("thread", "author", "verification").filter(pk=pk)
    # first() would sort, which for so many columns takes Django as long as the rest of the query
    found = next(iter(rows), None)
    if found is None:
        raise Http404
    viewer = request.user
    if found.thread.withdrawn_at is not None and not (
        viewer.is_authenticated and (viewer.moderates or _is_own_waiting_opening(found, viewer))
    ):
        raise Http404
    return found


def _is_own_waiting_opening(comment: Comment, viewer: User) -> bool:
    """Return whether `viewer` wrote this opening post of a held thread (as in ThreadQuerySet.for_reading)."""
    return comment.depth == 0 and comment.author_id == viewer.pk and not (comment.removed_at or comment.deleted_at)
