"""The WSGI application `forum.wsgi:application`: Django behind the page cache."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forum.settings")
django_application = get_wsgi_application()

from forum.pagecache import PageCache  # noqa: E402  (it reads the settings)

application = PageCache(django_application)
