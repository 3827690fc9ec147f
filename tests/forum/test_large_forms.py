"""Large forms take long to read, so they are limited before anything reads them, on every address."""

from urllib.parse import urlencode

import pytest

from forum.middleware import COSTLY_FORM

ADDRESSES = ["/", "/nowhere/", "/preview/", "/account/login/", "/admin/login/", "/c/1/reply/"]
KIND = "application/x-www-form-urlencoded"
LARGE = "source=" + "%25" * COSTLY_FORM


@pytest.fixture
def unread(monkeypatch):
    """Return a function after which no form may be read."""
    return lambda: monkeypatch.setattr(
        "django.http.request.HttpRequest._load_post_and_files", lambda request: pytest.fail("was read")
    )


@pytest.mark.parametrize("address", ADDRESSES)
def test_large_forms_are_limited_before_they_are_read(db, client, settings, address, unread):
    settings.LIMITS = {"form_size": {"visitor": "8 per hour"}}
    for _number in range(2):
        assert client.post(address, LARGE, content_type=KIND).status_code != 429
    unread()
    refused = client.post(address, LARGE, content_type=KIND)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]


def test_forms_of_most_comments_are_not_counted(db, client, settings):
    settings.LIMITS = {"form_size": {"visitor": "1 per hour"}}
    body = "source=" + "%C3%A4" * 5_000
    for _number in range(3):
        assert client.post("/preview/", body, content_type=KIND).status_code == 200


@pytest.mark.parametrize("length", ["0" * 30 + str(len(LARGE)), "9" * 30])
def test_length_that_is_written_oddly_counts_as_large(db, client, settings, length, unread):
    settings.LIMITS = {"form_size": {"visitor": "1 per hour"}}
    client.post("/preview/", LARGE, content_type=KIND)
    unread()
    assert client.post("/preview/", LARGE, content_type=KIND, CONTENT_LENGTH=length).status_code == 429


def test_refusal_of_a_large_form_leaves_the_form_of_htmx_in_place(db, client, settings):
    settings.LIMITS = {"form_size": {"visitor": "1 per hour"}}
    for _number in range(2):
        answer = client.post("/c/1/reply/", LARGE, content_type=KIND, headers={"HX-Request": "true"})
    assert answer.status_code == 429
    assert answer.headers["HX-Reswap"] == "beforebegin"
    html = answer.content.decode()
    assert "Nothing is lost" in html
    assert "<html" not in html


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("escape", ["%", "%%2", "%zz", "%C"])
def test_long_form_with_broken_escapes_is_refused_unread(db, client, address, escape, unread):
    unread()
    assert client.post(address, "source=" + escape * COSTLY_FORM, content_type=KIND).status_code == 400


def test_long_form_of_any_text_is_read(db, client):
    body = urlencode({"source": '100 % & " é 参 😀 ' * 1_200, "place": "reply:1"})
    assert len(body) > COSTLY_FORM
    assert client.post("/preview/", body, content_type=KIND).status_code == 200
