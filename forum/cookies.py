"""Functions that read the cookies of a request, once and with Django's own parser.

The page cache runs before Django makes a request object, so these functions take the WSGI environment. If two parsers
read the same header differently, the cache could send one reader's page to another.
"""

from types import SimpleNamespace
from typing import cast

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.handlers.wsgi import get_str_from_wsgi
from django.http import HttpRequest, parse_cookie
from django.utils.translation import get_language_from_request

LOOKS = ("light", "dark")
# How long the cookie with the chosen look lasts, in seconds.
CHOICE_KEPT_FOR = 60 * 60 * 24 * 365
# the name of the parsed cookies in the WSGI environment
PARSED = "forum.cookies"


def cookies_of(environ: dict) -> dict[str, str]:
    """Return the cookies as `HttpRequest.COOKIES` has them."""
    if PARSED not in environ:
        environ[PARSED] = parse_cookie(get_str_from_wsgi(environ, "HTTP_COOKIE", ""))
    return environ[PARSED]


def is_visitor(environ: dict) -> bool:
    """Return whether no cookie makes the answer personal: neither session, nor guest's comments, nor messages."""
    own = (settings.SESSION_COOKIE_NAME, settings.GUEST_COOKIE_NAME, CookieStorage.cookie_name)
    return cookies_of(environ).keys().isdisjoint(own)


def look_of(environ: dict) -> str:
    """Return the look the reader chose, “light” or “dark”; "" if they follow their system's setting."""
    chosen = cookies_of(environ).get("look", "")
    return chosen if chosen in LOOKS else ""


def language_of(environ: dict) -> str:
    """Return the language of the answer, as Django finds it in the cookie or in the header Accept-Language."""
    request = SimpleNamespace(COOKIES=cookies_of(environ), META=environ)
    return get_language_from_request(cast(HttpRequest, request))
