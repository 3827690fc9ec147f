"""Views for readers: new arrivals, marking a thread as read, folding a branch, helpful marks."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from accounts.models import User
from accounts.requests import MemberRequest
from forum import pagination, ratelimit
from forum.requests import HtmxRequest
from posts.models import Comment, Helpful, Thread
from posts.reading import progress, queries, rendering, slots
from posts.reading.views.comments import readable
from posts.threads.exceptions import Refused

MOST_ARRIVALS = 50
# The cookie with the comment that a visitor marked before signing in, and its lifetime in seconds. It needs no session,
# and other sites cannot set it.
PRESSED, PRESSED_FOR = "helped", 60 * 60


@require_safe
def arrivals(request: HttpRequest, pk: int) -> HttpResponse:
    """Return what others have written in a thread since `?since=`, or 304 if there is nothing.

    Each comment is inserted below the comment it replies to. If there is nothing new, this takes one small query.
    `?here=1` says that the page is still being read, so a member's visit is extended.
    """
    since = pagination.parse_microseconds(request.GET.get("since", ""))
    known = Thread.objects.filter(pk=pk, withdrawn_at=None)
    # Most polls need only the time. `first` would add an order.
    found = next(iter(known.only("last_activity_at")), None)
    if since is None or found is None:
        raise Http404
    if request.GET.get("here") and request.user.is_authenticated:
        progress.extend_visit(reader=request.user, thread=found, until=since, at=timezone.now())
    if found.last_activity_at <= since:
        return HttpResponseNotModified(headers={"ETag": f'"{request.GET["since"]}"'})
    found = get_object_or_404(known)
    new = Comment.objects.published_since(found, since).for_display().select_related("parent__author")
    if request.user.is_authenticated:
        new = new.exclude(author=request.user)
    rows = list(new[: MOST_ARRIVALS + 1])
    shown, has_more = rows[:MOST_ARRIVALS], len(rows) > MOST_ARRIVALS
    last = shown[-1].published_at if has_more else None
    context = {
        "thread": found,
        "arrivals": [rendering.arrival(found, comment, request.user, is_new=True) for comment in shown],
        "has_more": has_more,
        # The next request continues from here.
        "since": pagination.microseconds(last or found.last_activity_at),
    }
    return render(request, "posts/reading/fragments/arrivals.html", context)


@login_required
@require_POST
def read(request: MemberRequest, pk: int) -> HttpResponse:
    """Mark as read what was in a thread when the page with the button was made (`until`)."""
    found = get_object_or_404(Thread.objects.visible_to(request.user), pk=pk)
    until = pagination.parse_microseconds(request.POST.get("until", "")) or found.last_activity_at
    progress.mark_read(reader=request.user, thread=found, until=until)
    return redirect(_where_from(request) or found)


@login_required
@require_POST
def fold(request: MemberRequest, pk: int) -> HttpResponse:
    """Record whether the branch below a comment is folded (`folded` is 1 or 0)."""
    progress.fold(reader=request.user, comment=readable(request, pk), is_folded=request.POST.get("folded") == "1")
    return HttpResponse(status=204)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def helpful(request: HtmxRequest, pk: int) -> HttpResponse:
    """Set a helpful mark (`mark` is 1) or remove it.

    Returns the new button with htmx, or redirects to the comment. Visitors are sent to the sign-in page and come back
    to the comment. Their pages have no CSRF token and their request changes nothing, so the view is exempt from the
    check. `_mark` does it for members.
    """
    comment = readable(request, pk)
    if not request.user.is_authenticated:
        messages.info(request, _("Please sign in to say that a comment helped you. Then you come back to it."))
        way = redirect_to_login(request.path)
        # Without this, htmx would put the sign-in page in the place of the button.
        response = HttpResponseClientRedirect(way.url) if request.htmx else way
        if _where_from(request):
            # Only a request from a page of this site is remembered.
            response.set_signed_cookie(
                PRESSED,
                str(pk),
                salt=PRESSED,
                max_age=PRESSED_FOR,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response
    if request.method == "POST":
        return _mark(request, request.user, comment)
    response = redirect(comment)
    if request.get_signed_cookie(PRESSED, "", salt=PRESSED, max_age=PRESSED_FOR) == str(pk):
        _say_what_was_pressed(request, comment)
        response.delete_cookie(PRESSED, samesite="Lax")
    return response


def _say_what_was_pressed(request: HttpRequest, comment: Comment) -> None:
    """Mark `comment` for a member who pressed the button before signing in."""
    try:
        ratelimit.take(request, "helpful")
        progress.mark_helpful(reader=request.user, comment=comment, is_helpful=True)
    except (Refused, ratelimit.RateLimited) as refusal:
        messages.info(request, refusal.sentence)
    else:
        messages.success(request, _("You said that this comment helped you."))


@csrf_protect
def _mark(request: HtmxRequest, member: User, comment: Comment) -> HttpResponse:
    try:
        ratelimit.take(request, "helpful")
        is_marked = progress.mark_helpful(reader=member, comment=comment, is_helpful=request.POST.get("mark") == "1")
    except ratelimit.RateLimited as refusal:
        if not request.htmx:
            raise
        return _too_soon(member, comment, refusal)
    except Refused as refusal:
        if request.htmx:
            # The page with the button is outdated.
            return HttpResponseClientRefresh()
        return render(
            request, "posts/writing/closed.html", {"comment": comment, "sentence": refusal.sentence}, status=409
        )
    if request.htmx:
        comment.refresh_from_db(fields=["helpful_count"])
        # The text beside the button changes with it.
        words = '<span class="helped" id="h{}" data-hx-swap-oob="true">{}</span>'
        return HttpResponse(slots.helpful_button(comment, is_marked) + format_html(words, comment.pk, comment.helped))
    return redirect((_where_from(request) or queries.address_of(comment)).partition("#")[0] + f"#c{comment.pk}")


def _too_soon(member: User, comment: Comment, refusal: ratelimit.RateLimited) -> HttpResponse:
    """Return the response 429 to htmx for a mark that the rate limit refuses: the unchanged button and the reason."""
    is_marked = Helpful.objects.filter(person=member, comment=comment).exists()
    sentence = format_html(
        '<span class="helped" id="h{}" role="alert" data-hx-swap-oob="true">{}</span>', comment.pk, refusal.sentence
    )
    response = HttpResponse(slots.helpful_button(comment, is_marked) + sentence, status=429)
    response["Retry-After"] = str(refusal.wait)
    return response


def _where_from(request: HttpRequest) -> str | None:
    """Return the address of the page of this site with the button, or None if the browser does not send it."""
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    # without a scheme, `redirect` would take it for the name of a view
    return came_from if is_ours and came_from.startswith(("http://", "https://")) else None
