"""The view to start a thread."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from forum import pending_form
from posts.forms.pending_form import signed_out
from posts.forms.submission import attempted, sent
from posts.threads import exceptions, permissions
from posts.writing import comments
from posts.writing.forms import ThreadForm
from posts.writing.submission import answered, told_sent


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Start a thread as a member who may start one."""
    kept = pending_form.waiting(request)
    form = ThreadForm(sent(request), initial=kept)
    if not request.user.is_authenticated:
        return signed_out(request, form, "posts/writing/start.html", {})
    if not permissions.may_start_thread(request.user):
        raise PermissionDenied(permissions.suspension_of(request.user) or exceptions.STARTERS)
    author = request.user
    made = attempted(
        request,
        form,
        "thread",
        lambda data: comments.start_thread(
            author=author,
            title=data["title"],
            source=data["source"],
            questions=form.questions(),
            standpoint=data["standpoint"],
            key=data["key"],
            again=data["again"],
            sure=data["sure"],
        ),
    )
    if not made:
        context = {"welcome_back": kept and pending_form.WELCOME_BACK}
        return answered(request, form, "posts/writing/start.html", context, place="thread")
    pending_form.done(request)
    if made.withdrawn_at is not None:
        messages.success(request, _("Thank you. A moderator reads it before others do; until then only you see it."))
    return told_sent(request, redirect(made))
