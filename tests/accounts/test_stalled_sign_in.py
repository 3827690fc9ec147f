"""A sign-in that waits for the second factor ends if the account changes meanwhile."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from tests.accounts.people import PASSWORD, member
from tests.signing_in import app_of, code_of_app

pytestmark = pytest.mark.django_db
LOGIN, FACTOR = "/account/login/", "/account/2fa/authenticate/"


@pytest.fixture
def alice():
    alice = member(password=PASSWORD)
    app_of(alice)
    return alice


@pytest.fixture
def stalled(alice):
    """A browser in which the password was right and the second factor is asked for."""
    browser = Client()
    assert browser.post(LOGIN, {"login": alice.email, "password": PASSWORD}).url == FACTOR
    assert browser.get(FACTOR).status_code == 200
    return browser


def reset(alice):
    call_command("reset_second_factor", alice.email)


def remove_factor(alice):
    Authenticator.objects.filter(user=alice).delete()


def replace_factor(alice):
    remove_factor(alice)
    app_of(alice)


def change_password(alice):
    alice.set_password("another walk in the snow")
    alice.save()


def close(alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)


def delete(alice):
    alice.delete()


@pytest.mark.parametrize("page", [LOGIN, FACTOR])
@pytest.mark.parametrize("change", [reset, remove_factor, replace_factor, change_password, close, delete])
def test_sign_in_that_waits_while_account_changes_shows_form_again(alice, stalled, change, page):
    change(alice)
    answer = stalled.get(page, follow=True)
    assert answer.status_code == 200
    assert answer.request["PATH_INFO"] == LOGIN
    assert 'name="password"' in answer.content.decode()
    assert "changed meanwhile" in answer.content.decode()


@pytest.mark.parametrize("change", [replace_factor, change_password])
def test_second_factor_does_not_complete_sign_in_with_password_of_before(alice, stalled, change):
    change(alice)
    stalled.post(FACTOR, {"code": code_of_app()})
    assert stalled.get("/account/").status_code == 302


def test_sign_in_goes_on_if_nothing_changes(stalled):
    assert stalled.get(LOGIN).url == FACTOR
    stalled.post(FACTOR, {"code": code_of_app()})
    assert stalled.get("/account/").status_code == 200
