"""Doors to threads: the front page, a thread, a new thread."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from forum import pagination
from posts import page, personal
from posts.actions import refusals, writing
from posts.forms import ThreadForm
from posts.models import Comment, Thread
from posts.views.attempt import attempted, sent, signed_out


@require_safe
def front(request):
    """All threads: the pinned ones, then by latest activity."""
    visible = Thread.objects.visible_to(request.user)
    position = pagination.parse_position(request.GET.get("after", ""))
    latest = visible.latest_first()
    rows = list((pagination.after_position(latest, "last_activity_at", position) if position else latest)[
        : settings.THREADS_PER_PAGE + 1
    ])  # fmt: skip
    threads = rows[: settings.THREADS_PER_PAGE]
    last = threads[-1] if len(rows) > len(threads) else None
    context = {
        "pinned": [] if position else visible.pinned()[:20],
        "threads": threads,
        "is_first": position is None,
        "after": last and pagination.position_of(last.last_activity_at, last.pk),
        "may_start": writing.may_start_thread(request.user),
    }
    return render(request, "posts/front.html", context)


@require_safe
def thread(request, pk, slug=""):
    """A thread: its opening post, its questions, and a page of the tree under one of its tabs."""
    found = get_object_or_404(Thread.objects.visible_to(request.user).prefetch_related("questions"), pk=pk)
    if request.path != found.get_absolute_url():
        query = request.GET.urlencode()
        return redirect(found.get_absolute_url() + (f"?{query}" if query else ""), permanent=True)
    opening = found.opening
    opening.thread = found
    tab = _tab(found, request.GET.get("q", ""))
    question = tab if tab not in (page.ALL, page.CONVERSATION) else None
    shown = page.of_thread(found, request.user, tab, **_position(found, request.GET))
    for comment in shown.rows + shown.ancestors:
        comment.thread = found
    context = {
        "thread": found,
        "opening": opening,
        "opening_has_text": opening.has_text_for(request.user),
        "tab": request.GET.get("q", ""),
        "tab_question": question,
        "page": shown,
        "is_first": shown.before is None,
        "is_open": opening.accepts_replies(),
        "tree": draw(shown, request.user, tab_question=question),
        "mine": mark_safe(personal.lay_on(f"<!--mine:{opening.pk}-->", [opening], request.user)),  # noqa: S308
    }
    return render(request, "posts/thread.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request):
    """A new thread by a member who may start one."""
    form = ThreadForm(sent(request))
    if not request.user.is_authenticated:
        return signed_out(request, form, "posts/start.html")
    if not writing.may_start_thread(request.user):
        raise PermissionDenied(refusals.SUSPENDED if request.user.is_suspended else refusals.STARTERS)
    made = attempted(
        form,
        lambda data: writing.start_thread(
            author=request.user, title=data["title"], source=data["source"], questions=form.questions(),
            standpoint=data["standpoint"], key=data["key"],
        ),
    )  # fmt: skip
    if made:
        return redirect(made)
    return render(request, "posts/start.html", {"form": form}, status=422 if form.is_bound else 200)


def draw(shown, viewer, top=1, tab_question=None, alone_below=None):
    """The HTML of a TreePage: the same for everybody but for what `personal` lays on.

    `top` is the depth of its outermost list; under the tab of `tab_question` answers need not say what they answer.
    A comment `alone_below` another is drawn as a bare item: where lists are laid flat, it stands beside it.
    """
    steps = list(shown.steps(top))
    above = {ancestor.pk for ancestor in shown.ancestors}
    names = {}
    # in reading order a comment comes after the one it replies to, so that one's name is known
    for step in steps:
        row = step.row
        row.has_text = row.has_text_for(viewer)
        row.is_above = row.pk in above
        row.answered_name = names.get(row.parent_id, "") if step.in_words else ""
        names[row.pk] = row.shown_author if row.has_text else ""
    locked = bool(shown.rows) and shown.rows[0].thread.is_locked
    if alone_below is not None:
        steps[0].opens, steps[0].in_words = False, True
        steps[0].row.answered_name = alone_below.author_for(viewer)
    context = {"steps": steps, "locked": locked, "tab_question": tab_question, "is_list": alone_below is None}
    html = render_to_string("posts/tree.html", context)
    return mark_safe(personal.lay_on(html, shown.rows, viewer))  # noqa: S308  (our own template's output)


def _tab(thread, asked):
    """The tab that `?q=` names: nothing, "talk", or the position of a question; Http404 for anything else."""
    if asked in (page.ALL, page.CONVERSATION):
        return asked
    for question in thread.questions.all():
        if asked == str(question.position):
            return question
    raise Http404


def _position(thread, query):
    """The one of before, after and at that the address gives, as the path of the comment it names."""
    for name in ("at", "after", "before"):
        given = query.get(name, "")
        if given:
            if not (given.isascii() and given.isdigit() and len(given) < 16):
                raise Http404
            path = Comment.objects.filter(thread=thread, pk=int(given)).values_list("path", flat=True).first()
            if path is None:
                raise Http404
            return {name: path}
    return {}
