"""The door to what a comment said before."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from posts.reading import diff
from posts.reading.views.comments import readable

# How many versions before and behind the one that is shown are offered.
AROUND = 20


@require_safe
def history(request, pk):
    """The versions of a comment, and what changed from the one before to the one that `?version=` names.

    What a moderator withheld is shown to moderators only, and so is what changed from it or to it.
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


def _number(asked, last):
    if not asked:
        return last
    if not (asked.isascii() and asked.isdigit() and len(asked) < 9 and 1 <= int(asked) <= last):
        raise Http404
    return int(asked)


def _texts(comment, number):
    """The Revision that holds version `number` (None for the present text) and the one before it (None for none)."""
    kept = {revision.number: revision for revision in comment.revisions.filter(number__in=[number - 1, number])}
    return kept.get(number), kept.get(number - 1)


def _versions(comment, number):
    """(number, since when) of the versions around this one, the latest first."""
    nearby = comment.revisions.filter(number__gte=number - AROUND - 1, number__lte=number + AROUND)
    since = {revision + 1: at for revision, at in nearby.values_list("number", "replaced_at")}
    if number - AROUND <= 1:
        since[1] = comment.created_at
    return sorted(since.items(), reverse=True)
