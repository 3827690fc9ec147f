"""The settings page of an account."""

import pytest
from django.utils import timezone

from accounts.models import User
from tests.accounts.people import PASSWORD, code_in, member
from tests.outbox import sent
from tests.signing_in import sign_in_just_now

pytestmark = pytest.mark.django_db
PAGE = "/account/"


@pytest.fixture
def alice(client):
    """Alice, signed in."""
    person = member()
    sign_in_just_now(client, person)
    return person


def test_settings_ask_visitor_to_sign_in(client):
    assert client.get(PAGE).url == "/account/login/?next=/account/"


def test_settings_show_everything_about_account(client, alice):
    page = client.get(PAGE).content.decode()
    for link in ("/account/email/", "/account/password/set/", "/account/2fa/", "/account/logout/"):
        assert link in page
    assert "alice@example.org" in page


def test_settings_offer_to_change_existing_password(client, alice):
    alice.set_password(PASSWORD)
    alice.save()
    client.force_login(alice)
    assert "/account/password/change/" in client.get(PAGE).content.decode()


def test_changed_name_stays_reserved(client, alice):
    page = client.post(PAGE, {"display_name": "  Alice   of the Lake "}, follow=True)
    assert "Your name is now Alice of the Lake." in page.content.decode()
    alice.refresh_from_db()
    assert alice.display_name == "Alice of the Lake"
    assert not User.objects.name_is_free("Alice Ahlgren")
    client.post(PAGE, {"display_name": "Alice Ahlgren"})
    alice.refresh_from_db()
    assert alice.display_name == "Alice Ahlgren"


def test_member_can_change_case_of_own_name(client, alice):
    client.post(PAGE, {"display_name": "alice ahlgren"})
    alice.refresh_from_db()
    assert alice.display_name == "alice ahlgren"


def test_name_like_another_is_refused_and_header_shows_old_name(client, alice):
    member("Bea Brandt", "bea@example.org")
    answer = client.post(PAGE, {"display_name": "BEA BRANDT"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="BEA BRANDT"' in page
    assert f'<a href="{PAGE}">Alice Ahlgren</a>' in page
    assert 'aria-invalid="true"' in page
    assert '<a href="#id_display_name">' in page


def test_name_taken_meanwhile_keeps_form(client, alice, monkeypatch):
    member("Bea Brandt", "bea@example.org")
    monkeypatch.setattr(type(User.objects), "name_is_free", lambda *args, **kwargs: True)
    answer = client.post(PAGE, {"display_name": "Bea Brandt"})
    assert answer.status_code == 422
    assert "Somebody already uses this name" in answer.content.decode()


def test_change_of_address_by_code_informs_old_address(client, alice):
    client.post("/account/email/", {"email": "lake@example.org", "action_add": ""})
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    answer = client.post("/account/confirm-email/", {"code": code_in(sent()[0])})
    assert answer.url == PAGE
    alice.refresh_from_db()
    assert alice.email == "lake@example.org"
    assert sent()[-1].to == ["alice@example.org"]
    assert "127.0.0.1" not in sent()[-1].body


def test_change_to_address_with_account_looks_like_any_other(client, alice):
    member("Bea Brandt", "bea@example.org")
    answer = client.post("/account/email/", {"email": "bea@example.org", "action_add": ""}, follow=True)
    assert answer.redirect_chain[-1][0] == "/account/confirm-email/"
    assert "bea@example.org" in answer.content.decode()


def test_member_signs_out(client, alice):
    client.post("/account/logout/")
    assert client.get(PAGE).status_code == 302


@pytest.mark.parametrize(
    "path",
    ["", "email/", "password/set/", "2fa/", "2fa/totp/activate/", "2fa/webauthn/", "2fa/webauthn/add/", "logout/"],
)
def test_account_pages_have_no_inline_code_and_no_placeholders(client, alice, path):
    page = client.get(PAGE + path)
    text = page.content.decode()
    assert page.status_code == 200
    assert " style=" not in text
    assert " onclick=" not in text
    assert "placeholder=" not in text
    assert text.count("<h1") == 1


def test_suspended_person_cannot_change_name(client):
    person = member("Alice Ahlgren")
    person.suspended_at = timezone.now()
    person.save()
    client.force_login(person)
    answer = client.post("/account/", {"display_name": "Read This"})
    assert answer.status_code == 422
    assert "your name stays as it is" in answer.content.decode()
    person.refresh_from_db()
    assert person.display_name == "Alice Ahlgren"


def test_names_are_changed_a_few_times_a_day_only(client, alice, settings):
    settings.LIMITS = {"rename": {alice.standing: "2 per day"}}
    for name in ("Alice One", "Alice Two"):
        assert client.post(PAGE, {"display_name": name}).status_code == 302
    refused = client.post(PAGE, {"display_name": "Alice Three"})
    assert refused.status_code == 429
    assert 'value="Alice Three"' in refused.content.decode()
    # the same name again changes nothing and is not counted
    assert client.post(PAGE, {"display_name": "Alice Two"}).status_code == 302
    alice.refresh_from_db()
    assert alice.display_name == "Alice Two"
