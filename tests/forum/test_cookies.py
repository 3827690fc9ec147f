"""The page cache and Django read the same cookies from the same header."""

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory
from django.utils.translation import get_language_from_request
from hypothesis import example, given
from hypothesis import strategies as st

from forum.cookies import is_visitor, language_of, look_of
from forum.pagecache import PersonalPage, render_for_everybody
from forum.wsgi import django_application
from posts.reading import guest_cookie
from posts.writing import guests
from tests import factories
from tests.forum.test_pagecache import door, knock

__all__ = ["door"]

SECRET = "A word of my own, at last."
PERSONAL = (settings.SESSION_COOKIE_NAME, settings.GUEST_COOKIE_NAME, "messages")
SPACE = st.text(" \t\x0b\x0c\xa0\r\n\x00", max_size=3)
NAME = st.sampled_from([*PERSONAL, "look", "Guest", "guest.", "xguest", "$Version", "", '"guest"', "django_language"])
VALUE = st.one_of(
    st.sampled_from(["", "dark", "light", '"dark"', "DARK", "dark,light", "a=b", "look=dark", "guest=1", "x" * 9_000]),
    st.text("abc=,\"\\' \t;\x00é", max_size=12),
)
PAIR = st.builds("{}{}{}{}{}{}".format, SPACE, NAME, SPACE, st.sampled_from(["=", "", "=="]), SPACE, VALUE)
HEADER = st.builds(
    "{}".format,
    st.lists(PAIR, max_size=6).flatmap(
        lambda pairs: st.sampled_from([";", "; ", " ;\t", ";;", ","]).map(lambda between: between.join(pairs))
    ),
)


def asked_with(header):
    """The WSGI environment of a request with this Cookie header, and Django's request of it."""
    environ = RequestFactory().get("/").environ
    # as a server hands it on: bytes, read as Latin-1
    environ["HTTP_COOKIE"] = header
    return environ, WSGIRequest(dict(environ))


@given(header=HEADER)
@example(header="guest =1")
@example(header="guest\t=1")
@example(header="a=b;guest=1")
@example(header='$Version=1; "guest"=1')
@example(header="guest")
@example(header="look =dark")
@example(header="look=dark; look=light")
@example(header='look="dark"')
@example(header="language =de")
@example(header="language=de-x")
def test_page_cache_reads_cookies_as_django_does(header):
    environ, request = asked_with(header)
    assert is_visitor(environ) == (not any(name in request.COOKIES for name in PERSONAL))
    chosen = request.COOKIES.get("look", "")
    assert look_of(environ) == (chosen if chosen in ("light", "dark") else "")
    assert language_of(environ) == get_language_from_request(request)


@pytest.mark.parametrize(
    "name", ["guest ", "guest\t", " guest", "\tguest ", "a=b;guest", "$Version=1;guest ", "guest=;guest"]
)
def test_guest_comment_is_shown_to_its_guest_only_however_the_cookie_is_written(db, door, settings, name):
    settings.KEPT_PAGES_FRESH = 60
    thread = factories.thread()
    held = guests.comment_as_guest(name="Wren", email="", parent=thread.opening, source=SECRET, key="k")
    cookie = f"{name}={signing.dumps([held.pk], salt=guest_cookie.SALT)}"
    assert SECRET.encode() in knock(door, thread.get_absolute_url(), HTTP_COOKIE=cookie)[2]
    assert SECRET.encode() not in knock(door, thread.get_absolute_url())[2]


@pytest.mark.parametrize("look", ["look =dark", "look\t=dark", ' look="dark"', "look=light;look=dark"])
def test_page_in_one_look_is_not_sent_to_readers_of_another(db, door, settings, look):
    settings.KEPT_PAGES_FRESH = 60
    address = factories.thread().get_absolute_url()
    dark = b'<meta name="color-scheme" content="dark">'
    assert dark in knock(door, address, HTTP_COOKIE=look)[2]
    assert dark not in knock(door, address)[2]


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "localhost:8080"},
        {"HTTP_HOST": "LOCALHOST"},
        {"SERVER_PORT": "8443"},
        {"wsgi.url_scheme": "https"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_X_FORWARDED_PROTO": "https, http"},
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_ACCEPT_LANGUAGE": "de"},
        {"HTTP_COOKIE": "django_language=de"},
        {"HTTP_HX_REQUEST": "true"},
        {"HTTP_HX_BOOSTED": "true"},
        {"HTTP_USER_AGENT": "Mozilla/5.0"},
        {"HTTP_AUTHORIZATION": "Basic eDp5"},
        {"HTTP_RANGE": "bytes=0-9"},
        {"SCRIPT_NAME": "/forum"},
    ],
)
def test_kept_page_is_what_django_would_answer_whatever_the_headers_say(db, door, settings, headers):
    settings.KEPT_PAGES_FRESH = 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    address = factories.thread().get_absolute_url()
    knock(door, address)
    assert knock(door, address, **headers)[2] == knock(django_application, address, **headers)[2]


def a_request(cookie="", is_signed_in=False):
    request = RequestFactory().get("/t/1/", HTTP_COOKIE=cookie)
    request.user = factories.person() if is_signed_in else AnonymousUser()
    return request


@pytest.mark.parametrize("cookie", ["session=1", "guest=1", "guest =1", "messages=1"])
def test_page_of_a_personal_request_cannot_be_kept(cookie):
    with pytest.raises(PersonalPage):
        render_for_everybody(a_request(cookie), 1, "posts/reading/help.html", {})


def test_page_with_something_laid_on_cannot_be_kept(db):
    with pytest.raises(PersonalPage):
        render_for_everybody(a_request(), 1, "posts/reading/help.html", {}, places={"wait:1": "x"})
    with pytest.raises(PersonalPage):
        render_for_everybody(a_request(is_signed_in=True), 1, "posts/reading/help.html", {})


def test_page_for_everybody_knows_neither_user_nor_messages_nor_token(settings, tmp_path):
    (tmp_path / "probe.html").write_text("{{ user }}{{ request }}{{ messages }}{{ perms }}{{ csrf_token }}|{{ here }}")
    engine, *others = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"DIRS": [tmp_path]}, *others]
    request = a_request()
    page = render_for_everybody(request, 7, "probe.html", {})
    assert page.content.decode() == "|/t/1/"
    assert request.environ["forum.page_version"] == 7
