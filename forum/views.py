"""The views that change the look and the language of the pages."""

from collections.abc import Collection

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from forum.cookies import CHOICE_KEPT_FOR, LOOKS

# Sent with the `request` when a reader has chosen a language, which is active then.
language_chosen = Signal()



# Exempt from CSRF, because cached pages for visitors have no token and these change only what pages look like.
@csrf_exempt
@require_POST
def look(request: HttpRequest) -> HttpResponseRedirect:
    """Store the chosen look in a cookie and redirect to the page the reader came from."""
    return _chosen(request, "look", ("", *LOOKS), "look")


@csrf_exempt
@require_POST
def language(request: HttpRequest) -> HttpResponseRedirect:
    """Store the chosen language in a cookie and redirect to the page the reader came from."""
    response = _chosen(request, "language", tuple(dict(settings.LANGUAGES)), settings.LANGUAGE_COOKIE_NAME)
    with translation.override(request.POST["language"]):
        language_chosen.send(sender=None, request=request)
    return response


def _chosen(request: HttpRequest, field: str, values: Collection[str], cookie: str) -> HttpResponseRedirect:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise PermissionDenied(_("Please choose this on a page of this forum."))
    chosen = request.POST.get(field, "")
    if chosen not in values:
        raise BadRequest
    back = request.POST.get("next", "")
    # only a path is allowed, without a host
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, None)
    response = HttpResponseRedirect(back if is_ours else "/")
    if chosen:
        response.set_cookie(cookie, chosen, CHOICE_KEPT_FOR, secure=settings.HTTPS, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(cookie, samesite="Lax")
    return response
