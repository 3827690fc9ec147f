"""Members without a password and a second factor confirm a change of their account by a mailed code."""

import pytest
from allauth.account import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

from accounts import reauthentication, urls
from tests.accounts.people import PASSWORD, code_in, member
from tests.outbox import sent
from tests.signing_in import METHODS, app_of, code_of_app, sign_in_just_now, sign_in_with_factor

pytestmark = pytest.mark.django_db
PAGE = "/account/reauthenticate/code/"
CHANGES = [f"/account/{route.replace('<int:pk>', '1')}" for route, _view, _name in urls.CHANGES]


@pytest.fixture
def alice(client):
    """Alice, who signed in six minutes ago by a mailed code, and has no password."""
    person = member()
    sign_in_just_now(client, person)
    later(client)
    return person


def later(client):
    session = client.session
    session[METHODS] = [
        entry | {"at": entry["at"] - app_settings.REAUTHENTICATION_TIMEOUT - 60} for entry in session[METHODS]
    ]
    session.save()


@pytest.mark.parametrize("address", CHANGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_change_of_an_account_asks_for_a_code(client, alice, address, method):
    answer = getattr(client, method)(address)
    assert answer.status_code == 302
    assert answer.url.startswith(PAGE)


def test_somebody_who_has_just_signed_in_is_not_asked(client):
    sign_in_just_now(client, member())
    assert client.get("/account/email/").status_code == 200


@pytest.mark.parametrize("has", ["password", "second factor"])
def test_members_with_another_way_are_asked_for_that(client, has):
    person = member(password=PASSWORD if has == "password" else None)
    if has == "second factor":
        sign_in_with_factor(client, person)
    else:
        client.force_login(person)
    answer = client.get("/account/2fa/webauthn/add/", follow=True)
    assert not any(url.startswith(PAGE) for url, _status in answer.redirect_chain)
    assert "reauthenticate" in answer.redirect_chain[-1][0]


def test_page_opens_after_the_code_and_needs_no_other(client, alice):
    page = client.get("/account/email/").url
    client.post(page)
    (mail,) = sent()
    assert mail.to == ["alice@example.org"]
    assert client.post(page, {"code": code_in(mail)}).url == "/account/email/"
    for address in ("/account/email/", "/account/password/set/"):
        assert client.get(address).status_code == 200


def test_form_that_was_sent_is_not_kept_and_the_page_says_so(client, alice):
    answer = client.post("/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert "Nothing was changed, and what you typed is not kept." in answer.content.decode()
    assert PASSWORD not in str(dict(client.session))
    client.post(PAGE)
    client.post(PAGE, {"code": code_in(sent()[0])})
    client.get("/account/password/set/")
    alice.refresh_from_db()
    assert not alice.has_usable_password()


def test_form_that_somebody_left_behind_is_not_sent_when_the_owner_confirms(client):
    client.force_login(member(password=PASSWORD))
    left = client.post("/account/email/", {"email": "stranger@example.org", "action_add": ""})
    assert left.url.startswith("/account/reauthenticate/")
    client.get("/account/email/")
    client.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/email/"})
    assert not sent()


def test_moderator_needs_code_before_first_second_factor(client, alice):
    alice.is_staff = True
    alice.save()
    page = client.get("/account/2fa/totp/activate/").url
    client.post(page)
    for _attempt in range(reauthentication.MOST_ATTEMPTS - 1):
        wrong = client.post(page, {"code": "AAAA-AAAA"})
        assert wrong.status_code == 422
        assert "not the code we sent" in wrong.content.decode()
    last = client.post(page, {"code": "AAAA-AAAA"}, follow=True)
    assert "have a new one sent" in last.content.decode()
    # the code that was sent is no longer accepted
    client.post(page, {"code": code_in(sent()[0])})
    assert client.get("/account/2fa/totp/activate/").status_code == 302
    assert not Authenticator.objects.exists()


def test_code_that_is_too_old_is_refused(client, alice, monkeypatch):
    client.post(PAGE)
    code = code_in(sent()[0])
    session = client.session
    session[reauthentication.STATE] |= {"at": 0}
    session.save()
    answer = client.post(PAGE, {"code": code}, follow=True)
    assert "not valid any more" in answer.content.decode()
    assert client.get("/account/email/").status_code == 302


def test_codes_are_limited(client, alice, settings):
    settings.LIMITS = {"reauthentication": {alice.standing: "2 per hour"}}
    assert [client.post(PAGE).status_code for _number in range(3)] == [302, 302, 429]
    assert len(sent()) == 2


def test_page_is_for_members_only(client, db):
    assert client.get(PAGE).url.startswith("/account/login/")


def test_code_of_another_session_is_refused(client, alice):
    client.post(PAGE)
    other = type(client)()
    sign_in_just_now(other, alice)
    later(other)
    answer = other.post(PAGE, {"code": code_in(sent()[0])}, follow=True)
    assert "not valid any more" in answer.content.decode()


def test_first_password_of_a_member_with_second_factor_needs_that_factor(client):
    person = member(is_staff=True)
    sign_in_with_factor(client, person)
    for method in ("get", "post"):
        answer = getattr(client, method)("/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
        assert answer.url.startswith("/account/2fa/reauthenticate/")
    person.refresh_from_db()
    assert not person.has_usable_password()
    assert PASSWORD not in str(dict(client.session))


def test_password_does_not_confirm_a_change_of_a_member_with_second_factor(client):
    person = member(password=PASSWORD)
    sign_in_with_factor(client, person)
    answer = client.post("/account/reauthenticate/?next=/account/2fa/totp/deactivate/", {"password": PASSWORD})
    assert answer.url.startswith("/account/2fa/reauthenticate/")
    assert client.get("/account/2fa/totp/deactivate/").status_code == 302
    assert Authenticator.objects.filter(user=person).exists()


WAYS = {
    "code": PAGE,
    "password": "/account/reauthenticate/",
    "app": "/account/2fa/reauthenticate/",
    "recovery code": "/account/2fa/reauthenticate/",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("has", "accepted"),
    [
        ((), {"code"}),
        (("password",), {"password"}),
        (("app",), {"app", "recovery code"}),
        (("password", "app"), {"app", "recovery code"}),
    ],
    ids=["nothing", "a password", "an app", "both"],
)
def test_only_the_strongest_way_confirms_a_change(client, has, accepted, way):
    """Also in a session that had asked for a code before the member added the app on another device."""
    person = member(password=PASSWORD if "password" in has else None)
    sign_in_just_now(client, person)
    later(client)
    client.post(PAGE)
    mailed = code_in(sent()[0]) if sent() else "AAAA-AAAA"
    app, recovery = "123456", "12345678"
    if "app" in has:
        app_of(person)
        app, recovery = code_of_app(), RecoveryCodes.activate(person).get_unused_codes()[0]
    typed = {"code": mailed, "app": app, "recovery code": recovery}
    client.post(WAYS[way], {"password": PASSWORD} if way == "password" else {"code": typed[way]})
    assert (client.get("/account/2fa/webauthn/add/").status_code == 200) is (way in accepted)
