"""The administrator's list of mails that may not have arrived."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.utils import timezone

from forum import outbox
from forum.models import OutboxMessage
from tests.factories import moderator, person
from tests.signing_in import sign_in_with_factor

LIST = "/admin/forum/outboxmessage/"


@pytest.fixture
def rows(db):
    """A mail that failed, one that waits for its next attempt, and one that is new."""
    for name, subject in (("failed", ""), ("waits", "Your code WXYZ"), ("new", "Your code KLMN")):
        outbox.add(EmailMessage(subject or "x", "A code: ABCD-EFGH", to=["wren@example.org"]), kind=f"kind/{name}")
    OutboxMessage.objects.filter(kind="kind/failed").update(
        failed_at=timezone.now(), answer="550 <…@example.org> unknown", address="", subject="", body="", html=""
    )
    OutboxMessage.objects.filter(kind="kind/waits").update(answer="451 greylisted", attempts=1)
    return {row.kind: row for row in OutboxMessage.objects.all()}


@pytest.fixture
def owner(client, db):
    """Signed in, with every right."""
    user = person("Olive", is_staff=True, is_superuser=True)
    return sign_in_with_factor(client, user)


def test_administrator_sees_what_the_mail_server_answered_and_no_text(owner, rows):
    page = owner.get(LIST).content.decode()
    assert "550 &lt;…@example.org&gt; unknown" in page
    assert "451 greylisted" in page
    assert "kind/new" not in page
    for address in (LIST, f"{LIST}{rows['kind/waits'].pk}/change/"):
        page = owner.get(address).content.decode()
        assert "example.org" in page
        for secret in ("wren@", "ABCD-EFGH", "WXYZ"):
            assert secret not in page, address


def test_mail_that_server_did_not_confirm_is_listed_as_perhaps_delivered(owner, rows):
    page = owner.get(LIST).content.decode()
    assert "Not delivered, given up" in page
    assert "Perhaps delivered, " not in page
    OutboxMessage.objects.update(unconfirmed=1)
    page = owner.get(LIST).content.decode()
    assert "Perhaps delivered, given up" in page
    assert "Perhaps delivered, tried again" in page
    assert "Not delivered" not in page


def test_owner_is_told_of_failing_mail_on_index(owner, rows):
    page = owner.get("/admin/").content.decode()
    assert "1 mail could not be sent or was not confirmed." in page
    assert "1 mail failed and is tried again." in page
    OutboxMessage.objects.all().delete()
    assert "mail could not" not in owner.get("/admin/").content.decode()


def test_given_up_mail_has_no_next_attempt(owner, rows):
    OutboxMessage.objects.update(due_at=timezone.now().replace(year=2001))
    assert "2001" not in owner.get(f"{LIST}?state=given_up").content.decode()
    assert "2001" in owner.get(f"{LIST}?state=waiting").content.decode()


def test_filter_of_outbox_says_what_it_does(owner, rows):
    page = owner.get(LIST).content.decode()
    assert "Empty" not in page
    OutboxMessage.objects.filter(kind="kind/waits").update(unconfirmed=1)
    for state, shown in (("waiting", {"kind/waits"}), ("given_up", {"kind/failed"}), ("perhaps", {"kind/waits"})):
        page = owner.get(f"{LIST}?state={state}").content.decode()
        assert {kind for kind in rows if kind in page} == shown


def test_kinds_of_mails_are_readable(owner, rows):
    OutboxMessage.objects.filter(kind="kind/waits").update(kind="account/email/login_code")
    OutboxMessage.objects.filter(kind="kind/failed").update(kind="decision")
    page = owner.get(LIST).content.decode()
    assert "Code for signing in" in page
    assert "Decision of a moderator" in page
    assert "login_code" not in page


def test_every_mail_of_an_account_has_a_readable_kind():
    folder = settings.BASE_DIR / "templates" / "account" / "email"
    prefixes = {path.name.removesuffix("_subject.txt") for path in folder.glob("*_subject.txt")}
    assert {f"account/email/{prefix}" for prefix in prefixes} <= set(outbox.KINDS)


def test_waiting_mail_is_tried_again_now_and_that_is_logged(owner, rows):
    later = timezone.now() + timedelta(hours=1)
    OutboxMessage.objects.update(due_at=later)
    chosen = [str(rows[kind].pk) for kind in ("kind/waits", "kind/failed")]
    page = owner.post(LIST, {"action": "try_again", "_selected_action": chosen}, follow=True).content.decode()
    assert "1 mail is sent now." in page
    assert "1 mail is being sent or was given up" in page
    assert OutboxMessage.objects.get(kind="kind/waits").due_at < later
    assert OutboxMessage.objects.get(kind="kind/failed").due_at == later
    assert LogEntry.objects.get().object_id == chosen[0]


def test_mail_that_is_being_sent_is_not_sent_twice_by_trying_again(rows):
    OutboxMessage.objects.filter(kind="kind/new").delete()
    claimed = outbox._claim(timezone.now())
    assert claimed.kind == "kind/waits"
    assert outbox.try_now(OutboxMessage.objects.all()) == []


def test_staff_who_may_only_view_cannot_try_again(client, rows):
    user = person("Vera", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_outboxmessage"))
    sign_in_with_factor(client, user)
    assert "Try again now" not in client.get(LIST).content.decode()
    due = OutboxMessage.objects.get(kind="kind/waits").due_at
    client.post(LIST, {"action": "try_again", "_selected_action": [str(rows["kind/waits"].pk)]})
    assert OutboxMessage.objects.get(kind="kind/waits").due_at == due


def test_outbox_in_admin_is_read_only(owner, rows):
    pk = rows["kind/waits"].pk
    for address in (f"{LIST}add/", f"{LIST}{pk}/delete/"):
        assert owner.get(address).status_code == 403
    owner.post(f"{LIST}{pk}/change/", {"kind": "other"})
    assert OutboxMessage.objects.get(pk=pk).kind == "kind/waits"
    assert owner.get(f"{LIST}{rows['kind/new'].pk}/change/").status_code == 302


def test_moderators_do_not_see_outbox(client, rows):
    sign_in_with_factor(client, moderator())
    assert client.get(LIST).status_code == 403
    assert "outboxmessage" not in client.get("/admin/").content.decode()
