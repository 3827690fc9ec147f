"""What the cookies of a request say, read once and by Django's own parser.

The page cache asks before Django has a request, so these functions take the WSGI environment. Two parsers that disagree
about one header would let the cache send one reader's page to another.
"""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.handlers.wsgi import get_str_from_wsgi
from django.http import parse_cookie

LOOKS = ("light", "dark")
# where the parsed cookies are kept in the WSGI environment
PARSED = "forum.cookies"


def cookies_of(environ: dict) -> dict[str, str]:
    """Return the cookies as `HttpRequest.COOKIES` has them."""
    if PARSED not in environ:
        environ[PARSED] = parse_cookie(get_str_from_wsgi(environ, "HTTP_COOKIE", ""))
    return environ[PARSED]


def is_visitor(environ: dict) -> bool:
    """Return whether no cookie makes the answer personal: no session, no guest's comments, no messages."""
    own = (settings.SESSION_COOKIE_NAME, settings.GUEST_COOKIE_NAME, CookieStorage.cookie_name)
    return cookies_of(environ).keys().isdisjoint(own)


def look_of(environ: dict) -> str:
    """Return the look the reader chose, “light” or “dark”; "" where they left it to their system."""
    chosen = cookies_of(environ).get("look", "")
    return chosen if chosen in LOOKS else ""
