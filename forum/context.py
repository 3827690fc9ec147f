"""What every page knows."""

from django.conf import settings
from django.http import HttpRequest

from forum.cookies import look_of


def site(request: HttpRequest) -> dict[str, str]:
    """Return the site's name, its origin, the look the reader chose, and where ways back lead.

    `here` is where the choice of a look leads back to, `come_back` where the sign-in does (nowhere from account pages).
    All of it follows from what the page cache has in its key, because pages for everybody are rendered with it.
    """
    # what a form answered is a page of its own only when it is asked for again
    here = request.get_full_path() if request.method == "GET" else request.path
    return {
        "site_name": settings.SITE_NAME,
        "origin": f"{request.scheme}://{request.get_host()}",
        "look": look_of(request.environ),
        "here": here,
        "come_back": here if request.method == "GET" and not request.path.startswith("/account/") else "",
    }
