"""Views to reply to a comment, and to edit and delete one's own."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.models import User
from accounts.requests import MemberRequest
from forum import pending_form, ratelimit, undo_offer
from forum.errors import kept
from forum.numbers import number_in
from forum.requests import HtmxRequest
from posts.forms.pending_form import signed_out
from posts.forms.submission import attempted, sent
from posts.models import Comment, Question, Thread
from posts.models.comment import EDIT_GRACE
from posts.models.path import ids_of
from posts.reading import diff, queries, rendering, slots
from posts.reading.views.comments import readable
from posts.threads import exceptions, permissions
from posts.threads.exceptions import Refused
from posts.writing import comments
from posts.writing.forms import EditForm, ReplyForm
from posts.writing.quoting import quote_of
from posts.writing.submission import answered, told_sent
from posts.writing.views import guests

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# The standpoint that a form begins with when it answers a question to this group.
FITTING: dict[str, str] = {
    Question.Asked.CLINICIANS: Comment.Standpoint.CLINICIAN,
    Question.Asked.PATIENTS: Comment.Standpoint.PATIENT,
}
GRACE_MINUTES = EDIT_GRACE // timedelta(minutes=1)


@vary_on_headers("HX-Request")
@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: HtmxRequest, pk: int) -> HttpResponse:
    """Reply to a comment: inline with htmx, or on a page of its own. Visitors reply as guests."""
    data = sent(request)
    parent = _readable_or_kept(request, pk)
    if isinstance(parent, HttpResponse):
        return parent
    if data is None and (closed := _why_closed(request.user, parent)):
        return _closed(request, parent, closed)
    template = "posts/writing/fragments/reply.html" if request.htmx else "posts/writing/reply.html"
    if not request.user.is_authenticated:
        return guests.reply(request, parent, data, template, _asked_for(request, parent))
    author, waiting = request.user, pending_form.waiting(request)
    form = ReplyForm(data, parent=parent, initial=_asked_for(request, parent) | waiting, auto_id=f"r{parent.pk}_%s")
    made = attempted(
        request,
        form,
        "comment",
        lambda data: comments.reply(
            author=author,
            parent=parent,
            submission=comments.Submission(
                source=data["source"],
                question=data.get("question"),
                standpoint=data["standpoint"],
                key=data["key"],
                again=data["again"],
                sure=data["sure"],
                address=ratelimit.address_of(request),
            ),
        ),
        earlier=Comment.objects.filter(author=author),
    )
    if not made:
        context = {"parent": parent, "welcome_back": waiting and pending_form.WELCOME_BACK}
        return answered(request, form, template, context, place=f"reply:{pk}")
    pending_form.done(request)
    return told_sent(request, _placed(request, made, parent, author))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HtmxRequest, pk: int) -> HttpResponse:
    """Edit the member's own comment."""
    data = sent(request)
    comment = _readable_or_kept(request, pk) if data is not None else None
    if isinstance(comment, HttpResponse):
        return comment
    if request.user.is_authenticated:
        comment = _own(request, request.user, pk)
    if comment is None:
        return redirect_to_login(request.get_full_path())
    if data is None and request.user.is_authenticated:
        try:
            permissions.check_may_edit(request.user, comment)
        except Refused as refusal:
            return _closed(request, comment, refusal.sentence)
    waiting = pending_form.waiting(request)
    form = EditForm(data, comment=comment, initial=waiting)
    if not request.user.is_authenticated:
        return signed_out(request, form, "posts/writing/edit.html", {"comment": comment, "minutes": GRACE_MINUTES})
    editor = request.user
    done = attempted(
        request,
        form,
        "edit",
        lambda data: comments.edit(
            editor=editor,
            comment=comment,
            source=data["source"],
            standpoint=data["standpoint"],
            seen=data["seen"],
            sure=data["sure"],
        ),
    )
    if not done:
        context = {
            "comment": comment,
            "minutes": GRACE_MINUTES,
            "welcome_back": waiting and pending_form.WELCOME_BACK,
        }
        if form.overtaken_by:
            context["parts"] = diff.parts(form.overtaken_by.source, form.cleaned_data["source"])
        return answered(request, form, "posts/writing/edit.html", context, place=f"edit:{pk}")
    pending_form.done(request)
    if done.is_published:
        messages.success(request, _("Your change is saved."))
    else:
        messages.info(request, _("Your change is saved. A moderator reads it before others do."))
    return told_sent(request, redirect(queries.address_of(comment)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete the member's own comment after a confirmation. It can be undone for a minute."""
    comment = _own(request, request.user, pk)
    if request.method == "POST":
        ratelimit.take(request, "edit")
        comments.delete(author=request.user, comment=comment)
        messages.success(request, _("Your comment is deleted."))
        undo_offer.offer(request, f"/c/{pk}/undelete/")
        return redirect(_left_of(comment))
    if not comment.is_deletable_by(request.user):
        raise PermissionDenied(exceptions.GONE_YOURS)
    return render(request, "posts/writing/delete.html", {"comment": comment})


@login_required
@require_POST
def undelete(request: MemberRequest, pk: int) -> HttpResponse:
    """Undo a deletion within a minute."""
    comment = _own(request, request.user, pk)
    ratelimit.take(request, "edit")
    try:
        back = comments.undelete(author=request.user, comment=comment)
    except Refused as refusal:
        return _closed(request, comment.parent or comment, refusal.sentence)
    messages.success(request, _("Your comment is back."))
    return redirect(queries.address_of(back))


def _readable_or_kept(request: HtmxRequest, pk: int) -> Comment | HttpResponse:
    """Return the comment, or the answer to a text that was sent for a comment that its writer cannot see.

    The answer does not depend on whether the comment exists. A member whose session has ended finds the text again
    after signing in. Others find it on this page. Raises Http404 if there is no text.
    """
    try:
        return readable(request, pk)
    except Http404:
        texts = kept(request) if request.method == "POST" else []
        if not texts:
            raise
    is_signed_out = not request.user.is_authenticated and pending_form.keep(request)
    context = {"way": is_signed_out and redirect_to_login(request.path).url, "kept": texts}
    template = "posts/writing/fragments/not_sent.html" if request.htmx else "posts/writing/not_sent.html"
    return render(request, template, context, status=422)


def _own(request: HttpRequest, member: User, pk: int) -> Comment:
    """Return the member's own comment in any state.

    Raises Http404 for a comment that the member may not know of, and PermissionDenied for one of another author.
    """
    comment = Comment.objects.select_related("thread", "author", "parent").filter(pk=pk, author=member).first()
    if comment is None:
        readable(request, pk)
        raise PermissionDenied(exceptions.NOT_YOURS)
    return comment


def _left_of(comment: Comment) -> str:
    """Return where to go after a deletion.

    This is the nearest comment that is still shown: the one above or, in the list of the thread, the one before. It is
    the front page if the thread was withdrawn with its opening post.
    """
    thread = Thread.objects.get(pk=comment.thread_id)
    if comment.parent is None or thread.withdrawn_at is not None:
        return "front"
    # A tombstone disappears with its last reply.
    above = Comment.objects.select_related("thread").filter(pk__in=ids_of(comment.path)[:-1], is_shown=True)
    nearest = above.order_by("-depth")[0]
    if nearest.depth > 0:
        return queries.address_of(nearest)
    root = ids_of(comment.path)[1]
    before = Comment.objects.select_related("thread").filter(parent=nearest, is_shown=True, pk__lt=root)
    last = before.order_by("-pk").first()
    return queries.address_of(last) if last else f"{thread.get_absolute_url()}#talk"


def _asked_for(request: HttpRequest, parent: Comment) -> dict[str, Any]:
    """Return the initial text of the form, with `?quote=1` a quote of `parent`, or the initial question, from `?q=`.

    A question brings the standpoint of those whom it asks.
    """
    if request.GET.get("quote"):
        quote = quote_of(parent)
        return {"source": quote, "quote": quote}
    position = number_in(request.GET.get("q", ""))
    if parent.depth > 0 or request.method == "POST" or position is None:
        return {}
    question = next((each for each in parent.thread.questions.all() if each.position == position), None)
    return {"question": question, "standpoint": FITTING.get(question.asks, "") if question else ""}


def _waiting(request: HtmxRequest, comment: Comment, author: User) -> HttpResponse:
    """Return a held comment as only its author sees it.

    With htmx it replaces the form. Otherwise this redirects to the page where the comment will be.
    """
    if request.htmx:
        return HttpResponse(slots.waiting(comment, author, is_fresh=True))
    messages.success(request, _("Thank you. A moderator reads it before others do; until then only you see it."))
    return redirect(queries.address_of(comment.parent or comment).partition("#")[0] + f"#w{comment.pk}")


def _why_closed(user: User | AnonymousUser, parent: Comment) -> "StrOrPromise | None":
    """Return the sentence why `user` cannot reply to `parent`, or None if a reply is possible."""
    try:
        if user.is_authenticated:
            permissions.check_may_reply(user, parent)
        else:
            permissions.check_accepts_replies(parent)
    except Refused as refusal:
        return refusal.sentence
    return None


def _closed(request: HtmxRequest, comment: Comment, sentence: "StrOrPromise") -> HttpResponse:
    """Return a page that says why writing is not possible, before the member types a text."""
    template = "posts/writing/fragments/closed.html" if request.htmx else "posts/writing/closed.html"
    return render(request, template, {"comment": comment, "sentence": sentence})


def _placed(request: HtmxRequest, comment: Comment, parent: Comment, author: User) -> HttpResponse:
    """Return the new comment: with htmx as a list to insert below `parent`, otherwise as a redirect to its page.

    A held comment is shown to its author only.
    """
    if comment.held_at is not None:
        return _waiting(request, comment, author)
    if not request.htmx or comment.parent is None:
        return redirect(queries.address_of(comment))
    if comment.parent_id == parent.pk:
        # The page shows the name of the parent's author, which is loaded already.
        comment.parent.author = parent.author
    response = HttpResponse(rendering.arrival(comment.thread, comment, author))
    response["HX-Retarget"] = f"#b{comment.parent_id}"
    response["HX-Reswap"] = "beforeend"
    response["HX-Trigger-After-Settle"] = f'{{"comment:placed": {{"id": {comment.pk}}}}}'
    return response
