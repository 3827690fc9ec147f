"""The views that show the pages about the forum, and change the look and the language of all pages."""

from collections.abc import Callable, Collection

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from forum import pages
from forum.cookies import CHOICE_KEPT_FOR, LOOKS
from forum.models import Page

# Called with the request of a reader who has chosen a language, which is active then.
after_choice_of_language: list[Callable[[HttpRequest], None]] = []


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one of the pages about the forum."""
    return render(request, "pages/page.html", pages.shown(Page.Name(name)))


# Exempt from CSRF, because cached pages for visitors have no token. These change only the look, and the language of
# pages and mails.
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
        for act in after_choice_of_language:
            act(request)
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
