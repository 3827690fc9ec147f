"""A member looks after her account."""

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


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get(PAGE).url == "/account/login/?next=/account/"


def test_alice_finds_everything_about_her_account(client, alice):
    page = client.get(PAGE).content.decode()
    for link in ("/account/email/", "/account/password/set/", "/account/2fa/", "/account/logout/"):
        assert link in page
    assert "alice@example.org" in page


def test_with_a_password_the_page_offers_to_change_it(client, alice):
    alice.set_password(PASSWORD)
    alice.save()
    client.force_login(alice)
    assert "/account/password/change/" in client.get(PAGE).content.decode()


def test_alice_changes_her_name_and_nobody_steps_into_the_old_one(client, alice):
    page = client.post(PAGE, {"display_name": "  Alice   of the Lake "}, follow=True)
    assert "Your name is now Alice of the Lake." in page.content.decode()
    alice.refresh_from_db()
    assert alice.display_name == "Alice of the Lake"
    assert not User.objects.name_is_free("Alice Ahlgren")
    client.post(PAGE, {"display_name": "Alice Ahlgren"})
    alice.refresh_from_db()
    assert alice.display_name == "Alice Ahlgren"


def test_alice_may_change_the_capitals_of_her_own_name(client, alice):
    client.post(PAGE, {"display_name": "alice ahlgren"})
    alice.refresh_from_db()
    assert alice.display_name == "alice ahlgren"


def test_a_name_like_somebody_else_s_is_refused_and_the_head_still_shows_the_old_one(client, alice):
    member("Bea Brandt", "bea@example.org")
    answer = client.post(PAGE, {"display_name": "BEA BRANDT"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="BEA BRANDT"' in page
    assert f'<a href="{PAGE}">Alice Ahlgren</a>' in page
    assert 'aria-invalid="true"' in page
    assert '<a href="#id_display_name">' in page


def test_somebody_faster_by_a_moment_leaves_the_form_as_it_was(client, alice, monkeypatch):
    member("Bea Brandt", "bea@example.org")
    monkeypatch.setattr(type(User.objects), "name_is_free", lambda *args, **kwargs: True)
    answer = client.post(PAGE, {"display_name": "Bea Brandt"})
    assert answer.status_code == 422
    assert "Somebody already uses this name" in answer.content.decode()


def test_alice_moves_to_another_address_by_code_and_the_old_one_is_told(client, alice):
    client.post("/account/email/", {"email": "lake@example.org", "action_add": ""})
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    answer = client.post("/account/confirm-email/", {"code": code_in(sent()[0])})
    assert answer.url == PAGE
    alice.refresh_from_db()
    assert alice.email == "lake@example.org"
    assert sent()[-1].to == ["alice@example.org"]
    assert "127.0.0.1" not in sent()[-1].body


def test_moving_to_an_address_that_has_an_account_looks_like_any_other(client, alice):
    member("Bea Brandt", "bea@example.org")
    answer = client.post("/account/email/", {"email": "bea@example.org", "action_add": ""}, follow=True)
    assert answer.redirect_chain[-1][0] == "/account/confirm-email/"
    assert "bea@example.org" in answer.content.decode()


def test_alice_signs_out(client, alice):
    client.post("/account/logout/")
    assert client.get(PAGE).status_code == 302


@pytest.mark.parametrize(
    "path",
    ["", "email/", "password/set/", "2fa/", "2fa/totp/activate/", "2fa/webauthn/", "2fa/webauthn/add/", "logout/"],
)
def test_no_page_has_what_the_content_policy_refuses_or_a_placeholder(client, alice, path):
    page = client.get(PAGE + path)
    text = page.content.decode()
    assert page.status_code == 200
    assert " style=" not in text
    assert " onclick=" not in text
    assert "placeholder=" not in text
    assert text.count("<h1") == 1


def test_a_suspended_person_keeps_their_name(client):
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
