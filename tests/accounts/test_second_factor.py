"""The admin is available to staff with a second factor only."""

import base64
import hashlib
import hmac
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.accounts.people import PASSWORD, code_in, member
from tests.outbox import sent
from tests.signing_in import sign_in_just_now, sign_in_with_factor

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def shown_by_the_app(secret=SECRET):
    """The code an authenticator app shows now (RFC 6238)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


@pytest.fixture
def mod():
    """A superuser, who lacks nothing but the second factor."""
    return member("Mo Moritz", "mo@example.org", is_staff=True, is_superuser=True)


def test_admin_redirects_visitor_to_sign_in_of_forum_and_back(client):
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/account/login/?next=%2Fadmin%2F"
    assert 'value="/admin/"' in answer.content.decode()


def test_member_without_rights_cannot_open_admin(client):
    client.force_login(member())
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "not as a moderator" in answer.content.decode()


def test_staff_without_a_second_factor_are_told_to_add_one(client, mod):
    client.force_login(mod)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert 'href="/account/2fa/"' in answer.content.decode()


def test_recovery_codes_alone_are_no_second_factor(client, mod):
    Authenticator.objects.create(user=mod, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x", "used_mask": 0})
    client.force_login(mod)
    assert client.get("/admin/", follow=True).status_code == 403


def test_suspended_staff_are_told_that_they_are_suspended(client, mod):
    TOTP.activate(mod, SECRET)
    mod.suspended_at = timezone.now()
    mod.save()
    client.force_login(mod)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "Your account is suspended" in answer.content.decode()


@pytest.mark.django_db(transaction=True)  # the mail waits for the commit
def test_moderator_adds_app_and_is_asked_for_it_in_admin(client, mod):
    sign_in_just_now(client, mod)
    page = client.get("/account/2fa/totp/activate/")
    code = shown_by_the_app(page.context["form"].secret)
    answer = client.post("/account/2fa/totp/activate/", {"code": code}, follow=True)
    assert answer.redirect_chain[-1][0] == "/account/2fa/recovery-codes/"  # at once, without asking again
    assert "An authenticator app was added" in [message.subject for message in sent()]
    # for the admin the session has to pass it
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/account/2fa/reauthenticate/?next=%2Fadmin%2F"


def test_password_is_required_before_adding_second_factor(client):
    client.force_login(member(password=PASSWORD))
    answer = client.get("/account/2fa/totp/activate/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/account/reauthenticate/")
    answer = client.post(answer.redirect_chain[-1][0], {"password": PASSWORD, "next": "/account/2fa/totp/activate/"})
    assert answer.url == "/account/2fa/totp/activate/"
    assert client.get(answer.url).status_code == 200


def test_wrong_code_adds_no_second_factor(client, mod):
    sign_in_just_now(client, mod)
    client.get("/account/2fa/totp/activate/")
    page = client.post("/account/2fa/totp/activate/", {"code": "not it"}).content.decode()
    assert "Please wait until the app shows the next one" in page
    assert not Authenticator.objects.exists()


def test_moderator_who_signs_in_by_code_is_asked_for_second_factor(client, mod):
    TOTP.activate(mod, SECRET)
    client.post("/account/login/code/", {"email": mod.email, "next": "/admin/"})
    answer = client.post("/account/login/code/confirm/", {"code": code_in(sent()[0]), "next": "/admin/"})
    assert answer.url.startswith("/account/2fa/authenticate/")
    assert client.get("/admin/").status_code == 302
    assert client.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/account/2fa/authenticate/", {"code": shown_by_the_app()}).url == "/admin/"
    assert client.get("/admin/").status_code == 200


@pytest.fixture
def mod_client(client, mod):
    """A client that is signed in as the moderator Mo."""
    sign_in_with_factor(client, mod)
    return client


@pytest.mark.parametrize("term", ["alice@ex", "ali", "ALICE@EXAMPLE.ORG", "Αlice", "alice ahl"])
def test_people_are_found_by_beginning_of_name_or_address(mod_client, term):
    member()
    member("Bea Brandt", "bea@example.org")
    page = mod_client.get("/admin/accounts/user/", {"q": term}).content.decode()
    assert "alice@example.org" in page
    assert "bea@example.org" not in page


def test_query_count_of_people_list_is_constant(mod_client):
    mod_client.get("/admin/accounts/user/")
    counts = []
    for prefix in ("p", "q"):
        with CaptureQueriesContext(connection) as queries:
            mod_client.get("/admin/accounts/user/")
        counts.append(len(queries))
        for number in range(20):
            member(f"Person {prefix}{'x' * number}", f"{prefix}{number}@example.org")
    assert counts[0] == counts[1] <= 7


def test_filters_of_suspended_people_and_staff(mod_client):
    member(suspended_at=timezone.now())
    member("Bea Brandt", "bea@example.org")
    assert "bea@" not in mod_client.get("/admin/accounts/user/", {"standing": "suspended"}).content.decode()
    assert "alice@" not in mod_client.get("/admin/accounts/user/", {"standing": "staff"}).content.decode()


def test_people_are_not_added_or_deleted_in_admin_and_no_password_is_shown(mod_client):
    alice = member(password=PASSWORD)
    assert mod_client.get("/admin/accounts/user/add/").status_code == 403
    assert mod_client.get(f"/admin/accounts/user/{alice.pk}/delete/").status_code == 403
    page = mod_client.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    assert alice.password not in page
    assert 'name="suspended_at' not in page
    assert 'name="is_superuser"' in page


def test_moderator_cannot_give_rights(client, django_user_model):
    from django.contrib.auth.models import Permission

    mo = member("Mo Moritz", "mo@example.org", is_staff=True)
    mo.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    sign_in_with_factor(client, mo)
    alice = member()
    page = client.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    assert 'name="is_staff"' not in page
    client.post(f"/admin/accounts/user/{alice.pk}/change/", {"is_staff": "on", "is_superuser": "on"})
    alice.refresh_from_db()
    assert not alice.is_staff
    assert not alice.is_superuser
