"""`manage.py reset_second_factor` helps a person who lost their app and recovery codes."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import UserSession
from tests.accounts.people import PASSWORD, code_in, member
from tests.outbox import sent

pytestmark = pytest.mark.django_db


def test_lost_factor_is_removed_and_its_sessions_end(client, capsys, caplog, django_capture_on_commit_callbacks):
    alice, bob = member(), member("Bob Berg", "bob@example.org")
    for person in (alice, bob):
        Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
        Authenticator.objects.create(user=person, type="recovery_codes", data={"seed": "x"})
    client.force_login(alice)
    client.get("/account/")
    assert UserSession.objects.filter(user=alice).exists()
    with caplog.at_level("INFO", logger="forum.security"), django_capture_on_commit_callbacks(execute=True):
        call_command("reset_second_factor", "Alice@example.org")
    assert not Authenticator.objects.filter(user=alice).exists()
    assert Authenticator.objects.filter(user=bob).count() == 2
    assert not UserSession.objects.filter(user=alice).exists()
    assert client.get("/account/").status_code == 302
    assert [(mail.to, mail.subject) for mail in sent()] == [(["alice@example.org"], "Your second factor was removed")]
    assert "/account/2fa/" in sent()[0].body
    assert "signed out everywhere" in capsys.readouterr().out
    assert sum("second_factor_removed" in record.getMessage() for record in caplog.records) == 2


@pytest.mark.parametrize(("email", "sentence"), [("no@example.org", "Nobody here"), ("alice@example.org", "no second")])
def test_nothing_to_reset_is_said(email, sentence):
    member()
    with pytest.raises(CommandError, match=sentence):
        call_command("reset_second_factor", email)
    assert sent() == []


def test_stolen_password_alone_does_not_suffice_after_reset(client, capsys, caplog, django_capture_on_commit_callbacks):
    alice = member(password=PASSWORD)
    Authenticator.objects.create(user=alice, type="totp", data={"secret": "x"})
    with caplog.at_level("INFO", logger="forum.security"), django_capture_on_commit_callbacks(execute=True):
        call_command("reset_second_factor", "alice@example.org")
    assert client.post("/account/login/", {"login": alice.email, "password": PASSWORD}).status_code == 200
    assert client.get("/account/").status_code == 302
    assert "password" in capsys.readouterr().out
    assert "password" in sent()[-1].body
    assert any("password_changed" in record.getMessage() for record in caplog.records)
    client.post("/account/login/code/", {"email": alice.email})
    client.post("/account/login/code/confirm/", {"code": code_in(sent()[-1])})
    assert client.get("/account/").status_code == 200
