"""Doors of the account pages that allauth does not have, or has without our names."""

from allauth.account import views as allauth_views
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as webauthn_views
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import NameTakenError, ProfileForm
from accounts.models import User, UserSession
from forum import errors, ratelimit

MOST_SESSIONS = 50


def in_one_transaction(view: type[View]) -> type[View]:
    """Return `view` with everything that its form changes, the mail about it included, in one transaction."""
    return type(view.__name__, (view,), {"post": transaction.atomic(view.post), "__module__": __name__})


@in_one_transaction
class SignupView(allauth_views.SignupView):
    """allauth's sign-up, which shows its form again when somebody else took the name a moment before."""

    def form_valid(self, form):
        """Goes on to the code, or back to the form with everything kept."""
        try:
            return super().form_valid(form)
        except NameTakenError:
            return self.form_invalid(form)


class LoginWebAuthnView(webauthn_views.LoginWebAuthnView):
    """allauth's sign-in by passkey. Each challenge is kept in a new session, so asking for one is limited."""

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """Return a challenge, or 429."""
        try:
            ratelimit.take(request, "passkey")
        except ratelimit.RateLimited as refusal:
            return errors.too_many(request, refusal.wait)
        return super().get(request, *args, **kwargs)


class LogoutView(allauth_views.LogoutView):
    """allauth's sign-out, after which the device remembers nothing of what was typed: the next person may be another.

    A member's drafts are kept with their account.
    """

    def post(self, *args, **kwargs):
        """Signs out, and has the browser empty its storage for this site (the cookies stay)."""
        response = super().post(*args, **kwargs)
        response["Clear-Site-Data"] = '"storage"'
        return response


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_settings(request):
    """The signed-in person's own page: name, address, password, second factor, sign out."""
    # a second copy: a refused name must not appear in the page's head as if it had been taken
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and request.user.is_suspended:
        form.add_error(None, _("Your account is suspended: your name stays as it is until the suspension ends."))
    if request.method == "POST" and form.is_valid():
        try:
            person = form.save()
        except NameTakenError:
            pass
        else:
            messages.success(request, _("Your name is now %(name)s.") % {"name": person.display_name})
            return redirect("account_settings")
    factors = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    context = {
        "form": form,
        "has_app": Authenticator.Type.TOTP in factors,
        "has_key": Authenticator.Type.WEBAUTHN in factors,
    }
    return render(request, "accounts/settings.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in; signs out one other session (`session`) or all others (`others`)."""
    mine = UserSession.objects.filter(user=request.user)
    key = request.session.session_key
    if request.method == "POST":
        ended = mine.exclude(session_key=key)
        if "others" not in request.POST:
            chosen = request.POST.get("session", "")
            ended = ended.filter(pk=int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None)
        ended.end()
        if "others" in request.POST:
            messages.success(request, _("You are signed out everywhere else."))
        else:
            messages.success(request, _("That device is signed out."))
        return redirect("account_sessions")
    running = list(mine.running().order_by("-seen_at", "-pk")[:MOST_SESSIONS])
    for session in running:
        session.is_this = session.session_key == key
    return render(request, "accounts/sessions.html", {"sessions": running})
