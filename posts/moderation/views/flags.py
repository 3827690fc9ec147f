"""Views to flag a comment and to list one's own flags."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.requests import MemberRequest
from forum import pagination, pending_form, ratelimit
from posts.forms.pending_form import signed_out
from posts.forms.submission import answered, attempted, sent
from posts.models import Comment, Flag, SiteChoices
from posts.moderation import flags as moderation_flags
from posts.moderation.forms import FlagForm
from posts.reading import queries
from posts.reading.views.comments import readable

FLAGS_PER_PAGE = 30


@require_http_methods(["GET", "HEAD", "POST"])
def flag(request: HttpRequest, pk: int) -> HttpResponse:
    """Flag a comment. Visitors may do so if the owner allows it."""
    comment = readable(request, pk)
    member = request.user if request.user.is_authenticated else None
    form = FlagForm(sent(request), initial=pending_form.waiting(request), auto_id="flag_%s")
    if member is None and (request.POST.get("writer") or not SiteChoices.present().visitors_may_flag):
        return signed_out(request, form, "posts/moderation/flag.html", {"comment": comment})
    visitor = "" if member else ratelimit.hashed_address(request)
    made = attempted(
        request,
        form,
        "flag",
        lambda data: moderation_flags.flag(
            comment=comment, reason=data["reason"], note=data["note"], person=member, visitor=visitor
        ),
    )
    if not made:
        context = {"comment": comment, "is_own": _is_own(request, comment), "flagged": _said_by(member, comment)}
        return answered(request, form, "posts/moderation/flag.html", context)
    pending_form.done(request)
    messages.success(request, _("Thank you. A moderator will look at it."))
    comment.refresh_from_db(fields=["hidden_at"])
    if comment.is_published:
        return redirect(queries.address_of(comment))
    return redirect(queries.address_of(comment.parent) if comment.parent else "front")


@login_required
@require_safe
def mine(request: MemberRequest) -> HttpResponse:
    """Show the member's own flags and their outcome."""
    position = pagination.parse_position(request.GET.get("after", ""))
    flags = Flag.objects.filter(person=request.user).select_related("comment__thread", "comment__author")
    flags = flags.order_by("-id")
    if position:
        flags = flags.filter(id__lt=position[1])
    rows = list(flags[: FLAGS_PER_PAGE + 1])
    shown = rows[:FLAGS_PER_PAGE]
    after = shown[-1] if len(rows) > len(shown) else None
    context = {
        "flags": shown,
        "is_first": position is None,
        "after": after and pagination.position_of(after.flagged_at, after.pk),
    }
    return render(request, "posts/moderation/flags.html", context)


def _said_by(member: User | None, comment: Comment) -> Flag | None:
    """Return the member's latest flag on the comment, or None.

    Always None for visitors: several of them may share one address.
    """
    return Flag.objects.filter(person=member, comment=comment).order_by("-id").first() if member else None


def _is_own(request: HttpRequest, comment: Comment) -> bool:
    return request.user.is_authenticated and comment.author_id == request.user.pk
