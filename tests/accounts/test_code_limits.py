"""Codes by mail are limited for each address: those that one network asks for, and all together."""

import pytest
from django.test import Client

from tests.accounts.people import member
from tests.outbox import sent
from tests.signing_in import sign_in_just_now

pytestmark = pytest.mark.django_db
FORMS = ["/account/login/code/", "/account/password/reset/"]


@pytest.mark.parametrize("form", FORMS)
def test_codes_that_a_stranger_asks_for_do_not_use_up_those_of_the_owner(form, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"code_from_network": "3/60s/key"}
    email = member().email
    answers = [Client(REMOTE_ADDR="192.0.2.1").post(form, {"email": email}) for _number in range(5)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 200, 200]
    assert "Nothing is locked" in answers[-1].content.decode()
    assert Client(REMOTE_ADDR="198.51.100.7").post(form, {"email": email}).status_code == 302
    assert len(sent()) == 4


@pytest.mark.parametrize("form", FORMS)
def test_codes_to_one_address_are_limited_for_all_networks_together(form, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"code": "4/86400s/key"}
    email = member().email
    answers = [
        Client(REMOTE_ADDR=f"192.0.2.{number}").post(form, {"email": email.upper() if number % 2 else email})
        for number in range(6)
    ]
    assert [answer.status_code for answer in answers] == [302] * 4 + [200] * 2
    assert len(sent()) == 4


@pytest.mark.parametrize("form", FORMS)
def test_limit_does_not_tell_whether_an_address_has_an_account(form, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"code_from_network": "1/60s/key"}
    member()
    for email in ("alice@example.org", "nobody@example.org"):
        answers = [Client().post(form, {"email": email}) for _number in range(2)]
        assert [answer.status_code for answer in answers] == [302, 200]


def test_mails_of_sign_ups_to_one_address_are_limited(settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {
        "code": "3/86400s/key",
        "confirm_email": "100/60s/key",
    }
    for name, email in (("Wren", member().email), ("Robin", "new@example.org")):
        before = len(sent())
        answers = [
            Client(REMOTE_ADDR=f"192.0.2.{number}").post(
                "/account/signup/", {"display_name": f"{name} {'abcdef'[number]}", "email": email}
            )
            for number in range(5)
        ]
        assert [answer.status_code for answer in answers] == [302] * 3 + [200] * 2
        assert len(sent()) - before == 3


def test_mails_of_changed_addresses_are_limited(settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"code": "2/86400s/key"}
    for number in range(4):
        client = sign_in_just_now(Client(), member(f"Wren {'abcd'[number]}", f"wren{number}@example.org"))
        client.post("/account/email/", {"action_add": "", "email": "stranger@example.org"})
    assert len([mail for mail in sent() if mail.to == ["stranger@example.org"]]) == 2
