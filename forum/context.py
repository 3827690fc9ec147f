"""What every page knows."""

from django.conf import settings


def site(request):
    """The site's name, and where a visitor who signs in from this page comes back to (nowhere from account pages)."""
    here = request.get_full_path() if request.method == "GET" and not request.path.startswith("/account/") else ""
    return {"site_name": settings.SITE_NAME, "come_back": here}
