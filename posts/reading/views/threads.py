"""Views of the front page, of a thread and of a branch."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.models import User
from forum import pagecache, pages, pagination
from forum.cookies import is_visitor
from forum.requests import HtmxRequest
from posts.models import Comment, Thread
from posts.reading import front as front_page
from posts.reading import guest_cookie, progress, rendering, slots
from posts.reading.location import Location
from posts.threads import permissions


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Show the featured thread, then the other pinned ones, then the rest by latest activity.

    The featured thread is the one pinned last, or if none is pinned the one with the latest activity.
    """
    visible = Thread.objects.visible_to(request.user)
    position = pagination.parse_position(request.GET.get("after", ""))
    latest = visible.latest_first()
    rows = list(
        (pagination.after_position(latest, "last_activity_at", position) if position else latest)[
            : settings.THREADS_PER_PAGE + 1
        ]
    )
    threads = rows[: settings.THREADS_PER_PAGE]
    last = threads[-1] if len(rows) > len(threads) else None
    pinned = list(visible.pinned()[:20]) if position is None else []
    listed = front_page.rows(pinned + threads, request.user)
    featured = listed.pop(0) if listed and position is None else None
    context = {
        "featured": featured,
        "voices": front_page.voices(featured.thread, featured.opening) if featured else [],
        "rows": listed,
        "is_first": position is None,
        "after": last and pagination.position_of(last.last_activity_at, last.pk),
        "may_start": permissions.may_start_thread(request.user),
        "median_wait": (wait := front_page.median_wait()) and pages.in_words(max(wait, timedelta(minutes=1))),
    }
    return render(request, "posts/reading/front.html", context)


@vary_on_headers("HX-Request")
@require_safe
def thread(request: HtmxRequest, pk: int, slug: str = "") -> HttpResponse:
    """Show a thread: its opening post, its questions, and a page of the comments under one of its tabs."""
    found = _for_reading(request.user, pk=pk)
    if request.path != found.get_absolute_url():
        query = request.GET.urlencode()
        return redirect(found.get_absolute_url() + (f"?{query}" if query else ""), permanent=True)
    location = Location.of(request.GET, found.asks)
    version = _version_to_keep(request, found, location)
    if version and (kept := pagecache.still_holds(request, version)):
        return kept
    reveals = found.withdrawn_at is not None
    rendered = rendering.render_page(found, location, found.opening_pk, reveals=reveals)
    return _talk(request, found, location, rendered, "posts/reading/thread.html", version)


@vary_on_headers("HX-Request")
@require_safe
def branch(request: HtmxRequest, pk: int) -> HttpResponse:
    """Show a comment with short versions of the comments above it and pages of the replies below it.

    With htmx, return only the rest of its replies.
    """
    found = _for_reading(request.user, top=pk)
    top = found.top
    if top is None or top.depth == 0 or not top.is_known_to(request.user):
        raise Http404
    location = Location.of(request.GET)
    version = _version_to_keep(request, found, location)
    if version and (kept := pagecache.still_holds(request, version)):
        return kept
    if request.htmx:
        return _rest(request, found, top, location)
    reveals = not top.is_published and top.has_text_for(request.user)
    rendered = rendering.render_page(found, location, pk, top, reveals)
    return _talk(request, found, location, rendered, "posts/reading/branch.html", version)


def _for_reading(viewer: User | AnonymousUser, **which: int) -> Thread:
    """Return the thread as `Thread.objects.for_reading` loads it. Raises Http404 if the viewer may not know of it."""
    found = Thread.objects.for_reading(viewer, **which)
    if found is None:
        raise Http404
    return found


def _version_to_keep(request: HtmxRequest, found: Thread, location: Location) -> tuple | None:
    """Return the version under which the page cache stores a visitor's page, or None if the page must not be stored.

    See forum.pagecache.
    """
    is_for_everybody = is_visitor(request.META) and not request.user.is_authenticated and not request.htmx
    if not is_for_everybody or not location.is_as_written(request.META.get("QUERY_STRING", "")):
        return None
    return found.pk, *found.drawn_version(timezone.now()), timezone.localdate()


def _talk(
    request: HttpRequest,
    found: Thread,
    location: Location,
    rendered: rendering.RenderedPage,
    template: str,
    version: tuple | None,
) -> HttpResponse:
    """Return the page with the viewer's slots filled, or through the page cache if there is a `version`."""
    at, filled = timezone.now(), None
    context = {"thread": found, "top": rendered.page.top, "location": location}
    if version:
        context["content"] = rendered.text()
        keeps = bool(rendered.page.rows or not location.way)
        return pagecache.render_for_everybody(request, version, template, context, keeps=keeps)
    if request.user.is_authenticated:
        filled = _mine(request.user, found, rendered, at)
        if request.method == "GET":
            progress.record_visit(reader=request.user, thread=found, reading=found.reading, at=at)
    elif ids := guest_cookie.ids_of(request):
        filled = slots.slots_for_guest(rendered.page, ids)
    return render(request, template, context | {"content": rendered.text(filled)})


def _rest(request: HttpRequest, found: Thread, top: Comment, location: Location) -> HttpResponse:
    """Return the next items of a list that was cut, for insertion into the page by htmx."""
    rendered = rendering.render_rest(found, location, top)
    filled = _mine(request.user, found, rendered, timezone.now()) if request.user.is_authenticated else None
    after = rendered.page.after
    context = {
        "tree": rendered.text(filled),
        "top": rendered.page.top,
        "after": after and location.query(after=after),
    }
    return render(request, "posts/reading/fragments/rest.html", context)


def _mine(member: User, found: Thread, rendered: rendering.RenderedPage, at: datetime) -> dict[str, str]:
    return slots.slots_for_member(found, rendered.page, member, found.reading, at)
