"""E-mail addresses have one form wherever they are stored or looked up."""

import pytest
from allauth.account.models import EmailAddress

from accounts.addresses import canonical
from accounts.models import User
from tests.outbox import sent


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Anna@Example.ORG", "anna@example.org"),
        (" a@b.example ", "a@b.example"),
        ("a@Bücher.example", "a@xn--bcher-kva.example"),
        ("a@XN--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@bu\u0308cher.example", "a@xn--bcher-kva.example"),
        ("a@straße.example", "a@xn--strae-oqa.example"),
        ("a@例子。example", "a@xn--fsqu00a.example"),
        ("ä@b.example", "ä@b.example"),
        ("a@-bad-.example", "a@-bad-.example"),
        ("no address", "no address"),
        ("", ""),
    ],
)
def test_address_is_stored_in_one_form(typed, stored):
    assert canonical(typed) == stored
    assert canonical(stored) == stored


WRITTEN = ["a@bücher.example", "A@BÜCHER.example", "a@xn--bcher-kva.example"]


@pytest.mark.django_db
@pytest.mark.parametrize("typed", WRITTEN)
def test_account_is_found_by_each_writing_of_its_domain(client, typed):
    person = User.objects.create_user("a@bücher.example", display_name="Anna Leser", password="thirteen lazy otters")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    assert User.objects.get_by_natural_key(typed) == person
    client.post("/account/login/", {"login": typed, "password": "thirteen lazy otters"})
    assert client.session["_auth_user_id"] == str(person.pk)
    client.logout()
    client.post("/account/login/code/", {"email": typed})
    client.post("/account/password/reset/", {"email": typed})
    assert [mail.to for mail in sent()] == [["a@xn--bcher-kva.example"]] * 2


@pytest.mark.django_db
@pytest.mark.parametrize("typed", WRITTEN)
def test_one_mailbox_cannot_have_two_accounts(client, typed):
    User.objects.create_user("a@xn--bcher-kva.example", display_name="Anna Leser")
    client.post("/account/signup/", {"email": typed, "display_name": "Berta Leser", "password1": ""})
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["a@i❤.ws", "a@xn--i-7iq.ws"])
def test_domain_that_no_mail_reaches_is_refused(client, email):
    answer = client.post("/account/signup/", {"email": email, "display_name": "Anna Leser", "password1": ""})
    assert answer.status_code == 200
    assert "check what is after the @" in answer.content.decode()
    assert not User.objects.exists()
