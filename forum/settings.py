"""All settings of the forum. Values that differ between machines come from the environment (see README)."""

from pathlib import Path

from csp.constants import NONE, SELF

from forum import embedded_postgres, limits
from forum.env import BASE_DIR, VAR_DIR, choice, database_address, env, named, number, secret_key, switch
from forum.rates import for_allauth

DEBUG = switch("DEBUG", False)
SECRET_KEY = secret_key()
HTTPS = switch("HTTPS", not DEBUG)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "forum.apps.ForumAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "django_htmx",
    "csp",
    "forum.apps.Forum",
    "accounts",
    # after django.contrib.auth, which creates the permissions that posts gives to the Moderators group
    "posts",
]

MIDDLEWARE = [
    "forum.health.health_checks",
    "django.middleware.security.SecurityMiddleware",
    "forum.middleware.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "forum.middleware.compressed",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.sessions.middleware",
    "accounts.preferences.middleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "forum.middleware.CostlyFormMiddleware",
    "forum.middleware.RateLimitMiddleware",
]

ROOT_URLCONF = "forum.urls"
WSGI_APPLICATION = "forum.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "forum.context.site",
                "forum.undo_offer.undo_offer",
            ],
        },
    },
    # For the fragment that a page repeats a hundred times (*.jinja); Django's own engine takes ten times as long.
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "fast",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"extensions": ["posts.templatetags.slots.SlotTag"]},
    },
]

# Database ------------------------------------------------------------------------------------------------------------

# The embedded cluster's folder, used if DATABASE_URL is not set.
PG_DATA = Path(env.str("FORUM_PG_DATA", "") or VAR_DIR / "postgres").absolute()
PG_IS_EMBEDDED = not env.str("DATABASE_URL", "")
DATABASES = {
    "default": {
        **(embedded_postgres.connection(PG_DATA) if PG_IS_EMBEDDED else database_address()),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": number("CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
# The role of the web server, which `migrate` creates and gives its rights (see forum.grants). `serve` makes its
# children sign in with it; without `serve`, DATABASE_URL of the web server names it.
WEB_ROLE = embedded_postgres.WEB_ROLE if PG_IS_EMBEDDED else env.str("WEB_ROLE", "")
if PG_IS_EMBEDDED and switch("AS_WEB_ROLE", False):
    DATABASES["default"]["USER"] = WEB_ROLE
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": env.cache("CACHE_URL")
    if env.str("CACHE_URL", "")
    else {"BACKEND": "forum.database_cache.DatabaseCache", "LOCATION": "forum_cache"}
}

LIMITS = limits.OURS if switch("LIMITS", True) else {}

# Accounts ------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# auth.W004: the constraint user_email_unique_without_case makes addresses unique, but Django looks for `unique=` only.
# security.W005, W021: HSTS for subdomains and preloading are the operator's choice.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "security.W005", "security.W021"]
PASSWORD_HASHERS = ["accounts.hashers.PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "display_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.GuessableValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
# "password1" without a star is optional; if it is left out, allauth removes the password from the sign-in form, too
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignupForm",
    "login": "accounts.forms.LoginForm",
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "add_email": "accounts.forms.AddEmailForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
}
ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "website"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# allauth counts its own actions, with these limits
ACCOUNT_RATE_LIMITS = {act: for_allauth(limit) for act, limit in limits.ACCOUNT.items()}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = number("TRUSTED_PROXIES", 0)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "activate_totp": "accounts.second_factor.ActivateTOTPForm",
    "add_webauthn": "accounts.second_factor.AddWebAuthnForm",
    "authenticate_webauthn": "accounts.second_factor.AuthenticateWebAuthnForm",
    "login_webauthn": "accounts.second_factor.LoginWebAuthnForm",
    "reauthenticate_webauthn": "accounts.second_factor.ReauthenticateWebAuthnForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Two-Way Street"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# Language ------------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
# each in its own language
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "forum.formats"
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

CRISPY_ALLOWED_TEMPLATE_PACKS = ("plain",)
CRISPY_TEMPLATE_PACK = "plain"
CRISPY_FAIL_SILENTLY = False

# Forum ---------------------------------------------------------------------------------------------------------------

# Django's default falls back to the session for many messages: anybody could make rows without end.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

SITE_NAME = env.str("SITE_NAME", "Two-Way Street")
# The site's address, for mails that are not sent by a request. On a laptop it has a name, because browsers allow no
# passkeys at an IP address.
SITE_URL = env.str("SITE_URL", f"http://{named(env.str('HOST', '127.0.0.1'))}:{env.str('PORT', '8000')}").rstrip("/")
# Where people reach the owner; the pages about the forum name it.
CONTACT_EMAIL = env.str("CONTACT_EMAIL", "")
# With a key, Akismet checks comments of newcomers, unless they are held anyway; see forum.spamcheck.
AKISMET_KEY = env.str("AKISMET_KEY", "")
# Which members may start a thread.
THREAD_STARTERS = choice("THREAD_STARTERS", "everybody", ("everybody", "trusted", "staff"))
# In characters: short enough for a thank-you, long enough to refuse a "+1".
COMMENT_MIN_LENGTH = number("COMMENT_MIN_LENGTH", 20)
# Addresses that an open page requests by itself; they do not count as use of a session.
POLLED = ("/arrivals/",)
# Pages of accounts and moderation, which no cache may store, not even the browser's.
NEVER_STORED = ("/account/", "/admin/", "/decisions/", "/drafts/", "/flags/", "/guest-comments/")
# A guest's form that is sent sooner was probably filled in by a bot, and is shown again.
GUEST_LEAST_SECONDS = 4
COMMENTS_PER_PAGE = 100
# The page cache of each web process has four stores: pages for visitors and page contents for members, each with and
# without a query. KEPT_PAGES_BYTES is the size of one store. KEPT_PAGES_FRESH is the time in seconds after which the
# database is asked whether a visitor's page is current.
KEPT_PAGES_BYTES = number("KEPT_PAGES_MB", 128) * 1_000_000 // 4
KEPT_PAGES_FRESH = number("KEPT_PAGES_FRESH", 1)
THREADS_PER_PAGE = 30

# Static files --------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "forum.static_storage.Storage"},
}

