"""The forum's settings, with what makes tests fast and keeps them from the laptop's own files."""

from forum.settings import *  # noqa: F403
from forum.settings import STORAGES

DEBUG = False
HTTPS = False
SECRET_KEY = "a key for tests only"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, GUEST_COOKIE_NAME = "session", "csrf", "guest"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
# roles belong to the whole cluster, which the tests' processes share
WEB_ROLE = ""
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# each kept page is validated
KEPT_PAGES_FRESH = 0
# no limits, except in tests about them
LIMITS = {}
