"""Ask members to confirm that it is them before they change their account.

allauth asks for the password or the second factor. It does not ask members who have neither of them, and it does not
ask before a first password is set. This module asks the former for a mailed code, and the latter for the second factor.
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
    STATE_SESSION_KEY,
    did_recently_reauthenticate,
    get_reauthentication_flows,
)
from allauth.account.utils import get_next_redirect_url
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.requests import MemberRequest
from forum import ratelimit
from forum.security_log import record

# The session's entry with the code that was sent, when, and how many wrong codes were typed.
STATE = "reauthentication_code"
NAME = "account_reauthenticate_by_code"
MOST_ATTEMPTS = 3
NOT_KEPT = _("Nothing was changed, and what you typed is not kept. Please confirm, and then fill in the form again.")


def confirmed(view: Callable[..., HttpResponseBase], *, allauth_asks: bool = True) -> Callable[..., HttpResponseBase]:
    """Return `view` so that it asks for a confirmation first where allauth does not (see `page_to_confirm`).

    `allauth_asks` says whether allauth's view asks members who have a password or a second factor.

    A form that was sent is not kept: it may have a password, and somebody else may have sent it before, from a device
    on which the member is signed in. allauth keeps such a form until the member confirms; opening the page drops it.
    """

    @wraps(view)
    def asks(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" and STATE_SESSION_KEY in request.session:
            del request.session[STATE_SESSION_KEY]
        page = page_to_confirm(request, allauth_asks=allauth_asks)
        if page is None:
            return view(request, *args, **kwargs)
        if request.method == "POST":
            messages.info(request, NOT_KEPT)
        return redirect(f"{page}?{urlencode({'next': request.path})}")

    return asks


def page_to_confirm(request: MemberRequest, *, allauth_asks: bool) -> str | None:
    """Return the address at which the user has to confirm first, or None if that is not needed or `allauth_asks`."""
    if not get_reauthentication_flows(request.user):
        proven_at = max((entry["at"] for entry in get_authentication_records(request, request.user)), default=0)
        is_fresh = time.time() - proven_at < app_settings.REAUTHENTICATION_TIMEOUT
        return None if is_fresh else reverse(NAME)
    if allauth_asks or did_recently_reauthenticate(request):
        return None
    return get_adapter().get_reauthentication_methods(request.user)[0]["url"]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def by_code(request: MemberRequest) -> HttpResponse:
    """Mail a code to the user's address and check it. Then lead back to what the user was about to do.

    A member with a password or a second factor has to confirm with that: a mailed code would be less.
    """
    if get_reauthentication_flows(request.user):
        request.session.pop(STATE, None)
        page = get_adapter().get_reauthentication_methods(request.user)[0]["url"]
        return redirect(f"{page}?{request.GET.urlencode()}")
    if request.method == "POST" and "code" not in request.POST:
        ratelimit.take(request, "reauthentication")
        _send_code(request)
        return redirect(request.get_full_path())
    state = _state_of(request)
    if request.method == "POST" and state is None:
        messages.error(request, _("This code is not valid any more. Please have a new one sent."))
        return redirect(request.get_full_path())
    form = ConfirmLoginCodeForm(request.POST or None, code=state and state["code"])
    if form.is_bound and form.is_valid():
        del request.session[STATE]
        record_authentication(request, request.user, method="code", email=request.user.email, reauthenticated=True)
        return redirect(get_next_redirect_url(request) or "account_settings")
    if form.is_bound and form.data["code"].strip() and not _may_try_again(request):
        messages.error(request, _("That was not the code, too many times. Please have a new one sent."))
        return redirect(request.get_full_path())
    context = {"verify_form": form if state else None, "email": request.user.email, "here": request.get_full_path()}
    return render(request, "accounts/reauthenticate_by_code.html", context, status=422 if form.errors else 200)


def _state_of(request: HttpRequest) -> dict[str, Any] | None:
    """Return the session's entry about the code that was sent, or None if there is none or it has expired."""
    state = request.session.get(STATE)
    return state if state and time.time() - state["at"] <= app_settings.LOGIN_BY_CODE_TIMEOUT else None


def _send_code(request: MemberRequest) -> None:
    adapter = get_adapter()
    code = adapter.generate_login_code()
    adapter.send_mail("account/email/reauthentication_code", request.user.email, {"code": code})
    request.session[STATE] = {"code": code, "at": time.time(), "failed": 0}


def _may_try_again(request: HttpRequest) -> bool:
    """Count a wrong code; return False if it was one too many, and forget the right one then."""
    record("code_rejected", **ratelimit.who(request), purpose="reauthentication")
    state = request.session[STATE]
    if state["failed"] + 1 >= MOST_ATTEMPTS:
        del request.session[STATE]
        return False
    request.session[STATE] = state | {"failed": state["failed"] + 1}
    return True
