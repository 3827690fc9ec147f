"""The outbox: mails are stored with their cause and sent by the worker, whatever the mail server does."""

import os
import re
import signal
import smtplib
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage, send_mail
from django.core.mail.backends import locmem
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from forum import mail as forum_mail
from forum import outbox
from forum.models import OutboxMessage
from tests.forum.mail_server import MailServer
from tests.outbox import sent
from tests.posts.writing.test_concurrency import at_once

ROOT = Path(__file__).resolve().parents[2]


def write(name="wren", **fields):
    """A mail in the outbox."""
    outbox.add(EmailMessage("Hello", "A code: ABCD", to=[f"{name}@example.org"]), kind="test", **fields)
    return OutboxMessage.objects.get(address=f"{name}@example.org")


@pytest.fixture
def transport(settings, monkeypatch):
    """Lets sending fail: `transport(fault, only=address)`; `transport(None)` lets it work again."""
    real = locmem.EmailBackend.send_messages
    chosen = {}

    def send_messages(self, messages):
        if chosen.get("fault") and chosen["only"] in (None, messages[0].to[0]):
            raise chosen["fault"]
        return real(self, messages)

    monkeypatch.setattr(mail.backends.locmem.EmailBackend, "send_messages", send_messages)
    return lambda fault, only=None: chosen.update(fault=fault, only=only)


def due_now():
    """All waiting mails are due, as if their pause were over."""
    OutboxMessage.objects.filter(failed_at=None).update(due_at=timezone.now())


@pytest.mark.django_db
def test_worker_sends_mail_and_deletes_its_row():
    row = write()
    assert mail.outbox == []
    (message,) = sent()
    assert (message.to, message.subject, message.body) == (["wren@example.org"], "Hello", "A code: ABCD")
    assert message.extra_headers["Message-ID"] == f"<{row.pk}@localhost>"
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_mail_of_rolled_back_transaction_is_not_sent():
    with transaction.atomic():
        write()
        transaction.set_rollback(True)
    assert sent() == []


@pytest.mark.django_db
def test_mail_from_django_is_stored_once_for_each_recipient():
    send_mail("Hello\tthere", "Words", None, ["a@example.org", "B <b@example.org>"], html_message="<p>Words</p>")
    assert mail.outbox == []
    messages = sent()
    assert sorted(message.to[0] for message in messages) == ["a@example.org", "b@example.org"]
    assert {message.subject for message in messages} == {"Hello there"}
    assert messages[0].alternatives == [("<p>Words</p>", "text/html")]


@pytest.mark.django_db
def test_message_with_attachment_is_refused():
    message = EmailMessage("Hello", "Words", to=["a@example.org"])
    message.attach("a.txt", "text")
    with pytest.raises(ValueError, match="nothing else"):
        message.send()


