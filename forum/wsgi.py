"""The WSGI application `forum.wsgi:application`: Django behind the page cache."""

import os
from collections.abc import Callable, Iterable

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forum.settings")
django_application = get_wsgi_application()

from forum.content_type import reduce_content_type  # noqa: E402
from forum.pagecache import PageCache  # noqa: E402  (it reads the settings)

page_cache = PageCache(django_application)


def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
    """Answer one request."""
    reduce_content_type(environ)
    return page_cache(environ, start_response)
