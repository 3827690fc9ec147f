"""The view of a comment's revisions."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from forum.numbers import number_in
from posts.models import Comment, Revision
from posts.reading import diff
from posts.reading.views.comments import readable

# How many versions before and after the one that is shown get links.
AROUND = 20


@require_safe
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the versions of a comment, and the changes from the previous one to the one that `?version=` names.

    Only moderators see a version that a moderator withheld, and the changes from it and to it.
    """
    comment = readable(request, pk)
    if not comment.has_text_for(request.user):
        raise Http404
    last = (comment.revisions.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    number = _number(request.GET.get("version", ""), last)
    shown, before = _texts(comment, number)
    moderates = request.user.is_authenticated and request.user.moderates
    withheld = any(version.withheld_at for version in (shown, before) if version)
    context = {
        "comment": comment,
        "number": number,
        "last": last,
        "versions": _versions(comment, number),
        "is_withheld": withheld,
        "may_see": moderates or not withheld,
        "moderates": moderates,
        "shown": shown,
        "before": before,
    }
    if context["may_see"]:
        now = shown.source if shown else comment.source
        context["parts"] = diff.parts(before.source, now) if before else [diff.Part(diff.KEPT, now)]
    return render(request, "posts/reading/history.html", context)


def _number(asked: str, last: int) -> int:
    if not asked:
        return last
    number = number_in(asked)
    if number is None or not 1 <= number <= last:
        raise Http404
    return int(asked)


def _texts(comment: Comment, number: int) -> tuple[Revision | None, Revision | None]:
    """Return the Revision of the version `number` and that of the version before it.

    The first is None for the present text. The second is None if there is no earlier version.
    """
    kept = {revision.number: revision for revision in comment.revisions.filter(number__in=[number - 1, number])}
    return kept.get(number), kept.get(number - 1)


def _versions(comment: Comment, number: int) -> list[tuple[int, datetime]]:
    """Return [(number, since when)] of the versions around `number`, the latest first."""
    nearby = comment.revisions.filter(number__gte=number - AROUND - 1, number__lte=number + AROUND)
    since = {revision + 1: at for revision, at in nearby.values_list("number", "replaced_at")}
    if number - AROUND <= 1:
        since[1] = comment.created_at
    return sorted(since.items(), reverse=True)