@pytest.mark.django_db
def test_temporary_failure_is_retried_after_longer_delays(transport, caplog):
    transport(SMTPServerDisconnected("gone, dear wren@example.org"))
    write()
    pauses = []
    for _attempt in range(12):
        call_command("send_outbox")
        row = OutboxMessage.objects.get()
        pauses.append(round((row.due_at - timezone.now()).total_seconds()))
        due_now()
    assert pauses == [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
    assert row.attempts == 12
    assert row.answer == "SMTPServerDisconnected gone, dear …@example.org"
    assert "is tried again" in caplog.text
    assert "wren@" not in caplog.text
    transport(None)
    assert len(sent()) == 1


@pytest.mark.django_db
def test_mail_is_not_sent_before_its_next_attempt(transport):
    transport(OSError("away"))
    write()
    call_command("send_outbox")
    call_command("send_outbox")
    assert OutboxMessage.objects.get().attempts == 1


@pytest.mark.django_db
def test_attempts_end_after_three_days(transport):
    transport(OSError("away"))
    row = write()
    passed, attempts = timedelta(0), 0
    while row.failed_at is None:
        call_command("send_outbox")
        row.refresh_from_db()
        if row.attempts > attempts:
            attempts, passed = row.attempts, passed + (row.due_at - timezone.now())
        due_now()
    assert timedelta(days=2.9) < passed < timedelta(days=3.2)
    assert (row.body, row.address, row.domain, row.answer) == ("", "", "example.org", "OSError away")


REFUSED = {"x@example.org": (550, b"no such mailbox")}
FAULTS = [
    (SMTPRecipientsRefused(REFUSED), True),
    (SMTPRecipientsRefused({"x@example.org": (450, b"try later")}), False),
    (SMTPRecipientsRefused({"x@example.org": (530, b"authentication required")}), False),
    (SMTPDataError(554, b"spam"), True),
    (SMTPDataError(451, b"greylisted"), False),
    (SMTPSenderRefused(553, b"not yours", "f@example.org"), True),
    (SMTPSenderRefused(530, b"authentication required", "f@example.org"), False),
    (SMTPAuthenticationError(535, b"wrong password"), False),
    (SMTPConnectError(554, b"no service"), False),
    (TimeoutError("timed out"), False),
    (KeyError("of a service's own library"), False),
]


@pytest.mark.parametrize(("fault", "ends"), FAULTS, ids=[repr(fault)[:60] for fault, _ends in FAULTS])
@pytest.mark.django_db
def test_only_permanent_refusal_ends_attempts_at_once(transport, caplog, fault, ends):
    transport(fault)
    row = write()
    call_command("send_outbox")
    row.refresh_from_db()
    assert (row.failed_at is not None) is ends
    assert (row.body == row.address == "") is ends
    assert "@example.org" not in caplog.text.replace("…@example.org", "")


@pytest.mark.django_db
def test_failing_mail_does_not_delay_others(transport, capsys):
    transport(SMTPRecipientsRefused(REFUSED), only="one@example.org")
    write("one")
    write("two")
    call_command("send_outbox")
    assert [message.to for message in mail.outbox] == [["two@example.org"]]
    assert "1 sent, 1 failed" in capsys.readouterr().out


@pytest.mark.django_db
def test_expired_code_is_not_sent_and_its_text_is_deleted():
    row = write(expires_at=timezone.now() - timedelta(seconds=1))
    assert sent() == []
    row.refresh_from_db()
    assert row.failed_at is not None
    assert (row.body, row.answer) == ("", "It expired before it could be sent.")


@pytest.mark.django_db
def test_codes_are_sent_before_other_mails():
    write("news")
    write("code", expires_at=timezone.now() + timedelta(minutes=10))
    assert [message.to[0] for message in sent()] == ["code@example.org", "news@example.org"]


@pytest.mark.django_db
def test_database_refuses_text_of_failed_mail():
    row = write()
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboxMessage.objects.filter(pk=row.pk).update(failed_at=timezone.now())


@pytest.mark.django_db
def test_failed_mails_are_deleted_after_a_month(transport):
    transport(SMTPRecipientsRefused(REFUSED))
    write()
    call_command("send_outbox")
    call_command("delete_expired")
    assert OutboxMessage.objects.count() == 1
    OutboxMessage.objects.update(failed_at=timezone.now() - timedelta(days=31))
    call_command("delete_expired")
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_sender_that_is_told_to_stop_finishes_current_mail():
    write("one")
    write("two")
    call_command("send_outbox", stopped=lambda: bool(mail.outbox))
    assert len(mail.outbox) == 1
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_senders_send_mail_once():
    write()
    results = at_once([1, 2], lambda _one: outbox.send_next())
    assert sorted(results, key=str) == [None, True]
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_mail_that_backend_does_not_send_is_not_counted_as_sent(monkeypatch):
    write()
    monkeypatch.setattr(mail.backends.locmem.EmailBackend, "send_messages", lambda self, messages: 0)
    assert outbox.send_next() is False
    assert OutboxMessage.objects.get().attempts == 1


@pytest.mark.django_db(transaction=True)
def test_no_row_is_locked_during_connection_to_mail_server(monkeypatch):
    seen = []

    def look(_one):
        with transaction.atomic():
            return OutboxMessage.objects.select_for_update(nowait=True).get().attempts

    monkeypatch.setattr(
        mail.backends.locmem.EmailBackend,
        "send_messages",
        lambda self, messages: seen.extend([connection.in_atomic_block, *at_once([1], look)]) or 1,
    )
    write()
    call_command("send_outbox")
    assert seen == [False, 1]


# With a mail server -------------------------------------------------------------------------------------------------


@pytest.fixture
def smtp(settings, monkeypatch):
    """Sends by SMTP to a port, without patience: `smtp(server.port)`."""
    settings.MAIL_TRANSPORT = "forum.mail.SMTPBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 0.2
    monkeypatch.setattr(forum_mail, "ACCEPTED_WITHIN", 0.3)

    def to_port(port):
        settings.EMAIL_PORT = port

    return to_port


@pytest.mark.django_db
def test_mail_by_smtp_has_one_message_id_and_its_date_of_creation(smtp):
    row = write()
    with MailServer() as server:
        smtp(server.port)
        call_command("send_outbox")
    (message,) = server.messages
    assert message["Message-ID"] == f"<{row.pk}@localhost>"
    assert message["Date"].startswith(row.created_at.strftime("%a, %d %b %Y %H:%M:%S"))


@pytest.mark.parametrize("verb", ["hello", "EHLO", "MAIL", "RCPT", "DATA", "."])
@pytest.mark.django_db
def test_mail_server_that_stops_responding_costs_one_attempt(smtp, verb):
    row = write()
    with MailServer({verb: None} | ({"HELO": None} if verb == "EHLO" else {})) as server:
        smtp(server.port)
        call_command("send_outbox")
    row.refresh_from_db()
    assert (row.attempts, row.failed_at) == (1, None)
    assert row.unconfirmed == (verb == ".")
    assert row.answer


@pytest.mark.django_db
def test_slow_answer_to_text_does_not_count_as_failure(smtp, monkeypatch):
    """Each answer is waited for in the short time, and the one to the text for minutes."""
    real, waited = smtplib.SMTP.getreply, []

    def getreply(self):
        waited.append(self.sock.gettimeout())
        return real(self)

    monkeypatch.setattr(smtplib.SMTP, "getreply", getreply)
    monkeypatch.setattr(forum_mail, "ACCEPTED_WITHIN", 600)
    write()
    with MailServer() as server:
        smtp(server.port)
        call_command("send_outbox")
    # greeting, EHLO, MAIL, RCPT, DATA, the text, QUIT
    assert waited == [0.2] * 5 + [600, 0.2]
    assert not OutboxMessage.objects.exists()


def test_claim_outlasts_slowest_dialogue():
    assert outbox.CLAIM_LASTS.total_seconds() > 10 * settings.EMAIL_TIMEOUT + forum_mail.ACCEPTED_WITHIN


@pytest.mark.parametrize("answer", [None, "what?", "299 perhaps"])
@pytest.mark.django_db
def test_perhaps_delivered_mail_is_repeated_only_twice_after_hours(smtp, answer, caplog):
    row, pauses = write(), []
    with MailServer({".": answer}) as server:
        smtp(server.port)
        while row.failed_at is None:
            due_now()
            call_command("send_outbox")
            row.refresh_from_db()
            pauses.append(round((row.due_at - timezone.now()).total_seconds()))
    assert pauses == [3600, 6 * 3600, 0]
    assert (row.unconfirmed, row.body, row.address) == (3, "", "")
    assert server.connections == 3
    assert "is perhaps delivered and is tried again" in caplog.text
    assert "is perhaps delivered and is not tried again" in caplog.text


@pytest.mark.django_db
def test_refused_repetition_of_perhaps_delivered_mail_is_remembered_as_perhaps_delivered(smtp):
    row, answers = write(), {".": None}
    with MailServer(answers) as server:
        smtp(server.port)
        call_command("send_outbox")
        answers["."] = "554 seen already"
        due_now()
        call_command("send_outbox")
    row.refresh_from_db()
    assert (row.unconfirmed, row.answer) == (1, "554 seen already")
    assert row.failed_at is not None


@pytest.mark.django_db
def test_mail_is_sent_if_mail_server_does_not_answer_quit(smtp):
    write()
    with MailServer({"QUIT": None}) as server:
        smtp(server.port)
        call_command("send_outbox")
    assert len(server.messages) == 1
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "."])
@pytest.mark.django_db
def test_answer_of_refusing_mail_server_is_stored(smtp, verb):
    row = write()
    with MailServer({verb: "550 5.1.1 <wren@example.org>: unknown"}) as server:
        smtp(server.port)
        call_command("send_outbox")
    row.refresh_from_db()
    assert row.failed_at is not None
    assert row.answer == "550 5.1.1 <…@example.org>: unknown"


