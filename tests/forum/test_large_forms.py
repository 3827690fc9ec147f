"""Large forms take long to read, so they are limited before anything reads them, on every address."""

import pytest

from forum.middleware import LARGE_FORM

ADDRESSES = ["/", "/nowhere/", "/preview/", "/accounts/login/", "/admin/login/", "/c/1/reply/"]
KIND = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("address", ADDRESSES)
def test_large_forms_are_limited_before_they_are_read(db, client, settings, address, monkeypatch):
    settings.LIMITS = {"large_form": {"visitor": "2 per hour"}}
    body = "source=" + "%" * LARGE_FORM
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
