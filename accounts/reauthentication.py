"""Ask members who have neither a password nor a second factor for a mailed code before they change their account.

allauth asks for the password or the second factor, and asks members who have neither for nothing.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.forms import ConfirmLoginCodeForm
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import (
    get_reauthentication_flows,
    resume_request,
    suspend_request,
)
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.requests import MemberRequest
from forum import ratelimit
from forum.security_log import record

STATE = "reauthentication_code"
NAME = "account_reauthenticate_by_code"
MOST_ATTEMPTS = 3


def confirmed_by_code(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return `view` so that it asks for a mailed code first (see `is_needed`); a sent form is kept until then."""

    @wraps(view)
    def asks(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_needed(request):
            return suspend_request(request, reverse(NAME))
        return view(request, *args, **kwargs)

    return asks


def is_needed(request: HttpRequest) -> bool:
    """Return whether the user has to confirm by a code: has no other way, and did not prove who they are lately."""
    if get_reauthentication_flows(request.user):
        return False
    proven_at = max((entry["at"] for entry in get_authentication_records(request, request.user)), default=0)
    return time.time() - proven_at >= app_settings.REAUTHENTICATION_TIMEOUT


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def by_code(request: MemberRequest) -> HttpResponse:
    """Mail a code to the user's address and check it. Then continue with what the user was about to do."""
    state = request.session.get(STATE)
    if state and time.time() - state["at"] > app_settings.LOGIN_BY_CODE_TIMEOUT:
        state = request.session.pop(STATE) and None
    here = request.get_full_path()
    if request.method == "POST" and "code" not in request.POST:
        ratelimit.take(request, "reauthentication")
        request.session[STATE] = {"code": _send(request), "at": time.time(), "failed": 0}
        return redirect(here)
    if request.method == "POST" and state is None:
        messages.error(request, _("This code is not valid any more. Please have a new one sent."))
        return redirect(here)
    form = ConfirmLoginCodeForm(request.POST or None, code=state and state["code"])
    if form.is_bound and form.is_valid():
        del request.session[STATE]
        record_authentication(request, request.user, method="code", email=request.user.email, reauthenticated=True)
        return resume_request(request) or redirect("account_settings")
    if form.is_bound and state:
        record("code_rejected", **ratelimit.who(request), purpose="reauthentication")
        state["failed"] += 1
        request.session.modified = True
        if state["failed"] >= MOST_ATTEMPTS:
            del request.session[STATE]
            messages.error(request, _("That was not the code, three times. Please have a new one sent."))
            return redirect(here)
    context = {"form": form if state else None, "email": request.user.email, "here": here}
    return render(request, "accounts/reauthenticate_by_code.html", context, status=422 if form.errors else 200)


def _send(request: MemberRequest) -> str:
    """Mail a new code to the user's address and return it."""
    adapter = get_adapter()
    code = adapter.generate_login_code()
    adapter.send_mail("account/email/reauthentication_code", request.user.email, {"code": code})
    return code
