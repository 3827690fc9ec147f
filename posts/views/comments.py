"""Doors to single comments: permalink, reply, edit, delete."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from posts import page
from posts.actions import refusals, writing
from posts.actions.refusals import Refused
from posts.forms import EditForm, ReplyForm
from posts.models import Comment
from posts.page import TreePage
from posts.views.attempt import attempted
from posts.views.threads import draw

SIGNED_OUT = gettext_lazy(
    'You have been signed out. Your text is kept here: <a href="{}" target="_blank">sign in in another tab</a>, then '
    "come back and send it."
)


@require_safe
def permalink(request, pk):
    """Leads to the comment on whichever page of its thread it stands."""
    return redirect(page.address_of(_comment(request, pk), request.user))


@require_http_methods(["GET", "POST"])
def reply(request, pk):
    """A reply to a comment: inline under it with htmx, or on a page of its own."""
    parent = _comment(request, pk)
    if request.method == "GET" and (closed := _why_closed(request.user, parent)):
        return _closed(request, parent, closed)
    if not request.user.is_authenticated and request.method == "GET":
        return _invite(request, parent)
    initial = {"question": parent.thread.questions.filter(position=_number(request.GET.get("q"))).first()}
    form = ReplyForm(request.POST or None, parent=parent, initial=initial)
    if not request.user.is_authenticated:
        form.is_valid()
        form.add_error(None, format_html(SIGNED_OUT, reverse("account_login")))
        return _reply_page(request, form, parent)
    made = attempted(
        form,
        lambda data: writing.reply(
            author=request.user, parent=parent, source=data["source"], question=data.get("question"),
            standpoint=data["standpoint"], key=data["key"],
        ),
    )  # fmt: skip
    if made:
        return _placed(request, made)
    return _reply_page(request, form, parent)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request, pk):
    """Changes one's own comment."""
    comment = _own(request, pk)
    if request.method == "GET":
        try:
            writing.check_may_edit(request.user, comment)
        except Refused as refusal:
            return _closed(request, comment, refusal.sentence)
    form = EditForm(request.POST or None, comment=comment)
    done = attempted(
        form,
        lambda data: writing.edit(
            editor=request.user, comment=comment, source=data["source"], standpoint=data["standpoint"]
        ),
    )
    if done:
        messages.success(request, _("Your change is saved."))
        return redirect(page.address_of(comment, request.user))
    return render(request, "posts/edit.html", {"form": form, "comment": comment}, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request, pk):
    """Takes back one's own comment, after asking once."""
    comment = _own(request, pk)
    if request.method == "POST":
        writing.delete(author=request.user, comment=comment)
        messages.success(request, _("Your comment is deleted."))
        parent = comment.parent
        return redirect(page.address_of(parent, request.user) if parent else "front")
    if not comment.is_deletable_by(request.user):
        raise PermissionDenied(refusals.GONE_YOURS)
    return render(request, "posts/delete.html", {"comment": comment})


def _comment(request, pk):
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


def _own(request, pk):
    """One's own comment in whatever state; Http404 for what one may not know of, PermissionDenied for others'."""
    comment = Comment.objects.select_related("thread", "author", "parent").filter(pk=pk, author=request.user).first()
    if comment is None:
        _comment(request, pk)
        raise PermissionDenied(refusals.NOT_YOURS)
    return comment


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


def _reply_page(request, form, parent):
    template = "posts/fragments/reply.html" if request.htmx else "posts/reply.html"
    return render(request, template, {"form": form, "parent": parent}, status=422 if form.is_bound else 200)


def _placed(request, comment):
    """The new comment: for htmx a list to hang under its parent, otherwise the page where it stands."""
    if not request.htmx:
        return redirect(page.address_of(comment, request.user))
    response = render(
        request,
        "posts/fragments/placed.html",
        {"tree": draw(TreePage([comment]), request.user, top=comment.depth), "comment": comment},
    )
    response["HX-Retarget"] = f"#b{comment.parent_id}" if comment.depth > 1 else "#tree"
    response["HX-Reswap"] = "beforeend"
    response["HX-Trigger-After-Settle"] = f'{{"comment:placed": {{"id": {comment.pk}}}}}'
    return response


def _number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 5 else 0
