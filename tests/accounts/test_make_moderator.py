"""`manage.py make_moderator` creates or promotes one moderator."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import User
from tests.accounts.people import code_in, member
from tests.outbox import sent

pytestmark = pytest.mark.django_db


def test_command_creates_moderator_and_shows_next_steps(capsys):
    call_command("make_moderator", "Mo.Moritz@Example.org")
    mo = User.objects.get()
    assert (mo.email, mo.display_name) == ("mo.moritz@example.org", "Mo Moritz")
    assert mo.is_staff
    assert not mo.is_superuser
    assert not mo.has_usable_password()
    assert [group.name for group in mo.groups.all()] == ["Moderators"]
    said = capsys.readouterr().out
    for step in ("/account/login/code/", "var/mail", "/account/2fa/", "/admin/"):
        assert step in said


def test_new_moderator_can_sign_in_by_code(client):
    call_command("make_moderator", "mo@example.org")
    client.post("/account/login/code/", {"email": "mo@example.org"})
    assert client.post("/account/login/code/confirm/", {"code": code_in(sent()[0])}).url == "/"


def test_command_run_twice_changes_nothing_more(capsys):
    call_command("make_moderator", "mo@example.org")
    call_command("make_moderator", "MO@example.org")
    assert User.objects.get().emailaddress_set.count() == 1
    assert "was already a moderator" in capsys.readouterr().out


def test_promoted_member_keeps_name_and_password():
    alice = member(password="a long walk in the rain")
    call_command("make_moderator", "alice@example.org", name="Other Name")
    alice.refresh_from_db()
    assert alice.is_staff
    assert alice.display_name == "Alice Ahlgren"
    assert alice.check_password("a long walk in the rain")


def test_unverified_claim_to_address_is_deleted(client):
    bea = member("Bea Brandt", "bea@example.org")
    bea.emailaddress_set.create(email="mo@example.org", verified=False, primary=False)
    call_command("make_moderator", "mo@example.org")
    assert bea.emailaddress_set.filter(email="mo@example.org").count() == 0
    assert User.objects.get(email="mo@example.org").emailaddress_set.get().verified


@pytest.mark.parametrize(("email", "name"), [("admin@example.org", "Keeper"), ("alice@example.com", "Alice Ahlgren 2")])
def test_name_made_from_address_is_allowed_and_unused(email, name):
    member()
    call_command("make_moderator", email.replace("alice", "alice.ahlgren"))
    assert User.objects.latest("id").display_name == name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "is not an e-mail address"),
        (["mo@example.org", "--name", "Admin"], "cannot be the name"),
        (["mo@example.org", "--name", "ALICE AHLGREN"], "already uses"),
    ],
)
def test_impossible_promotion_is_refused_in_one_sentence(arguments, said):
    member()
    with pytest.raises(CommandError, match=said):
        call_command("make_moderator", *arguments)
    assert User.objects.count() == 1


def test_owner_is_made_and_promoted_once(capsys):
    call_command("make_moderator", "mo@example.org")
    call_command("make_moderator", "mo@example.org", owner=True)
    mo = User.objects.get()
    assert mo.is_staff
    assert mo.is_superuser
    assert "is now an owner" in capsys.readouterr().out
    call_command("make_moderator", "mo@example.org", owner=True)
    assert "was already an owner" in capsys.readouterr().out


def test_missing_group_of_moderators_is_named():
    Group.objects.all().delete()
    with pytest.raises(CommandError, match="no group of moderators"):
        call_command("make_moderator", "mo@example.org")
    assert not User.objects.exists()
