"""Checks of `manage.py check --deploy`: name each setting that a server needs and this environment lacks."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import Error

from forum import grants, health
from forum.env import env

LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]", "::1"}
# Caches that are not shared between processes or machines: limits on sign-in would be counted separately.
UNSHARED_CACHES = ("LocMemCache", "DummyCache", "FileBasedCache")


@register(Tags.security, deploy=True)
def check_environment(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Return one Warning for each setting that is missing or fits a laptop only."""
    found = [
        (
            not env.str("SECRET_KEY", ""),
            "SECRET_KEY is not set. Set it to 50 random characters, the same on every machine.",
            "forum.W001",
        ),
        (
            not set(settings.ALLOWED_HOSTS) - LOCAL_NAMES,
            "ALLOWED_HOSTS names this machine only. Set it to the names by which readers reach the forum.",
            "forum.W002",
        ),
        (
            "*" in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS allows every name. Set it to the names by which readers reach the forum.",
            "forum.W010",
        ),
        (
            urlsplit(settings.SITE_URL).scheme != "https",
            f"SITE_URL is {settings.SITE_URL}. Set it to the https:// address of the forum, for the links in mails.",
            "forum.W003",
        ),
        (
            not settings.HTTPS,
            "HTTPS is 0, so cookies are sent in the clear. Remove it, and end TLS in a proxy.",
            "forum.W004",
        ),
        (
            settings.HTTPS and not settings.ALLAUTH_TRUSTED_PROXY_COUNT,
            "TRUSTED_PROXIES is 0, so a proxy that ends TLS is not believed and every page redirects for ever. "
            "Set it to the number of proxies in front of the forum.",
            "forum.W005",
        ),
        (
            not env.str("EMAIL_URL", ""),
            "EMAIL_URL is not set, so mails are only written to var/mail. Set it to the address of a mail server.",
            "forum.W006",
        ),
        (
            settings.CACHES["default"]["BACKEND"].endswith(UNSHARED_CACHES),
            "CACHE_URL names a cache that each machine has for itself. Remove it, or set it to a Redis server.",
            "forum.W008",
        ),
        (
            not settings.LIMITS,
            "LIMITS is 0, so comments, flags, previews and changes of names are not limited. Remove it.",
            "forum.W011",
        ),
        (
            "@" not in settings.CONTACT_EMAIL,
            "CONTACT_EMAIL is not an e-mail address, so nobody can ask for their account to be closed. Set it to one.",
            "forum.W013",
        ),
    ]
    return [checks.Warning(sentence, id=number) for is_wrong, sentence, number in found if is_wrong]


@register("services", deploy=True)
def check_services(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Return a Warning if there is no PostgreSQL server, or if it, its migrations or the worker are not in order.

    Another one names a right that everybody has in each new database, and that only a superuser can take away.
    """
    if settings.PG_IS_EMBEDDED:
        sentence = (
            "DATABASE_URL is not set, so the embedded PostgreSQL of this machine is used. "
            "Set it to the address of a PostgreSQL server."
        )
        return [checks.Warning(sentence, id="forum.W007")]
    found: list[CheckMessage] = [checks.Warning(problem, id="forum.W009") for problem in health.problems()]
    try:
        is_open = grants.may_everybody_make_large_objects()
    except Error:
        # named above already
        return found
    if is_open:
        sentence = (
            "Every role may make large objects in this database, and could fill the disk. As a superuser of PostgreSQL "
            "run the REVOKE of docs/operations.md in it, also after a restore."
        )
        found.append(checks.Warning(sentence, id="forum.W012"))
    return found