SENDER = """
import os; os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django; django.setup()
from django.conf import settings
from django.db import connections
connections.settings["default"] |= {where!r}
settings.MAIL_TRANSPORT = "forum.mail.SMTPBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", {port}
from django.core.management import call_command
call_command("send_outbox")
"""


@pytest.mark.parametrize("verb", ["hello", "MAIL", "DATA", ".", "QUIT"])
@pytest.mark.django_db(transaction=True)
def test_killed_sender_loses_no_mail_and_repeats_same_message_id(verb, smtp, settings):
    """At QUIT the server has taken the mail: then it comes a second time, with the same Message-ID."""
    rows = {f"<{write(name).pk}@localhost>" for name in ("one", "two", "three")}
    where = {key: connection.settings_dict[key] for key in ("NAME", "HOST", "PORT")}
    killed = []

    def at(said):
        if said == verb and not killed:
            killed.append(sender.pid)
            os.kill(sender.pid, signal.SIGKILL)
            sender.wait()

    with MailServer(at=at) as server:
        sender = subprocess.Popen([sys.executable, "-c", SENDER.format(where=where, port=server.port)], cwd=ROOT)
        sender.wait()
        due_now()
        # nobody is killed now, so this process can send
        smtp(server.port)
        settings.EMAIL_TIMEOUT = 20
        call_command("send_outbox")
    assert killed
    assert not OutboxMessage.objects.exists()
    taken = [message["Message-ID"] for message in server.messages]
    assert set(taken) == rows
    assert len(taken) <= 4


