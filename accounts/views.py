"""Views of the account pages that allauth does not have, or that differ from allauth's."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as allauth_views
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as webauthn_views
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import NameTakenError, ProfileForm, SignupForm, TimeZoneForm
from accounts.models import User, UserSession
from accounts.requests import MemberRequest
from accounts.second_factor import ActivateTOTPForm
from forum import ratelimit
from forum.numbers import number_in

MOST_SESSIONS = 50


def in_one_transaction(view: type[View]) -> type[View]:
    """Return a subclass of `view` whose `post` runs in one transaction, the mail in the outbox included."""
    subclass = type(view.__name__, (view,), {"__module__": __name__})
    return method_decorator(_atomic_with_mails, name="post")(subclass)


def _atomic_with_mails(function: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return `function` in a transaction that includes what it leaves for after the commit.

    allauth sends some mails after the commit. Ours are rows of the outbox, which belong to the same transaction.
    """

    @wraps(function)
    def post(*args: Any, **kwargs: Any) -> HttpResponseBase:
        with transaction.atomic():
            connection = transaction.get_connection()
            earlier = len(connection.run_on_commit)
            response = function(*args, **kwargs)
            left, connection.run_on_commit[earlier:] = connection.run_on_commit[earlier:], []
            for _savepoints, run, _is_robust in left:
                run()
        return response

    return post


@in_one_transaction
class SignupView(allauth_views.SignupView):
    """allauth's sign-up view, which shows its form again if another user took the name meanwhile."""

    def form_valid(self, form: SignupForm) -> HttpResponse:
        """Redirect to the page that asks for the code, or show the form again with what was typed."""
        try:
            return super().form_valid(form)
        except NameTakenError:
            return self.form_invalid(form)


class LoginWebAuthnView(webauthn_views.LoginWebAuthnView):
    """allauth's sign-in by passkey, with a rate limit, because each challenge is stored in a new session."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return a challenge; raises RateLimited."""
        ratelimit.take(request, "passkey")
        return super().get(request, *args, **kwargs)


class ActivateTOTPView(totp_views.ActivateTOTPView):
    """allauth's view that adds an authenticator app, for a form that is sent twice at once."""

    def form_valid(self, form: ActivateTOTPForm) -> HttpResponse:
        """Add the app, or lead to it if the same form has added it meanwhile."""
        try:
            with transaction.atomic():
                return super().form_valid(form)
        except IntegrityError:
            return redirect("mfa_index")


class LogoutView(allauth_views.LogoutView):
    """allauth's sign-out, which also removes typed texts from the device, because other people may use it.

    A member's drafts are stored with their account.
    """

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign out, and tell the browser to clear its storage for this site; the cookies stay."""
        response = super().post(*args, **kwargs)
        response["Clear-Site-Data"] = '"storage"'
        return response


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_settings(request: MemberRequest) -> HttpResponse:
    """Show the user's account page, and change their display name."""
    # another instance than `request.user`, so that the header of the page does not show a refused name
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    status = 422
    if request.method == "POST" and request.user.is_suspended:
        form.add_error(None, _("Your account is suspended: your name stays as it is until the suspension ends."))
    if request.method == "POST" and form.is_valid():
        try:
            if form.has_changed():
                ratelimit.take(request, "rename")
            person = form.save()
        except NameTakenError:
            pass
        except ratelimit.RateLimited as refusal:
            status = 429
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, _("Your name is now %(name)s.") % {"name": person.display_name})
            return redirect("account_settings")
    factors = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    context = {
        "form": form,
        "zone_form": TimeZoneForm(instance=request.user),
        "has_app": Authenticator.Type.TOTP in factors,
        "has_key": Authenticator.Type.WEBAUTHN in factors,
    }
    return render(request, "accounts/settings.html", context, status=status if form.errors else 200)


@login_required
@require_POST
def time_zone(request: MemberRequest) -> HttpResponse:
    """Store the time zone that the user chose."""
    form = TimeZoneForm(request.POST, instance=request.user)
    if form.is_valid():
        # only this column, because a moderator may be changing others
        form.save(commit=False).save(update_fields=["time_zone"])
        messages.success(request, _("Times are now shown in the time zone you chose."))
    else:
        messages.error(request, _("There is no such time zone. Nothing was changed; please choose one of the list."))
    return redirect("account_settings")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: MemberRequest) -> HttpResponse:
    """List the user's sessions; a POST signs out one other session (`session`) or all others (`others`)."""
    mine = UserSession.objects.filter(user=request.user)
    key = request.session.session_key
    if request.method == "POST":
        ended = mine.exclude(session_key=key)
        if "others" not in request.POST:
            chosen = number_in(request.POST.get("session", ""))
            ended = ended.none() if chosen is None else ended.filter(pk=chosen)
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
