"""The security log has each event once, with its fields, and nothing that somebody typed."""

import logging
import re
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from accounts.models import User
from posts.moderation import decisions, sanctions, undo
from tests.accounts.people import PASSWORD, code_in, member
from tests.accounts.test_second_factor import shown_by_the_app
from tests.factories import moderator, reply, thread
from tests.outbox import sent
from tests.signing_in import code_of_app, sign_in_with_factor

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXP"
ADDRESS = "192.0.2.77"
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "security-events.md"


def commit():
    """Call what waits for the end of the test's transaction, which is never committed."""
    waiting, connection.run_on_commit = connection.run_on_commit, []
    for _savepoints, call, _robust in waiting:
        call()


@pytest.fixture
def events(caplog):
    """The security events so far, each as (name, fields); `events.clear()` begins anew."""
    caplog.set_level("INFO", logger="forum.security")

    def read(*names):
        commit()
        found = []
        for entry in caplog.records:
            if entry.name == "forum.security":
                fields = {key: value for key, value in vars(entry).items() if key not in STANDARD}
                assert fields.pop("event") == entry.getMessage()
                found.append((entry.getMessage(), fields))
        everything = repr(found)
        for typed in (ADDRESS, "alice@", "Alice", PASSWORD, "not this one", "AAAA-AAAA", "Unkind words"):
            assert typed not in everything
        return [(name, fields) for name, fields in found if not names or name in names]

    def clear():
        commit()
        caplog.clear()

    read.clear = clear
    return read


@pytest.fixture
def client():
    """A browser at ADDRESS."""
    cache.clear()
    return Client(REMOTE_ADDR=ADDRESS)


@pytest.fixture
def alice():
    """A member with a password."""
    return member(password=PASSWORD)


def only(found, name):
    """The fields of the one event called `name`; `address` is a hash."""
    ((called, fields),) = found
    assert called == name
    assert re.fullmatch("[0-9a-f]{32}", fields.pop("address", "0" * 32))
    return fields


def code_now():
    """The code that an authenticator app shows now."""
    return code_of_app(SECRET)


def test_sign_in_by_password_and_sign_out_are_recorded(client, alice, events):
    client.post("/account/login/", {"login": "alice@example.org", "password": PASSWORD})
    assert only(events(), "signed_in") == {"user": alice.pk, "methods": ["password"]}
    events.clear()
    client.post("/account/logout/")
    assert only(events(), "signed_out") == {"user": alice.pk}


def test_sign_in_by_code_is_recorded(client, alice, events):
    client.post("/account/login/code/", {"email": "alice@example.org"})
    client.post("/account/login/code/confirm/", {"code": "AAAA-AAAA"})
    assert only(events(), "code_rejected") == {"user": alice.pk, "purpose": "sign_in"}
    events.clear()
    client.post("/account/login/code/confirm/", {"code": code_in(sent()[0])})
    assert only(events(), "signed_in") == {"user": alice.pk, "methods": ["code"]}


@pytest.mark.parametrize("known", [True, False])
def test_failed_sign_in_is_recorded_with_account(client, alice, events, known):
    login = "Alice@example.org" if known else "nobody@example.org"
    client.post("/account/login/", {"login": login, "password": "not this one at all"})
    assert only(events(), "sign_in_failed") == {"user": None, "target": alice.pk if known else None}


def test_sign_up_is_recorded(client, events):
    client.post("/account/signup/", {"display_name": "Alice", "email": "alice@example.org"})
    assert only(events(), "signed_up") == {"user": User.objects.get().pk}


def test_passed_and_failed_second_factor_is_recorded(client, alice, events):
    TOTP.activate(alice, SECRET)
    client.post("/account/login/", {"login": "alice@example.org", "password": PASSWORD})
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert only(events(), "second_factor_failed") == {"user": alice.pk, "authenticator": "totp"}
    events.clear()
    client.post("/account/2fa/authenticate/", {"code": code_now()})
    names = [name for name, _fields in events()]
    assert sorted(names) == ["second_factor_passed", "signed_in"]
    assert only(events("second_factor_passed"), "second_factor_passed") == {"user": alice.pk, "authenticator": "totp"}


