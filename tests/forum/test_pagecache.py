"""The page cache in front of Django: which pages are kept for visitors, and when they are validated."""

import gzip
from io import BytesIO

import pytest
from django.core import signing
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import clear_script_prefix

from accounts.forms import ProfileForm
from forum.pagecache import OVERHEAD, PageCache, Store
from forum.wsgi import django_application
from posts.moderation import actions
from posts.reading import guest_cookie
from posts.writing import comments, guests
from tests import factories


@pytest.fixture
def door():
    """The door as served, but for the closing of old connections, which would end the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield PageCache(django_application)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def knock(door, path, method="GET", **environ):
    """(status, headers, body, queries) of one request at the door."""
    request = RequestFactory().generic(method, path, **environ).environ | {"wsgi.input": BytesIO()}
    said = []
    with CaptureQueriesContext(connection) as queries:
        answer = door(request, lambda status, headers, exc_info=None: said.append((status, dict(headers))))
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
    # Django keeps the prefix of the last request's addresses for its thread. Later tests must not see it.
    clear_script_prefix()
    status, headers = said[0]
    return int(status[:3]), headers, body, len(queries)


def test_fresh_page_for_visitors_is_served_without_queries(door, comment, settings):
    settings.KEPT_PAGES_FRESH = 60
    address = comment.thread.get_absolute_url()
    status, headers, body, cost = knock(door, address)
    assert (status, cost > 1) == (200, True)
    again = knock(door, address)
    assert again == (200, headers, body, 0)
    assert "Cookie" in headers["Vary"]
    assert "Set-Cookie" not in headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    zipped = knock(door, address, HTTP_ACCEPT_ENCODING="br, gzip")
    assert zipped[1]["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped[2]) == body
    assert int(zipped[1]["Content-Length"]) == len(zipped[2])
    assert knock(door, address, HTTP_IF_NONE_MATCH=headers["ETag"])[::2] == (304, b"")
    head = knock(door, address, "HEAD")
    assert (head[0], head[2], head[1]["Content-Length"]) == (200, b"", headers["Content-Length"])


def test_page_that_is_not_fresh_is_validated_by_one_query(door, comment):
    address = comment.thread.get_absolute_url()
    body = knock(door, address, HTTP_ACCEPT_ENCODING="gzip")[2]
    again = knock(door, address, HTTP_ACCEPT_ENCODING="gzip")
    assert again[2] == body
    assert again[3] == 1


def test_change_is_shown_at_once_if_validated(door, comment):
    address = comment.thread.get_absolute_url()
    moderator = factories.moderator()
    first = knock(door, address)
    comments.edit(editor=comment.author, comment=comment, source="Other words than those before them.")
    second = knock(door, address)
    assert b"Other words" in second[2]
    assert first[1]["ETag"] != second[1]["ETag"]
    actions.remove(moderator=moderator, comment=comment, reason="It names a patient.")
    assert b"Other words" not in knock(door, address)[2]
    actions.remove(moderator=moderator, comment=comment.thread.opening, reason="It names a patient.")
    assert knock(door, address)[0] == 404


def test_new_name_is_shown_at_once_if_validated(door, comment):
    address = comment.thread.get_absolute_url()
    assert b"Alice" in knock(door, address)[2]
    form = ProfileForm({"display_name": "Alba"}, instance=comment.author)
    assert form.is_valid()
    form.save()
    body = knock(door, address)[2]
    assert b"Alba" in body
    assert b"Alice" not in body


@pytest.mark.parametrize("cookie", ["session=abc", "a=b; session=abc", "messages=xyz"])
def test_kept_page_is_not_used_with_session_or_message(door, comment, settings, cookie):
    settings.KEPT_PAGES_FRESH = 60
    address = comment.thread.get_absolute_url()
    knock(door, address)
    assert knock(door, address, HTTP_COOKIE=cookie)[3] > 0


def test_pages_are_kept_for_each_look(door, comment, settings):
    settings.KEPT_PAGES_FRESH = 60
    address = comment.thread.get_absolute_url()
    plain = knock(door, address)
    dark = knock(door, address, HTTP_COOKIE="a=1; look=dark")
    assert dark[3] > 0
    assert plain[2] != dark[2]
    assert knock(door, address, HTTP_COOKIE="look=dark; a=2") == (*dark[:3], 0)


def test_pages_are_kept_for_each_language(door, comment, settings):
    settings.KEPT_PAGES_FRESH = 60
    address = comment.thread.get_absolute_url()
    assert b'<html lang="en">' in knock(door, address)[2]
    german = knock(door, address, HTTP_ACCEPT_LANGUAGE="de-AT,de;q=0.9,en;q=0.5")
    assert german[3] > 0
    assert b'<html lang="de">' in german[2]
    # all that lead to the same language share one copy
    for asked in ({"HTTP_COOKIE": "language=de"}, {"HTTP_ACCEPT_LANGUAGE": "xx,de"}):
        assert knock(door, address, **asked) == (*german[:3], 0)
    for asked in ({"HTTP_COOKIE": "language=en", "HTTP_ACCEPT_LANGUAGE": "de"}, {"HTTP_ACCEPT_LANGUAGE": "xx"}):
        assert b'<html lang="en">' in knock(door, address, **asked)[2]
        assert knock(door, address, **asked)[3] == 0


def test_one_copy_of_page_is_kept_whatever_host_and_port_are_named(door, comment, settings):
    """Copies for every port would push the pages that people read out of the store."""
    settings.KEPT_PAGES_FRESH = 60
    settings.SITE_URL = "https://forum.example"
    address = comment.thread.get_absolute_url()
    first = knock(door, address)
    assert f'rel="canonical" href="https://forum.example{address}"' in first[2].decode()
    for host in ("127.0.0.1:1", "127.0.0.1:99999", "LOCALHOST:8", "localhost.:8711", "localhost"):
        assert knock(door, address, HTTP_HOST=host) == (*first[:3], 0)
    for header in ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_ACCEPT_LANGUAGE"):
        assert knock(door, address, **{header: "other"}) == (*first[:3], 0)
    assert len(door.pages._rows) == 1


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost:x", "local host", ""])
def test_kept_page_is_not_sent_for_host_that_is_not_ours(door, comment, settings, host):
    settings.KEPT_PAGES_FRESH = 60
    address = comment.thread.get_absolute_url()
    assert knock(door, address)[0] == 200
    assert knock(door, address, HTTP_HOST=host)[0] == 400


def test_page_for_https_is_kept_apart_because_its_headers_differ(door, comment, settings):
    settings.KEPT_PAGES_FRESH = 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    address = comment.thread.get_absolute_url()
    plain = knock(door, address)
    for value in ("https", "https,http", "https, other"):
        secure = knock(door, address, HTTP_X_FORWARDED_PROTO=value)
        assert "Strict-Transport-Security" in secure[1]
    assert "Strict-Transport-Security" not in plain[1]
    assert len(door.pages._rows) == 2


@pytest.mark.parametrize(
    "query", ["?x=1", "?order=oldest", "?after=1&order=newest", "?q=1&q=1", "?at=01", "?after=999999999999999"]
)
def test_page_with_unknown_query_is_not_kept(door, comment, settings, query):
    settings.KEPT_PAGES_FRESH = 60
    address = comment.thread.get_absolute_url() + query
    for _twice in range(2):
        assert knock(door, address)[3] > 0


@pytest.mark.parametrize("path", ["/", "/account/login/", "/help/", "/static/mark.svg", "/nothing/"])
def test_other_pages_are_not_kept(door, comment, settings, path):
    settings.KEPT_PAGES_FRESH = 60
    assert [knock(door, path)[0] for _twice in range(2)] in ([200, 200], [404, 404])
    assert not door.pages._rows


def test_store_keeps_to_its_size_and_drops_least_used():
    store = Store(3 * (OVERHEAD + 100))
    for name in "abc":
        store.keep(name, name.upper(), 100)
    store.get("a")
    store.keep("d", "D", 100)
    assert [store.get(name) for name in "abcd"] == ["A", None, "C", "D"]
    store.keep("huge", "H", 10**9)
    assert store.get("huge") is None
    store.clear()
    assert store.get("a") is None


def test_guest_with_held_comment_gets_no_kept_page(door, comment, settings):
    settings.KEPT_PAGES_FRESH = 60
    held = guests.comment_as_guest(
        name="Wren", email="", parent=comment.thread.opening, source="A word of my own, at last.", key="k"
    )
    address = comment.thread.get_absolute_url()
    cookie = f"{settings.GUEST_COOKIE_NAME}={signing.dumps([held.pk], salt=guest_cookie.SALT)}"
    for _visit in range(2):
        assert b"A word of my own" not in knock(door, address)[2]
        assert b"A word of my own" in knock(door, address, HTTP_COOKIE=cookie)[2]
