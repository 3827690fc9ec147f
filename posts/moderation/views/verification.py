"""Views for clinicians who request verification."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.requests import MemberRequest
from forum import pending_form
from posts.forms.pending_form import signed_out
from posts.forms.submission import answered, attempted, sent
from posts.moderation import verification
from posts.moderation.forms import ClinicianForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def clinician(request: HttpRequest) -> HttpResponse:
    """Show the member's verifications and open request, and the form for a request."""
    form = ClinicianForm(sent(request), auto_id="clinician_%s")
    if not request.user.is_authenticated:
        return signed_out(request, form, "posts/moderation/verification.html", {})
    asked = verification.request_of(request.user)
    if asked is not None:
        form.initial = {name: getattr(asked, name) for name in verification.GIVEN}
    kept = pending_form.waiting(request)
    form.initial.update(kept)
    member = request.user
    made = attempted(request, form, "verification", lambda data: verification.ask(person=member, **data))
    if made:
        pending_form.done(request)
        messages.success(request, _("Thank you. A moderator will look you up, and you will be told by mail."))
        return redirect("clinician")
    context = {
        "asked": asked,
        "verifications": request.user.verifications.in_force(timezone.now()).order_by("-id")[:5],
        "welcome_back": kept and pending_form.WELCOME_BACK,
    }
    return answered(request, form, "posts/moderation/verification.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: MemberRequest) -> HttpResponse:
    """Withdraw the open request. After signing in again, lead back to the page with the button."""
    if request.method == "POST" and verification.withdraw(person=request.user):
        messages.success(request, _("Your request is withdrawn, and what you told for it is erased."))
    return redirect("clinician")