@pytest.mark.parametrize("address", ["/account/2fa/webauthn/login/", "/account/2fa/authenticate/"])
def test_refused_security_key_or_passkey_is_recorded(client, alice, events, address):
    TOTP.activate(alice, SECRET)
    who = None
    if "authenticate" in address:
        client.post("/account/login/", {"login": "alice@example.org", "password": PASSWORD})
        who = alice.pk
    events.clear()
    client.post(address, {"credential": '{"id": "none of ours"}'})
    assert only(events("second_factor_failed"), "second_factor_failed") == {"user": who, "authenticator": "webauthn"}


def test_adding_and_removing_second_factor_is_recorded(client, alice, events):
    client.force_login(alice)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    client.get("/account/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    code = code_of_app(secret)
    events.clear()
    client.post("/account/2fa/totp/activate/", {"code": code})
    added = [fields["authenticator"] for _name, fields in events("second_factor_added")]
    assert sorted(added) == ["recovery_codes", "totp"]
    events.clear()
    client.post("/account/2fa/totp/deactivate/")
    removed = [fields["authenticator"] for _name, fields in events("second_factor_removed")]
    assert sorted(removed) == ["recovery_codes", "totp"]


def test_new_recovery_codes_are_recorded(client, alice, events):
    TOTP.activate(alice, SECRET)
    client.force_login(alice)
    client.post("/account/2fa/reauthenticate/", {"code": shown_by_the_app(SECRET)})
    events.clear()
    client.post("/account/2fa/recovery-codes/generate/")
    assert only(events(), "second_factor_reset") == {"user": alice.pk, "authenticator": "recovery_codes"}


def test_change_of_address_is_recorded(client, alice, events):
    client.force_login(alice)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    client.post("/account/email/", {"action_add": "", "email": "new@example.org"})
    events.clear()
    client.post("/account/confirm-email/", {"code": code_in(sent()[0])})
    assert only(events("email_changed"), "email_changed") == {"user": alice.pk}


def test_reset_of_password_is_recorded(client, alice, events):
    client.post("/account/password/reset/", {"email": "alice@example.org"})
    client.post("/account/password/reset/confirm/", {"code": "AAAA-AAAA"})
    assert only(events(), "code_rejected") == {"user": alice.pk, "purpose": "password_reset"}
    client.post("/account/password/reset/confirm/", {"code": code_in(sent()[0])})
    events.clear()
    client.post(
        "/account/password/reset/complete/", {"password1": "another long walk", "password2": "another long walk"}
    )
    assert only(events("password_changed"), "password_changed") == {"user": alice.pk, "how": "reset"}


def test_change_of_password_is_recorded(client, alice, events):
    client.force_login(alice)
    events.clear()
    form = {"oldpassword": PASSWORD, "password1": "another long walk", "password2": "another long walk"}
    client.post("/account/password/change/", form)
    assert only(events("password_changed"), "password_changed") == {"user": alice.pk, "how": "changed"}


def test_refusals_by_permission_token_and_admin_are_recorded(client, alice, events):
    client.force_login(alice)
    comment = reply(thread().opening, moderator())
    events.clear()
    client.get(f"/c/{comment.pk}/edit/")
    route = {"route": "c/<int:pk>/edit/"}
    assert only(events(), "refused") == {"user": alice.pk, "reason": "permission", **route}
    events.clear()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    events.clear()
    strict.post(f"/c/{comment.pk}/edit/", {"source": "Unkind words"})
    assert only(events(), "refused") == {"user": alice.pk, "reason": "csrf", **route}
    events.clear()
    client.get("/admin/")
    client.get("/admin/login/")
    assert only(events(), "refused")["reason"] == "admin"


def test_exceeded_limits_are_recorded(client, alice, events, settings):
    settings.LIMITS = {"preview": {"visitor": "1 per minute"}}
    for _n in range(2):
        client.post("/preview/", {"source": "Unkind words"})
    assert only(events(), "limit_reached") == {"user": None, "act": "preview"}
    events.clear()
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/60s/ip"}
    for _n in range(2):
        client.post("/account/login/", {"login": "alice@example.org", "password": "not this one at all"})
    assert only(events("limit_reached"), "limit_reached") == {"user": None, "act": "account/login/"}
    events.clear()
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "1/60s/key"}
    for _n in range(2):
        client.post("/account/login/", {"login": "alice@example.org", "password": "not this one at all"})
    assert only(events("limit_reached"), "limit_reached") == {"user": None, "act": "too_many_login_attempts"}


