"""What every page knows."""

from django.conf import settings


def site(request):
    """The site's name for titles and headings."""
    return {"site_name": settings.SITE_NAME}
