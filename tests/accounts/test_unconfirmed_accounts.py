"""What a stranger sets in an account with an unconfirmed address is erased when the address is confirmed."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import unconfirmed
from accounts.models import HeldName, User
from tests.accounts.people import PASSWORD, bare, code_in, member
from tests.accounts.test_sign_up import SIGN_UP, filled
from tests.factories import person
from tests.outbox import sent
from tests.signing_in import sign_in_with_factor

pytestmark = pytest.mark.django_db
EMAIL = "bea@example.org"
CONFIRM = "/account/confirm-email/"
OWN = "another walk in the snow"


def sign_up(name="Mallory Mole", password=PASSWORD, email=EMAIL):
    """Sign up in a browser of its own; return that browser."""
    browser = Client()
    browser.post(SIGN_UP, filled(display_name=name, email=email, password1=password))
    sent()
    return browser


def sign_in_by_code(email=EMAIL):
    """Sign in by a mailed code; return the browser and the page that comes next."""
    browser = Client()
    browser.post("/account/login/code/", {"email": email})
    return browser, browser.post("/account/login/code/confirm/", {"code": code_in(sent()[-1])}, follow=True)


def can_sign_in(password, email=EMAIL):
    """Whether the password leads anywhere."""
    return Client().post("/account/login/", {"login": email, "password": password}).status_code == 302


def test_password_and_name_of_stranger_end_when_owner_of_address_signs_in_by_code():
    sign_up()
    browser, page = sign_in_by_code()
    assert not can_sign_in(PASSWORD)
    bea = User.objects.get()
    assert not bea.has_usable_password()
    assert bea.display_name.startswith("New member ")
    assert "signed up with your address before you" in page.content.decode()
    assert bea.display_name in page.content.decode()
    assert browser.get("/account/").status_code == 200


def test_second_factor_and_sessions_of_stranger_end_too():
    stranger = sign_up()
    mallory = User.objects.get()
    Authenticator.objects.create(user=mallory, type="totp", data={"secret": "x"})
    stranger.force_login(mallory)
    stranger.get("/account/")
    unconfirmed.erase(mallory)
    assert not Authenticator.objects.exists()
    assert stranger.get("/account/").status_code == 302


def test_owner_of_address_who_resets_password_gets_account_without_name_of_stranger():
    sign_up()
    browser = Client()
    browser.post("/account/password/reset/", {"email": EMAIL})
    browser.post("/account/password/reset/confirm/", {"code": code_in(sent()[-1])})
    browser.post("/account/password/reset/complete/", {"password1": OWN, "password2": OWN})
    assert can_sign_in(OWN)
    assert not can_sign_in(PASSWORD)
    assert User.objects.get().display_name.startswith("New member ")


def test_sign_up_of_owner_replaces_sign_up_of_stranger():
    sign_up()
    browser = sign_up("Bea Brandt", OWN)
    assert "/account/login/code/" not in sent()[-1].body
    assert browser.post(CONFIRM, {"code": code_in(sent()[-1])}).status_code == 302
    bea = User.objects.get()
    assert bea.display_name == "Bea Brandt"
    assert bea.emailaddress_set.get().verified
    assert can_sign_in(OWN)
    assert not can_sign_in(PASSWORD)


def test_stranger_who_signs_up_between_sign_up_and_code_of_owner_gets_nothing():
    browser = sign_up("Bea Brandt", OWN)
    code = code_in(sent()[-1])
    sign_up()
    page = browser.post(CONFIRM, {"code": code}, follow=True).content.decode()
    assert browser.get("/account/").status_code == 200
    assert "signed up with your address" in page
    assert User.objects.get().display_name.startswith("New member ")
    assert not can_sign_in(PASSWORD)


def test_session_that_signed_up_keeps_name_and_password():
    browser = sign_up("Bea Brandt", OWN)
    page = browser.post(CONFIRM, {"code": code_in(sent()[-1])}, follow=True).content.decode()
    assert "signed up with your address" not in page
    assert User.objects.get().display_name == "Bea Brandt"
    assert can_sign_in(OWN)


def test_change_of_a_confirmed_address_erases_nothing():
    alice = member(password=PASSWORD)
    address = alice.emailaddress_set.create(email="new@example.org", verified=True)
    assert not unconfirmed.is_first_confirmation(address)


def test_moderator_made_from_unconfirmed_account_keeps_nothing_of_it(capsys):
    sign_up()
    call_command("make_moderator", EMAIL, owner=True)
    bea = User.objects.get()
    assert bea.is_superuser
    assert not bea.has_usable_password()
    assert bea.display_name == "Bea"
    assert not can_sign_in(PASSWORD)
    said = capsys.readouterr().out
    assert "had never been confirmed" in said
    assert "password" in said


def test_superuser_made_by_operator_has_a_confirmed_address():
    owner = User.objects.create_superuser("owner@example.org", PASSWORD, display_name="Olga Orlow")
    assert owner.has_confirmed_address()


@pytest.mark.parametrize("right", ["is_staff", "is_superuser", "groups"])
def test_admin_gives_no_right_to_unconfirmed_account(client, right):
    sign_up()
    bea = User.objects.get()
    sign_in_with_factor(client, person("Olga", is_staff=True, is_superuser=True))
    address = reverse("admin:accounts_user_change", args=[bea.pk])
    assert "not confirmed" in client.get(address).content.decode()
    group = bea.groups.model.objects.get(name="Moderators").pk
    page = client.post(address, {right: group if right == "groups" else "on"})
    assert page.status_code == 200
    assert "has not confirmed their address yet" in page.content.decode()
    bea.refresh_from_db()
    assert [bea.is_staff, bea.is_superuser, bea.groups.exists()] == [False] * 3


def test_admin_takes_rights_from_unconfirmed_account(client):
    sign_up()
    bea = User.objects.get()
    User.objects.update(is_staff=True)
    sign_in_with_factor(client, person("Olga", is_staff=True, is_superuser=True))
    client.post(reverse("admin:accounts_user_change", args=[bea.pk]), {})
    bea.refresh_from_db()
    assert not bea.is_staff


def expire():
    """Let the time pass after which unconfirmed accounts are deleted, and delete them."""
    call_command("delete_expired")
    assert HeldName.objects.exists()
    return unconfirmed.delete_expired(timezone.now() + unconfirmed.KEPT_FOR + timedelta(seconds=1))


def test_unconfirmed_account_expires_and_confirmed_one_stays():
    member()
    sign_up()
    expire()
    assert User.objects.get().email == "alice@example.org"


def test_account_that_a_decision_is_about_does_not_expire():
    from posts.moderation import sanctions
    from tests.factories import WHY, moderator

    sign_up()
    sanctions.warn(moderator=moderator(), person=User.objects.get(email=EMAIL), reason=WHY, rule="")
    expire()
    assert User.objects.filter(email=EMAIL).exists()


@pytest.mark.parametrize("kind", ["unknown", "unconfirmed", "confirmed"])
def test_names_tried_with_an_address_do_not_reveal_whether_it_has_an_account(kind):
    if kind == "confirmed":
        member(email=EMAIL)
    if kind == "unconfirmed":
        sign_up("Somebody Else", "")
    for name in ("First Name", "Second Name"):
        sign_up(name)
        assert not User.objects.name_is_free(name)
    assert not User.objects.name_is_free("First Name")
    expire()
    assert User.objects.name_is_free("First Name")
    assert User.objects.name_is_free("Second Name")


def test_name_that_a_member_gives_up_stays_reserved():
    sign_up("Bea Brandt")
    bea = User.objects.get()
    bea.hold_name(bea.name_key)
    bea.rename("Bea Berg")
    bea.save()
    bea.emailaddress_set.update(verified=True)
    unconfirmed.delete_expired(timezone.now() + unconfirmed.KEPT_FOR + timedelta(seconds=1))
    assert not User.objects.name_is_free("Bea Brandt")


def test_sign_up_pages_are_identical_for_unconfirmed_address():
    sign_up()
    pages = []
    for email, name in ((EMAIL, "Bea Brandt"), ("new@example.org", "Cleo Carr")):
        browser = Client()
        first = browser.post(SIGN_UP, filled(email=email, display_name=name, password1=OWN), follow=True)
        second = browser.post(CONFIRM, {"code": "BBBB-BBBB"}, follow=True)
        pages.append((bare(first, email), first.redirect_chain, bare(second, email)))
    assert pages[0] == pages[1]


@pytest.mark.parametrize("way", ["sign-up", "sign-in", "password reset"])
def test_code_for_account_that_has_expired_meanwhile_is_refused(way):
    browser = sign_up()
    page = CONFIRM
    if way == "sign-in":
        browser = Client()
        browser.post("/account/login/code/", {"email": EMAIL})
        page = "/account/login/code/confirm/"
    if way == "password reset":
        browser = Client()
        browser.post("/account/password/reset/", {"email": EMAIL})
        page = "/account/password/reset/confirm/"
    code = code_in(sent()[-1])
    expire()
    answer = browser.post(page, {"code": code})
    assert answer.status_code == 200
    assert "newest mail" in answer.content.decode()
