"""The page cache: a store in memory that is bounded by bytes, and a WSGI application that answers visitors from it.

Each cached page has the version of its content. Versions are in the database, so the processes, which have a cache
each, need no invalidation. The least recently used pages are dropped first.

The page cache answers requests without a session from memory, compressed and with an ETag, for KEPT_PAGES_FRESH
seconds. After that it passes a request to Django, and the view either confirms that the version is unchanged (one
query) or returns a new page.
"""

import gzip
import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator
from threading import Lock
from time import monotonic
from typing import Any, Protocol

from cachetools import LRUCache
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.template.loader import render_to_string

from forum.context import site
from forum.cookies import is_visitor, language_of, look_of

# The key of a cached page: these, whether the reader uses HTTPS, the look from the cookie, and the language. No header
# that a client can vary at will may be part of it, because each value would store a copy.
KEY = ("wsgi.url_scheme", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")

# Names in the WSGI environment with which views and the page cache communicate.
VERSION, HOLDS, KEPT = "forum.page_version", "forum.page_holds", "forum.page_kept"
# Estimated bytes of an entry besides its text: keys, headers, objects.
OVERHEAD = 2_000
# This level is fast, and our pages are only a twentieth larger than at the best level.
COMPRESSION = 5


class Response(Protocol):
    """What a WSGI application of Django returns: the parts of the body, and a method that ends the request."""

    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> object: ...


class Store:
    """A cache of at most `most_bytes` bytes, which drops the least recently used values first."""

    def __init__(self, most_bytes: int) -> None:
        self._lock = Lock()
        self._rows: LRUCache[Hashable, tuple[int, Any]] = LRUCache(most_bytes, getsizeof=lambda row: row[0])

    def get(self, key: Hashable) -> Any:
        """Return the value, or None."""
        with self._lock:
            row = self._rows.get(key)
        return row and row[1]

    def keep(self, key: Hashable, value: object, size: int) -> None:
        """Store `value` of `size` bytes, unless it is larger than the whole store."""
        with self._lock:
            if size + OVERHEAD <= self._rows.maxsize:
                self._rows[key] = (size + OVERHEAD, value)

    def clear(self) -> None:
        """Remove all values."""
        with self._lock:
            self._rows.clear()


def still_holds(request: HttpRequest, version: tuple) -> HttpResponse | None:
    """Return an empty response if the page cache has this `version` of the page, otherwise None.

    A view calls this before it renders the page and returns the response, which the page cache replaces by its page.
    """
    kept = request.META.get(KEPT)
    if kept is None or kept.version != version:
        return None
    request.META[HOLDS] = True
    return HttpResponse()


def render_for_everybody(
    request: HttpRequest,
    version: tuple,
    template: str,
    context: dict,
    *,
    places: dict | None = None,
    keeps: bool = True,
) -> HttpResponse:
    """Render a page that is the same for all visitors, and let the page cache keep it unless `keeps` is False.

    `version` is the version of the page's content. The template gets `context` and, of the request, only its path,
    query and look: no user, no messages, no CSRF token. `places` are the personal parts of the page. Raises
    PersonalPage if there are any, or if the request is personal, because the page must never be sent to other people.
    Set `keeps` to False for pages that have an unlimited number of possible addresses.
    """
    if places or not is_visitor(request.META) or request.user.is_authenticated:
        raise PersonalPage(request.path)
    page = HttpResponse(render_to_string(template, context | site(request)))
    if keeps:
        request.META[VERSION] = version
    return page


class PersonalPage(Exception):  # noqa: N818
    """Raised when a page with personal content would be cached for all visitors."""


class Page:
    """A cached response: its headers, its body plain and compressed, and its ETag."""

    def __init__(self, version: tuple, headers: list[tuple[str, str]], body: bytes) -> None:
        self.version, self.checked_at = version, monotonic()
        given = {name.lower(): value for name, value in headers}
        is_zipped = given.get("content-encoding") == "gzip"
        self.plain = gzip.decompress(body) if is_zipped else body
        self.zipped = body if is_zipped else gzip.compress(body, COMPRESSION, mtime=0)
        self.etag = f'"{hashlib.sha256(self.plain).hexdigest()[:24]}"'
        own = {"content-length", "content-encoding", "etag", "vary"}
        headers = [(name, value) for name, value in headers if name.lower() not in own]
        # the answer depends on session, look and language (cookies), on the language, on the compression, and on htmx
        headers += [("Vary", "Cookie, Accept-Language, Accept-Encoding, HX-Request"), ("ETag", self.etag)]
        self.same = headers
        self.whole = [*headers, ("Content-Length", str(len(self.plain)))]
        self.packed = [*headers, ("Content-Encoding", "gzip"), ("Content-Length", str(len(self.zipped)))]

    @property
    def size(self) -> int:
        """Return the size of both bodies in bytes."""
        return len(self.plain) + len(self.zipped)

    def send(self, environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        """Answer a WSGI request: 304 if the client has this page, otherwise the body, compressed if it accepts gzip."""
        if self.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response("304 Not Modified", self.same)
            return []
        takes_gzip = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
        start_response("200 OK", self.packed if takes_gzip else self.whole)
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return [self.zipped if takes_gzip else self.plain]


def _has_allowed_host(environ: dict[str, Any]) -> bool:
    """Return whether Django accepts the host that the request names. Pages do not depend on it, nor on its port."""
    domain, _port = split_domain_port(environ.get("HTTP_HOST", environ["SERVER_NAME"]))
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _uses_https(environ: dict[str, Any]) -> bool:
    """Return whether a trusted proxy says that it was reached by HTTPS, as Django reads its header."""
    return environ.get("HTTP_X_FORWARDED_PROTO", "").partition(",")[0].strip() == "https"


class PageCache:
    """A WSGI application that answers visitors with cached pages and passes all other requests to `application`."""

    def __init__(self, application: Callable[..., Response]) -> None:
        self.application = application
        # Pages with a query have many addresses, few of which are requested often. They have a store of their own, so
        # that they do not displace pages without a query.
        self.pages, self.pages_of_queries = Store(settings.KEPT_PAGES_BYTES), Store(settings.KEPT_PAGES_BYTES)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or "HTTP_HX_REQUEST" in environ or not is_visitor(environ):
            return self.application(environ, start_response)
        if not _has_allowed_host(environ):
            # Django refuses it
            return self.application(environ, start_response)
        key = (*(environ.get(name, "") for name in KEY), _uses_https(environ), look_of(environ), language_of(environ))
        store = self.pages_of_queries if environ.get("QUERY_STRING") else self.pages
        kept = store.get(key)
        if kept is not None and monotonic() - kept.checked_at < settings.KEPT_PAGES_FRESH:
            return kept.send(environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            return self.application(environ, start_response)
        return self._ask(environ, start_response, store, key, kept)

    def _ask(
        self,
        environ: dict[str, Any],
        start_response: Callable[..., object],
        store: Store,
        key: tuple[str | bool, ...],
        kept: Page | None,
    ) -> Iterable[bytes]:
        """Pass the request to Django; store the page if the view set its version, or send `kept` if it is current."""
        said: list[tuple[str, list[tuple[str, str]]]] = []
        environ[KEPT] = kept
        response = self.application(environ, lambda status, headers, exc_info=None: said.append((status, headers)))
        status, headers = said[0]
        version = environ.pop(VERSION, None)
        # a view sets HOLDS only if it was given a kept page
        if kept is not None and environ.pop(HOLDS, False):
            response.close()
            kept.checked_at = monotonic()
            return kept.send(environ, start_response)
        if version is None or not status.startswith("200") or any(name.lower() == "set-cookie" for name, _v in headers):
            start_response(status, headers)
            return response
        page = Page(version, headers, b"".join(response))
        response.close()
        store.keep(key, page, page.size)
        return page.send(environ, start_response)
