"""Middleware that sets security headers, limits the size of forms, and compresses responses."""

import math
import re
import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.utils.cache import patch_vary_headers
from isal import igzip

from forum import errors, ratelimit
from forum.numbers import number_in
from forum.ratelimit import RateLimited

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


def security_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Add Cross-Origin-Resource-Policy and Permissions-Policy, which Django does not set, and Cache-Control."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if request.path.startswith(settings.NEVER_STORED):
            never_store(response)
        # a page without the header may be personal; whitenoise sets it for static files
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    return middleware


def never_store(response: HttpResponseBase) -> None:
    """Forbid every cache, including the browser's, to store the response, because devices may be shared."""
    response.headers["Cache-Control"] = "private, no-store"


# In bytes. Larger forms are counted by their size, and checked before they are read. Most comments are smaller.
COSTLY_FORM = 32_000
# No browser sends percent signs without two digits, and Python takes long to read them.
BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class CostlyFormMiddleware:
    """Limit the bytes of forms per minute, and refuse forms that take long to read.

    This comes before anything reads the form, because error pages read it, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, or refuse it."""
        length = _length_of(request)
        if length > COSTLY_FORM:
            try:
                ratelimit.take(request, "form_size", units=math.ceil(length / COSTLY_FORM))
            except RateLimited as refusal:
                return errors.too_many(request, refusal.wait)
            if _is_broken(request):
                return errors.bad_request(request, BadRequest())
        return self.get_response(request)


def _length_of(request: HttpRequest) -> int:
    """Return the length of the body in bytes; one that cannot be read counts as the largest."""
    stated = request.META.get("CONTENT_LENGTH", "")
    length = number_in(stated)
    return (settings.DATA_UPLOAD_MAX_MEMORY_SIZE if stated else 0) if length is None else length


def _is_broken(request: HttpRequest) -> bool:
    """Return whether a form has a percent sign without two hexadecimal digits."""
    if request.content_type != "application/x-www-form-urlencoded":
        return False
    try:
        return BROKEN_ESCAPE.search(request.body) is not None
    except (RequestDataTooBig, UnreadablePostError):
        # answered where the form is read
        return False


class RateLimitMiddleware:
    """Answer the exceptions RateLimited and Busy of a view with pages of status 429.

    Forms do not get here: they show the refusal beside the text (posts.forms.submission).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the page, or None for other exceptions."""
        if isinstance(exception, RateLimited):
            return errors.too_many(request, exception.wait)
        return errors.busy(request) if isinstance(exception, errors.Busy) else None


# Levels of isal are 0 to 3. For a page of 120 kB, zlib takes 7 times as long at level 3 and 20 times at level 6 (which
# Django's GZipMiddleware uses), and saves a twentieth and an eighth of the bytes.
COMPRESSION = 2
SMALLEST = 500


def compressed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Compress responses for browsers that accept gzip, except streams and short or already compressed responses.

    The gzip header has a file name of random length, so that the size does not reveal secrets of the page (BREACH);
    Django's GZipMiddleware does the same.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
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


def _zipped(content: bytes) -> bytes:
    """Return `content` as a gzip file (RFC 1952) with a file name of 0 to 99 letters."""
    packed = igzip.compress(content, COMPRESSION, mtime=0)
    name = secrets.token_urlsafe(75)[: secrets.randbelow(100)].encode()
    # the fourth byte holds the flags: 8 means that a name follows the header of ten bytes
    return packed[:3] + b"\x08" + packed[4:10] + name + b"\0" + packed[10:]