def test_rights_given_by_command_and_revoked_in_admin_are_recorded(client, alice, events):
    call_command("make_moderator", "alice@example.org")
    given = {fields["right"]: fields for _name, fields in events("right_given")}
    assert set(given) == {"is_staff", "group Moderators"}
    assert given["is_staff"] == {"user": None, "target": alice.pk, "right": "is_staff"}
    events.clear()
    call_command("make_moderator", "alice@example.org")
    assert events() == []
    owner = member("Olive", "olive@example.org", is_staff=True, is_superuser=True)
    sign_in_with_factor(client, owner)
    events.clear()
    client.post(f"/admin/accounts/user/{alice.pk}/change/", {"is_superuser": "on"})
    taken = {fields["right"]: fields for _name, fields in events("right_taken")}
    assert set(taken) == {"is_staff", "group Moderators"}
    assert taken["is_staff"] == {"user": owner.pk, "target": alice.pk, "right": "is_staff"}
    assert only(events("right_given"), "right_given")["right"] == "is_superuser"


@pytest.mark.parametrize("way", ["of the person", "of the group", "cleared"])
def test_change_of_groups_is_recorded_from_either_side(alice, events, way):
    group, permission = Group.objects.get(name="Moderators"), Permission.objects.first()
    if way == "of the group":
        group.user_set.add(alice)
        permission.user_set.add(alice)
        group.user_set.remove(alice)
        permission.user_set.clear()
    else:
        alice.groups.add(group)
        alice.user_permissions.add(permission)
        if way == "cleared":
            alice.groups.clear()
            alice.user_permissions.clear()
        else:
            alice.groups.remove(group)
            alice.user_permissions.remove(permission)
    rights = [(name, fields["target"], fields["right"]) for name, fields in events()]
    both = ["group Moderators", f"permission {permission.codename}"]
    assert rights == [
        *(("right_given", alice.pk, right) for right in both),
        *(("right_taken", alice.pk, right) for right in both),
    ]


def test_sanctions_and_their_ends_are_recorded(alice, events):
    mod = moderator()
    events.clear()
    sanctions.suspend(moderator=mod, person=alice, reason="Unkind words")
    fields = only(events(), "sanction")
    assert (fields["user"], fields["target"], fields["act"]) == (mod.pk, alice.pk, "ban")
    events.clear()
    comment = reply(thread().opening, member("Bob", "bob@example.org"))
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    about = {"moderator": mod, "case": case, "seen": case.version, "reason": "Unkind words"}
    entry = decisions.decide(act="remove", sanction="ban", **about)
    assert only(events(), "sanction")["sanction"] == "ban"
    events.clear()
    undo.undo(moderator=mod, entry=entry, reason="Unkind words")
    acts = [(fields["act"], fields["sanction"]) for _name, fields in events("sanction")]
    assert acts == [("undo", "ban")]


def test_decision_that_is_rolled_back_is_not_recorded(alice, events):
    mod = moderator()
    comment = reply(thread().opening, alice)
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    about = {"moderator": mod, "case": case, "seen": case.version, "reason": "Unkind words"}
    events.clear()
    with transaction.atomic():
        decisions.decide(act="remove", sanction="ban", **about)
        transaction.set_rollback(True)
    assert events() == []


def test_every_event_that_is_written_is_described():
    root = DOCUMENT.parents[1]
    sources = "".join(path.read_text() for app in ("forum", "accounts", "posts") for path in (root / app).rglob("*.py"))
    written = set(re.findall(r'(?:record|record_change|_writes)\(\s*"(\w+)"', sources)) | {"right_given", "right_taken"}
    described = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.M))
    assert described == written


def test_permission_of_a_group_with_members_is_recorded(alice, events):
    group, permission = Group.objects.get(name="Moderators"), Permission.objects.get(codename="delete_flag")
    group.permissions.add(permission)
    assert events("group_right_given") == []
    group.permissions.remove(permission)
    alice.groups.add(group)
    events.clear()
    group.permissions.add(permission)
    assert only(events(), "group_right_given") == {"user": None, "group": "Moderators", "right": "delete_flag"}
    events.clear()
    permission.group_set.remove(group)
    assert only(events(), "group_right_taken") == {"user": None, "group": "Moderators", "right": "delete_flag"}


def test_superuser_made_by_a_command_is_recorded(db, events):
    User.objects.create_superuser("olga@example.org", "a long walk by the river", display_name="Olga")
    assert {fields["right"] for _name, fields in events("right_given")} == {"is_staff", "is_superuser"}
