"""What every page knows."""

from django.conf import settings

from forum.pagecache import look_of


def site(request):
    """The site's name, the look the reader chose, and where ways back lead: `here` from the choice of a look,
    `come_back` from the sign-in (nowhere from account pages)."""
    # what a form answered is a page of its own only when it is asked for again
    here = request.get_full_path() if request.method == "GET" else request.path
    come_back = here if request.method == "GET" and not request.path.startswith("/account/") else ""
    return {"site_name": settings.SITE_NAME, "come_back": come_back, "look": look_of(request.META), "here": here}
