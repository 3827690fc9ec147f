"""The door of the ground: the look of the pages."""

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

YEAR = 60 * 60 * 24 * 365
LOOKS = ("", "light", "dark")


# Without a token: it changes nothing but colours, and a visitor's page, the same bytes for everybody, holds none.
@csrf_exempt
@require_POST
def look(request):
    """Keeps the look that somebody chose in a cookie of theirs, and leads back to where they were."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise PermissionDenied(_("The look is chosen on a page of this forum."))
    chosen = request.POST.get("look", "")
    if chosen not in LOOKS:
        raise BadRequest
    back = request.POST.get("next", "")
    # a path of ours; a host, even our own, has no business here
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, None)
    response = HttpResponseRedirect(back if is_ours else "/")
    if chosen:
        response.set_cookie("look", chosen, YEAR, secure=settings.HTTPS, httponly=True, samesite="Lax")
    else:
        response.delete_cookie("look", samesite="Lax")
    return response
