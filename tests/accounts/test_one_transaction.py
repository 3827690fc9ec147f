"""A change of an account and the mail about it are one transaction."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import URLResolver, get_resolver

from accounts.models import User
from forum import outbox
from tests.accounts.people import PASSWORD, member
from tests.signing_in import code_of_app

# These change nothing that a mail tells of, or send no mail.
WITHOUT_A_CHANGE = {
    "AuthenticateView",
    "ConfirmLoginCodeView",
    "ConfirmPasswordResetCodeView",
    "LoginView",
    "LoginWebAuthnView",
    "ReauthenticateView",
    "ReauthenticateWebAuthnView",
    "RequestLoginCodeView",
    "PasswordResetView",
    "EditWebAuthnView",
}


@pytest.fixture
def full_disk(monkeypatch):
    """No mail can be put into the outbox."""

    def add(*args, **options):
        raise OSError("disk full")

    monkeypatch.setattr(outbox, "add", add)


@pytest.fixture
def alice(db, client):
    """Signed in, and has just typed her password."""
    user = member(password=PASSWORD)
    client.force_login(user)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return user


def test_account_is_not_made_if_its_code_cannot_be_sent(db, full_disk):
    client = Client(raise_request_exception=False)
    assert client.post("/account/signup/", {"display_name": "Bob", "email": "bob@example.org"}).status_code == 500
    assert not User.objects.filter(email="bob@example.org").exists()


def test_password_is_not_changed_if_its_owner_cannot_be_told(alice, client, full_disk):
    client.raise_request_exception = False
    form = {"oldpassword": PASSWORD, "password1": "another long walk", "password2": "another long walk"}
    assert client.post("/account/password/change/", form).status_code == 500
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_second_factor_is_not_removed_if_its_owner_cannot_be_told(alice, client, full_disk):
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": "JBSWY3DPEHPK3PXP"})
    client.raise_request_exception = False
    assert client.post("/account/2fa/totp/deactivate/").status_code == 500
    assert Authenticator.objects.filter(user=alice).exists()


@pytest.mark.parametrize("page", ["totp/activate", "recovery-codes/generate"])
def test_second_factor_is_not_added_or_replaced_if_its_owner_cannot_be_told(alice, client, full_disk, page):
    """allauth leaves these mails for after the commit."""
    form = {}
    if page == "totp/activate":
        client.get("/account/2fa/totp/activate/")
        secret = client.session["mfa.totp.secret"]
        form = {"code": code_of_app(secret)}
    else:
        TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    before = list(Authenticator.objects.values())
    client.raise_request_exception = False
    assert client.post(f"/account/2fa/{page}/", form).status_code == 500
    assert list(Authenticator.objects.values()) == before


def views_of(patterns, prefix=""):
    """The view classes of a URLconf, each with its route."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views_of(pattern.url_patterns, route)
        elif view := getattr(pattern.callback, "view_class", None):
            yield route, view


def test_every_form_of_allauth_that_changes_an_account_is_one_transaction():
    first = {}
    for route, view in views_of(get_resolver().url_patterns):
        # of two views for one address the first one answers
        first.setdefault(route, view)
    forms = {
        view
        for view in first.values()
        if any(base.__module__.startswith("allauth.") for base in view.__mro__)
        and (hasattr(view, "form_valid") and view.__name__ not in WITHOUT_A_CHANGE)
    }
    assert len(forms) > 5
    assert [view.__qualname__ for view in forms if not view.__module__.startswith("accounts.")] == []
