"""Doors to single comments: permalink, reply, edit, delete."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from posts import drawing, page
from posts.actions import refusals, writing
from posts.actions.refusals import Refused
from posts.forms import EditForm, ReplyForm
from posts.models import Comment, Thread
from posts.models.draft import mark_of
from posts.views.attempt import attempted, sent, shown, signed_out, told_sent


@require_safe
def permalink(request, pk):
    """Leads to the comment on whichever page of its thread it stands."""
    return redirect(page.address_of(readable(request, pk)))


@vary_on_headers("HX-Request")
@require_http_methods(["GET", "HEAD", "POST"])
def reply(request, pk):
    """A reply to a comment: inline under it with htmx, or on a page of its own."""
    data = sent(request)
    parent = readable(request, pk) if data is None else _whatever_became_of(pk)
    if data is None and (closed := _why_closed(request.user, parent)):
        return _closed(request, parent, closed)
    if data is None and not request.user.is_authenticated:
        return _invite(request, parent)
    form = ReplyForm(data, parent=parent, initial=_asked_for(request, parent), auto_id=f"r{parent.pk}_%s")
    template = "posts/fragments/reply.html" if request.htmx else "posts/reply.html"
    if not request.user.is_authenticated:
        return signed_out(request, form, template, parent=parent)
    made = attempted(
        form,
        lambda data: writing.reply(
            author=request.user, parent=parent, source=data["source"], question=data.get("question"),
            standpoint=data["standpoint"], key=data["key"],
        ),
    )  # fmt: skip
    if made:
        return told_sent(request, _placed(request, made, parent))
    return shown(request, form, template, f"reply:{pk}", parent=parent)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, pk):
    """Changes one's own comment."""
    data = sent(request)
    comment = _own(request, pk) if request.user.is_authenticated else _whatever_became_of(pk)
    if data is None and request.user.is_authenticated:
        try:
            writing.check_may_edit(request.user, comment)
        except Refused as refusal:
            return _closed(request, comment, refusal.sentence)
    form = EditForm(data, comment=comment)
    if not request.user.is_authenticated:
        return signed_out(request, form, "posts/edit.html", comment=comment)
    done = attempted(
        form,
        lambda data: writing.edit(
            editor=request.user, comment=comment, source=data["source"], standpoint=data["standpoint"]
        ),
    )
    if done:
        messages.success(request, _("Your change is saved."))
        return told_sent(request, redirect(page.address_of(comment)))
    began = mark_of(comment.source)
    return shown(request, form, "posts/edit.html", f"edit:{pk}", comment=comment, began=began)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request, pk):
    """Takes back one's own comment, after asking once."""
    comment = _own(request, pk)
    if request.method == "POST":
        writing.delete(author=request.user, comment=comment)
        messages.success(request, _("Your comment is deleted."))
        return redirect(_left_of(comment))
    if not comment.is_deletable_by(request.user):
        raise PermissionDenied(refusals.GONE_YOURS)
    return render(request, "posts/delete.html", {"comment": comment})


def readable(request, pk):
    """The comment, if this viewer may know of it; Http404 otherwise."""
    found = (
        Comment.objects.visible_to(request.user)
        .select_related("thread", "author", "parent__author", "verification")
        .filter(pk=pk)
        .first()
    )
    moderates = request.user.is_authenticated and request.user.can_moderate()
    if found is None or (found.thread.withdrawn_at is not None and not moderates):
        raise Http404
    return found


def _whatever_became_of(pk):
    """The comment in whatever state: for a text that was sent, which the verb may refuse and nobody may lose."""
    return get_object_or_404(Comment.objects.select_related("thread", "author"), pk=pk)


def _own(request, pk):
    """One's own comment in whatever state; Http404 for what one may not know of, PermissionDenied for others'."""
    comment = Comment.objects.select_related("thread", "author", "parent").filter(pk=pk, author=request.user).first()
    if comment is None:
        readable(request, pk)
        raise PermissionDenied(refusals.NOT_YOURS)
    return comment


def _left_of(comment):
    """Where one stands after a deletion: at the comment above, or on the front page where the thread went too."""
    thread = Thread.objects.get(pk=comment.thread_id)
    return page.address_of(comment.parent) if comment.parent and thread.withdrawn_at is None else "front"


def _asked_for(request, parent):
    """The question that `?q=` names, ticked beforehand in a form that asks for one."""
    number = request.GET.get("q", "")
    if parent.depth > 0 or request.method == "POST" or not (number.isascii() and number.isdigit() and len(number) < 5):
        return {}
    return {"question": parent.thread.questions.filter(position=int(number)).first()}


def _why_closed(user, parent):
    """The sentence for why nobody, or this member, can reply to `parent`; None if it can be tried."""
    try:
        if user.is_authenticated:
            writing.check_may_reply(user, parent)
        else:
            writing.check_accepts_replies(parent)
    except Refused as refusal:
        return refusal.sentence
    return None


def _closed(request, comment, sentence):
    """Told before anybody writes a text that could not be sent."""
    template = "posts/fragments/closed.html" if request.htmx else "posts/closed.html"
    return render(request, template, {"comment": comment, "sentence": sentence})


def _invite(request, parent):
    """A visitor who wants to reply is asked to sign in or to join, and comes back to the same comment."""
    template = "posts/fragments/invite.html" if request.htmx else "posts/invite.html"
    return render(request, template, {"parent": parent})


def _placed(request, comment, parent):
    """The new comment: for htmx a list to hang below `parent`, otherwise the way to where it stands."""
    if not request.htmx:
        return redirect(page.address_of(comment))
    if comment.parent_id == parent.pk:
        # its name is told, and known here
        comment.parent.author = parent.author
    response = HttpResponse(drawing.arrival(comment.thread, comment, request.user))
    response["HX-Retarget"] = f"#b{comment.parent_id}"
    response["HX-Reswap"] = "beforeend"
    response["HX-Trigger-After-Settle"] = f'{{"comment:placed": {{"id": {comment.pk}}}}}'
    return response