# Mail ----------------------------------------------------------------------------------------------------------------

if env.str("EMAIL_URL", ""):
    vars().update(env.email("EMAIL_URL"))
else:
    EMAIL_BACKEND = "forum.mail.LaptopBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
if EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend":
    EMAIL_BACKEND = "forum.mail.SMTPBackend"
# Seconds to connect and for each answer, except the one to the text of a mail (forum.mail.ACCEPTED_WITHIN).
EMAIL_TIMEOUT = 10
# Every mail is put into the outbox in the transaction that causes it; the worker sends it through MAIL_TRANSPORT.
MAIL_TRANSPORT, EMAIL_BACKEND = EMAIL_BACKEND, "forum.outbox.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", "Two-Way Street <forum@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Periodic jobs -------------------------------------------------------------------------------------------------------

# The commands that `manage.py run_worker` runs, with the pause between two runs in seconds. Each job has a database
# connection of its own. A mail server may take minutes for one mail (forum.mail.ACCEPTED_WITHIN), so several are sent
# at the same time.
PERIODIC_JOBS = {"heartbeat": 60, "send_outbox": 1, "delete_expired": 24 * 60 * 60, "recalculate_trust": 24 * 60 * 60}
PERIODIC_THREADS = {"send_outbox": 4}

# Security ------------------------------------------------------------------------------------------------------------

if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = switch("HTTPS_REDIRECT", HTTPS)
SECURE_HSTS_SECONDS = 0 if DEBUG else 63_072_000
# Both affect more than this forum (other names of the domain, browsers for years), so the operator decides.
SECURE_HSTS_INCLUDE_SUBDOMAINS = switch("HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = switch("HSTS_PRELOAD", False)
SECURE_REFERRER_POLICY = "same-origin"
# An opening post of 100,000 characters, each of the longest encoding in a form (12 bytes), and the other fields.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_300_000
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
GUEST_COOKIE_NAME = "__Host-guest" if HTTPS else "guest"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
CSRF_FAILURE_VIEW = "forum.errors.csrf_failure"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # data: is for the QR code of an authenticator app, which allauth makes as a data URL
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

LOG_FORMAT = choice("LOG_FORMAT", "line", ("line", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "forum.logs.LineFormatter"},
        "json": {"()": "forum.logs.JSONFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # 403 and 404 are no errors
        "django.request": {"level": "ERROR"},
        # anybody can send these in any number; forum.security records what matters
        "django.security": {"level": "CRITICAL"},
        # one line for each request that waits for a thread
        "waitress.queue": {"level": "ERROR"},
        "forum.security": {"level": "INFO"},
    },
}
