"""A flood of passwords leaves most threads to readers, and says nothing about accounts."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.test import Client

from accounts import hashers
from accounts.models import User
from forum import settings as shipped
from forum import web_server
from forum.errors import Busy
from tests.accounts.people import PASSWORD, bare, code_in, member
from tests.outbox import sent

NEW = "another long walk"
LOGIN, SIGNUP = "/account/login/", "/account/signup/"


@pytest.fixture(autouse=True)
def shipped_hasher(settings, monkeypatch):
    """The hasher of the forum, made cheap."""
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1)
    settings.PASSWORD_HASHERS = shipped.PASSWORD_HASHERS


@pytest.fixture
def alice(db):
    return member(password=PASSWORD)


@pytest.fixture
def flood():
    """As many hashes as a process computes and lets wait; `release` ends them."""
    held = [hashers._places.acquire(blocking=False) for _ in range(hashers.MOST_AT_ONCE)]
    assert all(held)

    def release():
        while held:
            held.pop()
            hashers._places.release()

    yield release
    release()


def post(client, address, **form):
    return client.post(address, form)


def is_refused(answer):
    assert (answer.status_code, answer["Retry-After"]) == (429, "10")
    assert "Too many passwords have to be checked right now" in " ".join(answer.content.decode().split())
    return True


def test_passwords_of_one_process_never_occupy_half_of_its_threads():
    assert 2 * hashers.MOST_AT_ONCE < web_server.THREADS


def test_of_many_passwords_at_once_most_are_refused_at_once(monkeypatch):
    may_go_on, refused = Event(), []

    def encode(self, password, salt, iterations=None):
        assert hashers._turn.locked()
        assert may_go_on.wait(60)
        return "done"

    def try_one(_number):
        try:
            return make_password(PASSWORD)
        except Busy:
            refused.append(1)
            if len(refused) == 5:
                may_go_on.set()
            return "refused"

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)
    with ThreadPoolExecutor(hashers.MOST_AT_ONCE + 5) as threads:
        answers = list(threads.map(try_one, range(hashers.MOST_AT_ONCE + 5)))
    assert sorted(answers) == ["done"] * hashers.MOST_AT_ONCE + ["refused"] * 5


def test_hash_that_fails_frees_its_place():
    for _ in range(hashers.MOST_AT_ONCE + 1):
        with pytest.raises(ValueError, match="salt"):
            make_password(PASSWORD, salt="$")
    assert check_password(PASSWORD, make_password(PASSWORD))


def test_password_that_django_has_hashed_is_still_right():
    assert check_password(PASSWORD, PBKDF2PasswordHasher().encode(PASSWORD, "somesalt"))


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
def test_sign_in_under_flood_is_refused_and_works_afterwards(alice, client, flood, email):
    assert is_refused(post(client, LOGIN, login=email, password=PASSWORD))
    assert 'href="/account/login/code/"' in post(client, LOGIN, login=email, password=PASSWORD).content.decode()
    flood()
    assert post(client, LOGIN, login=email, password=PASSWORD).status_code == (302 if "alice" in email else 200)


def test_refusals_are_the_same_with_and_without_account(alice, flood):
    form = {"display_name": "Berta Berg", "password": PASSWORD, "password1": PASSWORD}
    for address in (LOGIN, SIGNUP):
        known, unknown = (
            bare(post(Client(), address, login=email, email=email, **form), email)
            for email in ("alice@example.org", "nobody@example.org")
        )
        assert known == unknown


@pytest.mark.parametrize("email", ["alice@example.org", "berta@example.org"])
def test_sign_up_under_flood_takes_neither_address_nor_name(alice, client, flood, email):
    form = {"email": email, "display_name": "Berta Berg", "password1": PASSWORD}
    assert is_refused(post(client, SIGNUP, **form))
    assert list(User.objects.all()) == [alice]
    assert User.objects.name_is_free("Berta Berg")
    flood()
    assert post(client, SIGNUP, **form).status_code == 302


def test_sign_up_without_password_works_under_flood(db, client, flood):
    assert post(client, SIGNUP, email="berta@example.org", display_name="Berta Berg").status_code == 302


def test_change_and_confirmation_under_flood_change_nothing(alice, client, flood):
    client.force_login(alice)
    assert is_refused(post(client, "/account/reauthenticate/", password=PASSWORD))
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    answer = post(client, "/account/password/change/", **form)
    assert is_refused(answer)
    assert "Sign in by a code instead" not in answer.content.decode()
    flood()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert post(client, "/account/password/change/", **form).status_code == 302


def test_reset_under_flood_can_be_sent_again(alice, client, flood):
    post(client, "/account/password/reset/", email=alice.email)
    post(client, "/account/password/reset/confirm/", code=code_in(sent()[-1]))
    form = {"password1": NEW, "password2": NEW}
    assert is_refused(post(client, "/account/password/reset/complete/", **form))
    flood()
    assert post(client, "/account/password/reset/complete/", **form).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW)
