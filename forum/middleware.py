"""Small functions around every request."""

import gzip
import secrets

from django.conf import settings
from django.http import HttpResponseBase
from django.utils.cache import patch_vary_headers

PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
        "xr-spatial-tracking",
    )
)


def security_headers(get_response):
    """Adds the headers that Django's own SecurityMiddleware does not know: CORP and Permissions-Policy."""

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if request.path.startswith(settings.NEVER_STORED):
            never_store(response)
        # whatever says nothing of it is somebody's own page; whitenoise speaks for static files
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    return middleware


def never_store(response: HttpResponseBase) -> None:
    """Keep the response out of every cache, the browser's own too: it must not be found on a shared device."""
    response.headers["Cache-Control"] = "private, no-store"


# Django's own middleware compresses at 6, which takes longer than all else a page costs; 3 makes it a twelfth larger.
COMPRESSION = 3
SMALLEST = 500


def compressed(get_response):
    """Compresses what is sent to browsers that take gzip; a stream, or what is packed or short already, stays as it is.

    A name of random length in the header keeps the size from telling what is in the page (as Django's GZipMiddleware
    does, against BREACH).
    """

    def middleware(request):
        response = get_response(request)
        if response.streaming or len(response.content) < SMALLEST or response.has_header("Content-Encoding"):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.content = _zipped(response.content)
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Length"] = str(len(response.content))
        return response

    return middleware


def _zipped(content):
    """A gzip file (RFC 1952) with a name of 0 to 99 letters."""
    packed = gzip.compress(content, COMPRESSION, mtime=0)
    name = secrets.token_urlsafe(75)[: secrets.randbelow(100)].encode()
    # the fourth byte says whether a name follows the ten of the header
    return packed[:3] + b"\x08" + packed[4:10] + name + b"\0" + packed[10:]
