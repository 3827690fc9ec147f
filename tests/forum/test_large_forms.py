"""Large forms take long to read, so they are limited before anything reads them, on every address."""

from urllib.parse import urlencode

import pytest

from forum.middleware import CHECKED_FORM, LARGE_FORM

ADDRESSES = ["/", "/nowhere/", "/preview/", "/account/login/", "/admin/login/", "/c/1/reply/"]
KIND = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("address", ADDRESSES)
def test_large_forms_are_limited_before_they_are_read(db, client, settings, address, monkeypatch):
    settings.LIMITS = {"large_form": {"visitor": "2 per hour"}}
    body = "source=" + "%25" * (LARGE_FORM // 3)
    for _number in range(2):
        assert client.post(address, body, content_type=KIND).status_code != 429
    monkeypatch.setattr("django.http.request.HttpRequest._load_post_and_files", lambda request: pytest.fail("was read"))
    refused = client.post(address, body, content_type=KIND)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]


def test_forms_of_comments_are_not_counted_as_large(db, client, settings):
    settings.LIMITS = {"large_form": {"visitor": "1 per hour"}}
    body = "source=" + "%F0%9F%98%80" * 20_000
    for _number in range(3):
        assert client.post("/preview/", body, content_type=KIND).status_code == 200


def test_refusal_of_a_large_form_leaves_the_form_of_htmx_in_place(db, client, settings):
    settings.LIMITS = {"large_form": {"visitor": "1 per hour"}}
    for _number in range(2):
        answer = client.post("/c/1/reply/", "a" * LARGE_FORM + "=1", content_type=KIND, headers={"HX-Request": "true"})
    assert answer.status_code == 429
    assert answer.headers["HX-Reswap"] == "beforebegin"
    html = answer.content.decode()
    assert "Nothing is lost" in html
    assert "<html" not in html


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("escape", ["%", "%%2", "%zz", "%C"])
def test_long_form_with_broken_escapes_is_refused_unread(db, client, address, escape, monkeypatch):
    body = "source=" + escape * CHECKED_FORM
    monkeypatch.setattr("django.http.request.HttpRequest._load_post_and_files", lambda request: pytest.fail("was read"))
    assert client.post(address, body, content_type=KIND).status_code == 400


def test_long_form_of_any_text_is_read(db, client):
    body = urlencode({"source": '100 % & " é 参 😀 ' * 1_200, "place": "reply:1"})
    assert len(body) > CHECKED_FORM
    assert client.post("/preview/", body, content_type=KIND).status_code == 200
