"""Pages kept in memory: a store bounded by bytes, and a door that answers visitors before Django is asked.

What is kept is kept under the version of what it shows, so nothing has to be thrown away: another version is another
key, and what nobody asks for any more is the first to go. Each process keeps its own; they agree because the versions
are in the database.

The door serves a page to people without a session as it was sent before, compressed and with its ETag, for FRESH
seconds; then it lets one request through, and the view says whether the page still holds (one query) or sends another.
"""

import gzip
import hashlib
from threading import Lock
from time import monotonic

from cachetools import LRUCache
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from forum.context import site
from forum.cookies import is_visitor, look_of

# What a kept page depends on: the address it was asked for, as Django reads it (SERVER_PORT is part of it where there
# is no Host header), and the look, which comes from a cookie. There is one language; a second one belongs here.
KEY = (
    "HTTP_HOST",
    "SERVER_NAME",
    "SERVER_PORT",
    "wsgi.url_scheme",
    "HTTP_X_FORWARDED_PROTO",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
)

# What a view leaves in the WSGI environment for the door.
VERSION, HOLDS, KEPT = "forum.page_version", "forum.page_holds", "forum.page_kept"
# Of each entry, besides its text: keys, headers, the structures around it.
OVERHEAD = 2_000
# Fast, and of our pages only a twentieth larger than the smallest: each is compressed once per version.
COMPRESSION = 5


class Store:
    """Values by key, at most `most_bytes` of them by their own account, the least used the first to go."""

    def __init__(self, most_bytes):
        self._lock, self._rows = Lock(), LRUCache(most_bytes, getsizeof=lambda row: row[0])

    def get(self, key):
        """The value, or None."""
        with self._lock:
            row = self._rows.get(key)
        return row and row[1]

    def keep(self, key, value, size):
        """Keeps `value`, of `size` bytes; one that is larger than the whole store is not kept."""
        with self._lock:
            if size + OVERHEAD <= self._rows.maxsize:
                self._rows[key] = (size + OVERHEAD, value)

    def clear(self):
        """Empty again."""
        with self._lock:
            self._rows.clear()


def still_holds(request, version):
    """What a view asks before it draws `version` of something: a response if the door keeps just that and sends it
    again, or None."""
    kept = request.environ.get(KEPT)
    if kept is None or kept.version != version:
        return None
    request.environ[HOLDS] = True
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
    """Render a page that shows `version` of something, and let the door keep it unless `keeps` is False.

    The template gets `context` and nothing of the request but its address and look: no user, no messages, no CSRF
    token. `places` is what was laid on the page. Raises PersonalPage if there is anything personal in the request or
    laid on: such a page must never be sent to somebody else. Do not keep pages whose addresses can be made up without
    end.
    """
    if places or not is_visitor(request.environ) or request.user.is_authenticated:
        raise PersonalPage(request.path)
    page = HttpResponse(render_to_string(template, context | site(request)))
    if keeps:
        request.environ[VERSION] = version
    return page


class PersonalPage(Exception):  # noqa: N818
    """A page with something personal was about to be kept for everybody."""


class Page:
    """A response as it is sent: headers, bytes plain and compressed, and its ETag."""

    def __init__(self, version, headers, body):
        self.version, self.checked_at = version, monotonic()
        given = {name.lower(): value for name, value in headers}
        is_zipped = given.get("content-encoding") == "gzip"
        self.plain = gzip.decompress(body) if is_zipped else body
        self.zipped = body if is_zipped else gzip.compress(body, COMPRESSION, mtime=0)
        self.etag = f'"{hashlib.sha256(self.plain).hexdigest()[:24]}"'
        own = {"content-length", "content-encoding", "etag", "vary"}
        headers = [(name, value) for name, value in headers if name.lower() not in own]
        # one address, several answers: by who asks (a session) and the look they chose, by what they can unpack
        headers += [("Vary", "Cookie, Accept-Encoding, HX-Request"), ("ETag", self.etag)]
        self.same = headers
        self.whole = [*headers, ("Content-Length", str(len(self.plain)))]
        self.packed = [*headers, ("Content-Encoding", "gzip"), ("Content-Length", str(len(self.zipped)))]

    @property
    def size(self):
        """In bytes."""
        return len(self.plain) + len(self.zipped)

    def send(self, environ, start_response):
        """The WSGI answer: 304 for who has it, otherwise the bytes, compressed for who takes them."""
        if self.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response("304 Not Modified", self.same)
            return []
        takes_gzip = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
        start_response("200 OK", self.packed if takes_gzip else self.whole)
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return [self.zipped if takes_gzip else self.plain]


class PageCache:
    """The WSGI application: kept pages for visitors, `application` for everything else."""

    def __init__(self, application):
        self.application = application
        # many addresses have a query, and few are asked for often: they do not drive out the pages without
        self.pages, self.pages_of_queries = Store(settings.KEPT_PAGES_BYTES), Store(settings.KEPT_PAGES_BYTES)

    def __call__(self, environ, start_response):
        """Answers one request."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or "HTTP_HX_REQUEST" in environ or not is_visitor(environ):
            return self.application(environ, start_response)
        key = (*(environ.get(name, "") for name in KEY), look_of(environ))
        store = self.pages_of_queries if environ.get("QUERY_STRING") else self.pages
        kept = store.get(key)
        if kept is not None and monotonic() - kept.checked_at < settings.KEPT_PAGES_FRESH:
            return kept.send(environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            return self.application(environ, start_response)
        return self._ask(environ, start_response, store, key, kept)

    def _ask(self, environ, start_response, store, key, kept):
        """Lets Django answer, and keeps the page if the view said which version of something it shows."""
        said = []
        environ[KEPT] = kept
        response = self.application(environ, lambda status, headers, exc_info=None: said.append((status, headers)))
        status, headers = said[0]
        version = environ.pop(VERSION, None)
        if environ.pop(HOLDS, False):
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
