"""Sign-in by code or password; it does not reveal which addresses have accounts."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.accounts.people import PASSWORD, bare, code_in, member
from tests.outbox import sent

pytestmark = pytest.mark.django_db
CODE, CONFIRM, LOGIN, RESET = (
    "/account/login/code/",
    "/account/login/code/confirm/",
    "/account/login/",
    "/account/password/reset/",
)


def is_in(client):
    """Whether the browser is signed in."""
    return client.get("/account/").status_code == 200


def test_sign_in_by_code_returns_to_previous_page(client):
    member()
    answer = client.post(CODE, {"email": "Alice@example.org", "next": "/account/email/"})
    assert answer.url.startswith(CONFIRM)
    assert "It is valid for 10 minutes." in sent()[0].body
    answer = client.post(CONFIRM, {"code": code_in(sent()[0]).lower().replace("-", ""), "next": "/account/email/"})
    assert answer.url == "/account/email/"
    assert is_in(client)


def test_next_does_not_redirect_to_other_sites(client):
    member()
    client.post(CODE, {"email": "alice@example.org", "next": "//elsewhere.example/"})
    answer = client.post(CONFIRM, {"code": code_in(sent()[0]), "next": "//elsewhere.example/"})
    assert answer.url == "/"


def test_correct_code_is_refused_after_three_wrong_ones(client):
    member()
    client.post(CODE, {"email": "alice@example.org"})
    for _ in range(3):
        client.post(CONFIRM, {"code": "BBBB-BBBB"})
    client.post(CONFIRM, {"code": code_in(sent()[0])})
    assert not is_in(client)


def test_member_signs_in_by_password(client):
    member(password=PASSWORD)
    answer = client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD, "next": "/account/"})
    assert answer.url == "/account/"
    assert is_in(client)


def test_suspended_member_can_sign_in_and_read(client):
    member(password=PASSWORD, suspended_at=timezone.now())
    client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD})
    page = client.get("/account/").content.decode()
    assert "You are suspended. You can read everything, but not write." in page


@pytest.mark.parametrize(
    ("path", "field", "more"),
    [(CODE, "email", {}), (LOGIN, "login", {"password": "not this one at all"}), (RESET, "email", {})],
)
def test_sign_in_does_not_reveal_whether_address_has_account(client, path, field, more):
    member(password=PASSWORD)
    pages = []
    for email in ("alice@example.org", "nobody@example.org"):
        visitor = client.__class__()
        first = visitor.post(path, {field: email} | more, follow=True)
        second = visitor.post(first.redirect_chain[-1][0], {"code": "BBBB-BBBB"}) if first.redirect_chain else first
        pages.append((first.redirect_chain, bare(first, email), bare(second, email)))
    assert "ADDRESS" in pages[0][1] + pages[0][2]
    assert pages[0] == pages[1]


def test_sign_in_with_unknown_address_sends_mail(client):
    client.post(CODE, {"email": "nobody@example.org"})
    assert sent()[0].to == ["nobody@example.org"]
    assert "it has no account here" in sent()[0].body
    assert "/account/signup/" in sent()[0].body


def test_password_is_reset_by_code(client):
    member(password=PASSWORD)
    client.post(RESET, {"email": "alice@example.org"})
    client.post(f"{RESET}confirm/", {"code": code_in(sent()[0])})
    fresh = "another walk in the snow"
    client.post(f"{RESET}complete/", {"password1": fresh, "password2": fresh})
    assert client.__class__().post(LOGIN, {"login": "alice@example.org", "password": fresh}).status_code == 302
    assert client.__class__().post(LOGIN, {"login": "alice@example.org", "password": PASSWORD}).status_code == 200
    assert "replaced by a new one" in sent()[-1].body


def test_sign_in_page_offers_code_first(client):
    page = client.get(LOGIN).content.decode()
    assert page.index("Send me a sign-in code") < page.index("Sign in with a password")
    assert "<details>" in page


def test_wrong_password_keeps_its_form_open_with_address(client):
    page = client.post(LOGIN, {"login": "alice@example.org", "password": "wrong"}).content.decode()
    assert "<details open>" in page
    assert "have a code sent to your address" in page
    assert page.count('value="alice@example.org"') == 2


def test_too_many_requests_for_codes_show_page_with_time_to_wait(client):
    member()
    for _ in range(10):
        answer = client.__class__().post(CODE, {"email": "alice@example.org"})
    assert "Nothing is locked" in answer.content.decode()
    assert len(sent()) < 10


def test_sign_in_over_limit_shows_time_to_wait(client, settings):
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/60s/ip"}
    data = {"login": "a@example.org", "password": "not the right one"}
    answers = [client.post("/account/login/", data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1]["Retry-After"] == "300"
    assert "wait 5 minutes" in answers[1].content.decode()
    cache.clear()
