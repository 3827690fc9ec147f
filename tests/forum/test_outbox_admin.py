"""The administrator's list of mails that may not have arrived."""

import pytest
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
    assert "Perhaps" not in page
    OutboxMessage.objects.update(unconfirmed=1)
    page = owner.get(LIST).content.decode()
    assert "Perhaps delivered, given up" in page
    assert "Perhaps delivered, tried again" in page
    assert "Not delivered" not in page


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
