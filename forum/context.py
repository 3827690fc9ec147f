"""The context processor for all pages."""

from django.conf import settings
from django.http import HttpRequest

from forum.cookies import look_of


def site(request: HttpRequest) -> dict[str, str]:
    """Return the site's name and address, the look the reader chose, and two addresses to return to.

    `here` is the address to return to after choosing a look, `come_back` the one after signing in ("" on account pages
    and after a POST). All values must depend only on the key of the page cache, because cached pages are rendered with
    them; the host is not part of it.
    """
    # a response to a POST has no address of its own, so the path has to do
    here = request.get_full_path() if request.method == "GET" else request.path
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "look": look_of(request.META),
        "here": here,
        "come_back": here if request.method == "GET" and not request.path.startswith("/account/") else "",
    }
