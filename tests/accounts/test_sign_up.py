"""Sign-up; it does not reveal which addresses have accounts."""

import pytest
from django.contrib.auth.hashers import make_password

from accounts import forms
from accounts.models import HeldName, User
from tests.accounts.people import PASSWORD, bare, code_in, member
from tests.outbox import sent

pytestmark = pytest.mark.django_db
SIGN_UP = "/account/signup/"


def filled(**changes):
    """The form as Bea fills it in."""
    return {"display_name": "Bea Brandt", "email": "bea@example.org", "password1": "", "website": ""} | changes


def test_sign_up_without_password_is_complete_after_code(client):
    page = client.post(f"{SIGN_UP}?next=/account/", filled(next="/account/"), follow=True)
    assert "bea@example.org" in page.content.decode()
    answer = client.post("/account/confirm-email/", {"code": code_in(sent()[0])})
    assert answer.url == "/account/"
    bea = User.objects.get()
    assert (bea.display_name, bea.email) == ("Bea Brandt", "bea@example.org")
    assert not bea.has_usable_password()
    assert bea.emailaddress_set.get().verified
    assert client.get("/account/").status_code == 200


def test_next_does_not_redirect_to_other_sites(client):
    client.post(SIGN_UP, filled(next="https://elsewhere.example/"))
    answer = client.post("/account/confirm-email/", {"code": code_in(sent()[0])})
    assert answer.url == "/"


def test_wrong_code_is_refused_with_next_step(client):
    client.post(SIGN_UP, filled())
    page = client.post("/account/confirm-email/", {"code": "BBBB-BBBB"})
    assert "newest mail" in page.content.decode()
    assert client.get("/account/").status_code == 302


def test_mail_says_how_long_code_is_valid(client):
    client.post(SIGN_UP, filled())
    assert "It is valid for 15 minutes." in sent()[0].body
    assert "Two-Way Street" in sent()[0].body


def test_sign_up_page_is_identical_for_address_with_account(client):
    member()
    new, known = (client.__class__() for _ in "12")
    for path in (SIGN_UP, "/account/confirm-email/"):
        data = [
            filled(email=email) if path == SIGN_UP else {"code": "BBBB-BBBB"}
            for email in ("new@example.org", "alice@example.org")
        ]
        fresh = new.post(path, data[0], follow=True)
        seen = known.post(path, data[1] | ({"display_name": "Cleo Carr"} if path == SIGN_UP else {}), follow=True)
        assert "ADDRESS" in bare(fresh, "new@example.org")
        assert bare(fresh, "new@example.org") == bare(seen, "alice@example.org")
        assert fresh.redirect_chain == seen.redirect_chain


def test_resending_code_is_identical_for_address_with_account(client):
    member()
    pages = []
    for number, email in enumerate(("new@example.org", "alice@example.org")):
        visitor = client.__class__()
        visitor.post(SIGN_UP, filled(email=email, display_name=f"{'Bea' * (number + 1)} Brandt"))
        pages.append(bare(visitor.post("/account/confirm-email/", {"action": "resend"}, follow=True), email))
    assert "ADDRESS" in pages[0]
    assert pages[0] == pages[1]


def test_sign_up_with_existing_address_informs_owner_and_creates_no_account(client):
    member()
    client.post(SIGN_UP, filled(email="ALICE@example.org"))
    assert User.objects.count() == 1
    assert [message.to for message in sent()] == [["alice@example.org"]]
    assert "has an account already" in sent()[0].body
    assert "/account/login/code/" in sent()[0].body


@pytest.mark.parametrize("email", ["new@example.org", "alice@example.org"])
def test_name_used_at_sign_up_is_taken_with_any_address(client, email):
    member()
    client.post(SIGN_UP, filled(email=email))
    page = client.__class__().post(SIGN_UP, filled(email="third@example.org", display_name="BEA BRANDT"))
    assert "Somebody already uses this name" in page.content.decode()


def test_owner_of_address_can_take_name_tried_with_it(client):
    alice = member()
    client.post(SIGN_UP, filled(email=alice.email))
    assert HeldName.objects.get().person == alice
    assert User.objects.name_is_free("Bea Brandt", person=alice)
    assert not User.objects.name_is_free("Bea Brandt")


@pytest.mark.parametrize("email", ["new@example.org", "alice@example.org"])
def test_password_is_hashed_once_with_and_without_account(client, monkeypatch, email):
    member()
    hashed = []

    def counting(password, *args, **kwargs):
        if password is not None:
            hashed.append(password)
        return make_password(password, *args, **kwargs)

    monkeypatch.setattr(forms, "make_password", counting)
    monkeypatch.setattr("django.contrib.auth.base_user.make_password", counting)
    client.post(SIGN_UP, filled(email=email, password1=PASSWORD))
    assert hashed == [PASSWORD]


def test_lookalike_name_is_refused_and_form_is_kept(client):
    member()
    page = client.post(SIGN_UP, filled(display_name="АLICE  Ahlgren".replace("А", "A"))).content.decode()
    assert "Somebody already uses this name or one that looks like it" in page
    assert 'value="bea@example.org"' in page
    assert 'value="ALICE' in page
    assert 'aria-describedby="id_display_name_helptext id_display_name_error"' in page
    assert page.count('id="id_display_name_error"') == 1


def test_name_taken_during_sign_up_keeps_form(client, monkeypatch):
    member()
    monkeypatch.setattr(type(User.objects), "name_is_free", lambda *args, **kwargs: True)
    page = client.post(SIGN_UP, filled(display_name="Alice Ahlgren"))
    assert page.status_code == 200
    assert "Somebody already uses this name" in page.content.decode()
    assert 'value="bea@example.org"' in page.content.decode()
    assert User.objects.count() == 1
    assert not sent()


def test_two_concurrent_sign_ups_with_same_address_create_one_account(client, monkeypatch):
    member()
    monkeypatch.setattr(forms.SignupForm, "validate_unique_email", lambda form, value: value)
    answer = client.post(SIGN_UP, filled(email="alice@example.org"))
    assert answer.url.startswith("/account/confirm-email/")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("password", "said"), [("short", "too short"), ("Bea Brandt 1", "too similar"), ("1234567890", "common")]
)
def test_weak_password_is_refused_and_creates_nothing(client, password, said):
    page = client.post(SIGN_UP, filled(password1=password)).content.decode()
    assert said in page
    assert not User.objects.exists()


def test_program_that_fills_in_hidden_field_gets_no_account(client):
    client.post(SIGN_UP, filled(website="https://spam.example"))
    assert not User.objects.exists()
    assert not sent()


def test_hidden_field_has_no_inline_style_and_no_tab_stop(client):
    page = client.get(SIGN_UP).content.decode()
    assert "style=" not in page
    assert "placeholder=" not in page
    assert 'class="trap"' in page
    assert 'tabindex="-1"' in page
