"""What visitors can make the server do: sessions, password checks."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.test import Client

from bench.broken_requests import addresses
from forum import limits, rates
from tests.accounts.people import PASSWORD, member
from tests.factories import person, reply, thread

pytestmark = pytest.mark.django_db

HEADERS = [{"Referer": "http://testserver/"}, {"Referer": "http://testserver/", "HX-Request": "true"}]
JSON = {"Accept": "application/json"}
FORM = {"source": "Some words of my own, twenty and more.", "key": "k", "next": "/", "mark": "1", "code": "ABCD-EFGH"}


def test_no_page_creates_session_for_visitor():
    """Only what is limited does: a code that was asked for, a passkey's challenge, a text sent after signing out."""
    comment = reply(thread().opening, person())
    made = []
    for address in sorted(set(addresses())):
        path = address.replace("{argument}", str(comment.pk))
        for method in ("get", "post"):
            # only the pages of allauth answer in JSON
            for headers in [*HEADERS, JSON] if path.startswith("/account/") else HEADERS:
                client = Client(raise_request_exception=False)
                getattr(client, method)(path, FORM if method == "post" else None, headers=headers)
                if Session.objects.exists():
                    made.append((method, path))
                    Session.objects.all().delete()
    assert set(made) == {("get", "/account/2fa/webauthn/login/")}


@pytest.fixture
def checks(monkeypatch):
    """The passwords that were hashed."""
    hashed = []
    whole = MD5PasswordHasher.encode

    def encode(self, password, *given):
        hashed.append(password)
        return whole(self, password, *given)

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    return hashed


def allowed(act):
    """How many of an act the shipped limits allow at once."""
    return min(rate.most for words in limits.ACCOUNT[act].values() for rate in rates.parse(words))


def test_sign_in_checks_limits_before_password(client, checks):
    for number in range(40):
        client.post("/account/login/", {"login": f"p{number}@example.org", "password": "not this one at all"})
    assert 0 < len(checks) <= allowed("login") == 15


def test_passwords_for_one_address_are_checked_five_times(client, checks):
    member(password=PASSWORD)
    checks.clear()
    for _n in range(40):
        client.post("/account/login/", {"login": "alice@example.org", "password": "not this one at all"})
    assert 0 < len(checks) <= 5


@pytest.mark.parametrize(
    ("act", "address", "form"),
    [
        ("reauthenticate", "/account/reauthenticate/", {"password": "not this one"}),
        (
            "change_password",
            "/account/password/change/",
            {"oldpassword": "not this one", "password1": "another long walk", "password2": "another long walk"},
        ),
    ],
)
def test_password_checks_of_signed_in_member_are_limited(client, checks, act, address, form):
    client.force_login(member(password=PASSWORD))
    checks.clear()
    statuses = [client.post(address, form).status_code for _n in range(40)]
    assert 0 < len(checks) <= allowed(act) <= 10
    assert statuses[-1] == 429


def test_reset_checks_no_password(client, checks):
    member(password=PASSWORD)
    checks.clear()
    for _n in range(10):
        client.post("/account/password/reset/", {"email": "alice@example.org"})
        client.post("/account/password/reset/complete/", {"password1": "another long walk"})
    assert checks == []


def test_passkey_challenges_are_limited(settings):
    settings.LIMITS = limits.OURS
    statuses = [
        Client().get("/account/2fa/webauthn/login/", headers={"Accept": "application/json"}).status_code
        for _n in range(21)
    ]
    assert statuses == [200] * 20 + [429]
    assert Session.objects.count() == 20
