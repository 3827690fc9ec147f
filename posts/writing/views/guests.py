"""Views for guests: comment without an account, and claim these comments later."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.requests import MemberRequest
from forum.numbers import numbers_in
from forum.requests import HtmxRequest
from posts.forms.pending_form import signed_out
from posts.forms.submission import attempted, where
from posts.models import Comment, GuestComment, SiteChoices
from posts.reading import guest_cookie, slots
from posts.threads.exceptions import Refused
from posts.writing import guests
from posts.writing.forms import GuestForm, ReplyForm
from posts.writing.submission import answered, told_sent

MOST_CLAIMS = 100


def reply(
    request: HtmxRequest, parent: Comment, data: QueryDict | None, template: str, initial: dict[str, Any]
) -> HttpResponse:
    """Reply to `parent` as a guest if the owner allows it, otherwise ask the visitor to sign in."""
    context = {"parent": parent, "is_guest": True}
    welcome = SiteChoices.present().guests_may_comment
    if data is None and not welcome:
        return _invited(request, parent)
    if data is not None and "name" not in data:
        # This is the form of a member whose session has ended.
        form = ReplyForm(data, parent=parent, auto_id=f"r{parent.pk}_%s")
        return signed_out(request, form, template, {"parent": parent})
    form = GuestForm(data, parent=parent, initial=initial, auto_id=f"r{parent.pk}_%s")
    made = attempted(
        request,
        form,
        "comment",
        lambda data: guests.comment_as_guest(
            name=data["name"],
            email=data["email"],
            parent=parent,
            source=data["source"],
            question=data.get("question"),
            standpoint=data["standpoint"],
            key=data["key"],
            again=data["again"],
            earlier=guest_cookie.ids_of(request),
        ),
        earlier=Comment.objects.filter(pk__in=guest_cookie.ids_of(request)),
    )
    if not made:
        return answered(request, form, template, context)
    response = told_sent(request, _held(request, made))
    guest_cookie.remember(request, response, made)
    return response


def tell_of_claims(request: HttpRequest, email_address: EmailAddress, **signal: Any) -> None:
    """Show a message to a member who confirmed an e-mail address that has guest comments.

    This handles allauth's signal email_confirmed.
    """
    if GuestComment.objects.written_from([email_address.email]).exists():
        said = _('You have written here as a guest. <a href="{}">Look whether you want to make that your own.</a>')
        messages.info(request, format_html(said, reverse("claims")))


def _held(request: HtmxRequest, comment: Comment) -> HttpResponse:
    """Return the comment as only its guest sees it.

    With htmx it replaces the form. Otherwise this redirects to the page where the comment will be.
    """
    if request.htmx:
        return HttpResponse(slots.waiting(comment, None, is_fresh=True))
    messages.success(request, _("Thank you. A moderator reads it first; until then only you see it, on this device."))
    return redirect(where(comment))


def _invited(request: HtmxRequest, parent: Comment) -> HttpResponse:
    """Ask a visitor to sign in or to sign up, and then to come back to the same comment."""
    template = "posts/writing/fragments/invite.html" if request.htmx else "posts/writing/invite.html"
    return render(request, template, {"parent": parent})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def claims(request: MemberRequest) -> HttpResponse:
    """Show the guest comments from the member's verified addresses, and let the member claim them."""
    addresses = list(EmailAddress.objects.filter(user=request.user, verified=True).values_list("email", flat=True))
    found = GuestComment.objects.written_from(addresses).order_by("-pk").values("pk")[:MOST_CLAIMS]
    if request.method == "POST":
        chosen = numbers_in(request.POST.getlist("comment"))
        try:
            number = guests.claim(person=request.user, addresses=addresses, comments=chosen)
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            said = ngettext("%(n)d comment is yours now.", "%(n)d comments are yours now.", number)
            messages.success(request, said % {"n": number})
        return redirect("claims")
    written = Comment.objects.for_display().select_related("thread")
    comments = written.filter(pk__in=found).order_by("-pk")
    return render(request, "posts/writing/claims.html", {"comments": comments})
