"""Views of drafts, which are saved while a member types."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from forum import pagination, ratelimit
from forum.requests import HtmxRequest
from posts.models import Comment, Draft
from posts.models.draft import MOST_BYTES, MOST_DRAFTS, PLACE, address_of
from posts.threads.exceptions import Refused
from posts.writing import drafts as writing_drafts


@require_http_methods(["GET", "HEAD", "POST"])
def drafts(request: HttpRequest) -> HttpResponse:
    """Show the member's drafts, the latest first.

    A POST with `place`, `key` and the fields of a form saves a draft and returns 204, or 413 with a sentence if
    there is no space for it. The browser then keeps it.
    """
    if request.method == "POST":
        return _keep(request)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    position = pagination.parse_position(request.GET.get("after", ""))
    mine = (
        Draft.objects.kept(request.user, timezone.now())
        .select_related("comment__author", "comment__thread")
        .order_by("-saved_at", "-id")
    )
    rows = list(
        (pagination.after_position(mine, "saved_at", position) if position else mine)[: settings.THREADS_PER_PAGE + 1]
    )
    shown = rows[: settings.THREADS_PER_PAGE]
    for draft in shown:
        draft.person = request.user
    last = shown[-1] if len(rows) > len(shown) else None
    context = {
        "drafts": shown,
        "most": MOST_DRAFTS,
        "most_bytes": MOST_BYTES,
        "is_first": position is None,
        "after": last and pagination.position_of(last.saved_at, last.pk),
    }
    return render(request, "posts/writing/drafts.html", context)


def _keep(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        raise Http404
    data = request.POST
    try:
        ratelimit.take(request, "draft")
        writing_drafts.save(
            person=request.user, place=data.get("place", ""), fields=data, key=data.get("seen") or data.get("key", "")
        )
    except Comment.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        return HttpResponse(str(refusal), status=413, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


@require_POST
def discard(request: HtmxRequest) -> HttpResponse:
    """Discard the draft at `place`, and redirect to its form or to the list of drafts."""
    place = request.POST.get("place", "")
    if not request.user.is_authenticated or PLACE.fullmatch(place) is None:
        raise Http404
    writing_drafts.discard(person=request.user, place=place)
    if request.htmx:
        return HttpResponse(status=204)
    return redirect("drafts" if "listed" in request.POST else address_of(place))
