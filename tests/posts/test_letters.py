"""Mails about decisions: written with the decision, sent once, and not lost where the mail server is away."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from posts.actions import deciding, moderating, notifying, posting
from posts.models import Letter
from tests.factories import moderator, person, reply, thread
from tests.posts.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def remove():
    """A decision that its author is told of by mail."""
    return moderating.remove(moderator=moderator(), comment=reply(thread().opening, person()), reason="It is unkind.")


@pytest.fixture
def away(monkeypatch):
    """The mail server is away until this is called."""
    real = posting.send_mail

    def fail(*args, **options):
        raise SMTPServerDisconnected("away")

    monkeypatch.setattr(posting, "send_mail", fail)
    return lambda: monkeypatch.setattr(posting, "send_mail", real)


def test_it_is_written_with_the_decision_and_leaves_by_the_worker():
    remove()
    # the moderator's request does not wait for the mail server
    assert mail.outbox == []
    call_command("send_letters")
    assert len(mail.outbox) == 1
    assert not Letter.objects.exists()


def test_a_decision_that_is_not_kept_sends_nothing():
    with transaction.atomic():
        remove()
        assert Letter.objects.exists()
        transaction.set_rollback(True)
    call_command("send_letters")
    assert mail.outbox == []
    assert not Letter.objects.exists()


def test_where_the_server_is_away_the_decision_stands_and_the_letter_waits(away, caplog, capsys):
    entry = remove()
    assert entry.pk
    call_command("send_letters")
    assert "0 sent, 1 wait" in capsys.readouterr().out
    assert "could not be sent" in caplog.text
    assert Letter.objects.get().tries == 1
    call_command("send_letters")
    assert "0 sent, 0 wait" in capsys.readouterr().out  # it was tried a moment ago
    Letter.objects.update(tried_at=timezone.now() - timedelta(minutes=6))
    call_command("send_letters")
    assert "0 sent, 1 wait" in capsys.readouterr().out
    away()
    Letter.objects.update(tried_at=timezone.now() - timedelta(minutes=6))
    call_command("send_letters")
    assert "1 sent, 0 wait" in capsys.readouterr().out
    assert len(mail.outbox) == 1


def test_a_decision_with_a_measure_is_one_letter_and_one_page():
    author, mod = person(), moderator()
    comment = reply(thread().opening, author)
    case = deciding.begin(moderator=mod, comment_id=comment.pk)
    about = {"moderator": mod, "case": case, "seen": case.version, "reason": "It is unkind."}
    entry = deciding.decide(act="remove", measure="ban", **about)
    call_command("send_letters")
    assert len(mail.outbox) == 1
    page = Client().get(f"/decisions/by-link/{notifying.token_of(entry)}/").content.decode()
    assert "Your comment was removed." in page
    assert "You are banned" in page


def test_a_measure_with_what_is_kept_is_a_letter_too():
    author, mod = person(), moderator()
    case = deciding.begin(moderator=mod, comment_id=reply(thread().opening, author).pk)
    about = {"moderator": mod, "case": case, "seen": case.version, "reason": "It is unkind."}
    deciding.decide(act="approve", measure="warn", **about)
    call_command("send_letters")
    assert len(mail.outbox) == 1


def test_two_senders_at_once_send_it_once(away):
    remove()
    away()
    pk = Letter.objects.get().pk
    assert sorted(at_once([1, 2], lambda _one: posting.send(pk))) == [False, True]
    assert len(mail.outbox) == 1


def test_one_that_the_mail_service_refuses_in_its_own_words_does_not_stop_the_others(monkeypatch, caplog, capsys):
    class OfTheService(Exception):  # noqa: N818
        """No OSError, as of backends that speak to a service."""

    real = posting.send_mail

    def fail_for_one(subject, body, sender, to):
        if to == ["one@example.org"]:
            raise OfTheService("no such mailbox")
        return real(subject, body, sender, to)

    monkeypatch.setattr(posting, "send_mail", fail_for_one)
    for name in ("one", "two"):
        posting.write(address=f"{name}@example.org", subject="Hello", body="Hello")
    call_command("send_letters")
    assert "1 sent, 1 wait" in capsys.readouterr().out
    assert [mail.to for mail in mail.outbox] == [["two@example.org"]]
    assert (Letter.objects.get().address, Letter.objects.get().tries) == ("one@example.org", 1)
    assert "OfTheService: no such mailbox" in caplog.text


def test_asked_to_stop_the_sender_ends_the_letter_it_is_at_and_tidying_ends_too():
    old = timezone.now() - timedelta(days=4)
    for name in ("one", "two"):
        posting.write(address=f"{name}@example.org", subject="Hello", body="Hello")
    call_command("send_letters", stopped=lambda: bool(mail.outbox))
    assert [mail.to for mail in mail.outbox] == [["one@example.org"]]
    Letter.objects.update(written_at=old, tries=posting.LEAST_TRIES)
    call_command("tidy", stopped=lambda: True)
    assert Letter.objects.get().address == "two@example.org"


def test_what_nobody_takes_for_days_is_forgotten(away, caplog):
    remove()
    Letter.objects.update(written_at=timezone.now() - timedelta(days=4))
    call_command("tidy")
    # it was never tried: the worker has not come by yet
    assert Letter.objects.count() == 1
    call_command("send_letters")
    call_command("tidy")
    # and now once: the mail server may be starting
    assert Letter.objects.count() == 1
    assert "given up" not in caplog.text
    Letter.objects.update(tries=posting.LEAST_TRIES)
    address = Letter.objects.get().address
    call_command("tidy")
    assert not Letter.objects.exists()
    assert "Letters given up after 3 days: 1." in caplog.text
    assert address not in caplog.text


def test_what_was_never_tried_goes_first():
    now = timezone.now()
    about = {"subject": "s", "body": "b", "written_at": now}
    tried = Letter.objects.create(address="a@example.org", tried_at=now - timedelta(hours=1), tries=1, **about)
    new = Letter.objects.create(address="b@example.org", **about)
    assert list(posting.waiting(now)) == [new.pk, tried.pk]
