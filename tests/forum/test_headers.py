"""Security headers on every kind of response."""

import json
import os
import subprocess
import sys

import pytest
from django.test import Client

from forum.env import BASE_DIR
from tests.factories import thread as make_thread

DIRECTIVES = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "manifest-src 'self'",
}


@pytest.mark.parametrize(
    "address", ["/", "/t/1/", "/nothing/", "/account/login/", "/admin/", "/help/", "/static/mark.svg"]
)
def test_every_response_has_security_headers(db, client, address):
    make_thread()
    answer = client.get(address)
    answer.close()
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    if not address.startswith("/static/"):
        assert set(headers["Content-Security-Policy"].split("; ")) == DIRECTIVES
        assert headers["X-Frame-Options"] == "DENY"


def outside_debug(**environment):
    """The settings as they are on a server: read in a process of its own."""
    names = [
        "DEBUG",
        "SECURE_HSTS_SECONDS",
        "SECURE_SSL_REDIRECT",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SESSION_COOKIE_NAME",
        "CSRF_COOKIE_HTTPONLY",
    ]
    code = f"import json; from forum import settings as s; print(json.dumps({{n: getattr(s, n) for n in {names}}}))"
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=BASE_DIR,
        env=clean | {"SECRET_KEY": "x"} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(said.stdout)


def test_https_is_required_without_debug():
    found = outside_debug()
    assert found == {
        "DEBUG": False,
        "SECURE_HSTS_SECONDS": 63_072_000,
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_HTTPONLY": True,
    }


def test_cookies_work_without_https_in_debug():
    found = outside_debug(HTTPS="0")
    assert not found["SESSION_COOKIE_SECURE"]
    assert found["SESSION_COOKIE_NAME"] == "session"


def test_hsts_excludes_subdomains_by_default(db, settings):
    settings.SECURE_HSTS_SECONDS = 63_072_000
    answer = Client().get("/", secure=True)
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    answer = Client().get("/", secure=True)
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"