# In a request --------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_mail_server(settings, monkeypatch):
    """A request that opens a connection to a mail server fails."""
    settings.MAIL_TRANSPORT = "forum.mail.SMTPBackend"

    def connect(*args, **options):
        raise AssertionError("a request speaks to a mail server")

    monkeypatch.setattr(smtplib.SMTP, "connect", connect)
    monkeypatch.setattr(smtplib.SMTP, "__init__", connect)


def links_in(row):
    return [urlsplit(link) for link in re.findall(r"https?://[^\s\"<]+", f"{row.body} {row.html}")]


@pytest.mark.usefixtures("no_mail_server")
def test_pages_that_send_mail_work_without_mail_server(db, client):
    from tests.accounts.people import PASSWORD, code_in, member

    alice = member(password=PASSWORD)
    steps = [
        ("/account/login/code/", {"email": "alice@example.org"}, "account/email/login_code"),
        ("/account/login/code/", {"email": "nobody@example.org"}, "account/email/unknown_account"),
        ("/account/password/reset/", {"email": "alice@example.org"}, "account/email/password_reset_code"),
        ("/account/signup/", {"display_name": "Bob", "email": "bob@example.org"}, "email_confirmation_signup"),
        ("/account/signup/", {"display_name": "Al", "email": "alice@example.org"}, "account_already_exists"),
    ]
    for address, form, kind in steps:
        OutboxMessage.objects.all().delete()
        assert client.post(address, form, headers={"host": "localhost:6666"}).status_code == 302, address
        row = OutboxMessage.objects.get()
        # not to the host and port that the request names
        assert {f"{link.scheme}://{link.netloc}" for link in links_in(row)} <= {settings.SITE_URL}
        assert links_in(row) or "code" in row.kind or "confirmation" in row.kind
        assert kind in row.kind
        assert (row.expires_at is not None) is ("code" in kind or "confirmation" in kind)
        client.logout()
    client.force_login(alice)
    answer = client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    OutboxMessage.objects.all().delete()
    answer = client.post("/account/email/", {"action_add": "", "email": "new@example.org"})
    assert answer.status_code == 302
    assert "reauthenticate" not in answer.headers["Location"]
    row = OutboxMessage.objects.get()
    assert row.address == "new@example.org"
    assert code_in(row)
    form = {"oldpassword": PASSWORD, "password1": "another long walk", "password2": "another long walk"}
    assert client.post("/account/password/change/", form).status_code == 302
    assert OutboxMessage.objects.filter(kind="account/email/password_changed").exists()


@pytest.mark.parametrize(
    "more",
    [{"headers": {"List-Unsubscribe": "<https://x.example>"}}, {"reply_to": ["a@x.example"]}, {"cc": ["b@x.example"]}],
)
def test_message_with_unsupported_parts_is_refused(db, more):
    with pytest.raises(ValueError, match="takes no headers but the subject"):
        outbox.add(EmailMessage("Subject", "Text", to=["wren@example.org"], **more), kind="test")
