"""Mails about decisions: stored with the decision, one for each decision."""

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from forum.models import OutboxMessage
from posts.moderation import actions, decisions, notices
from tests.factories import moderator, person, reply, thread
from tests.outbox import sent

pytestmark = pytest.mark.django_db


def remove():
    """Make a decision that its author is informed of by mail."""
    return actions.remove(moderator=moderator(), comment=reply(thread().opening, person()), reason="It is unkind.")


def test_mail_is_stored_with_decision_and_sent_by_worker():
    remove()
    assert mail.outbox == []
    assert OutboxMessage.objects.get().kind == "decision"
    assert len(sent()) == 1


def test_rolled_back_decision_sends_no_mail():
    with transaction.atomic():
        remove()
        transaction.set_rollback(True)
    assert sent() == []


def test_decision_with_sanction_sends_one_mail_with_one_page():
    author, mod = person(), moderator()
    comment = reply(thread().opening, author)
    case = decisions.open_or_begin(moderator=mod, comment_id=comment.pk)
    about = {"moderator": mod, "case": case, "seen": case.version, "reason": "It is unkind."}
    entry = decisions.decide(act="remove", sanction="ban", **about)
    assert len(sent()) == 1
    page = Client().get(f"/decisions/by-link/{notices.token_of(entry)}/").content.decode()
    assert "Your comment was removed." in page
    assert "You are banned" in page


def test_sanction_with_kept_comment_sends_mail():
    author, mod = person(), moderator()
    case = decisions.open_or_begin(moderator=mod, comment_id=reply(thread().opening, author).pk)
    about = {"moderator": mod, "case": case, "seen": case.version, "reason": "It is unkind."}
    decisions.decide(act="approve", sanction="warn", **about)
    assert len(sent()) == 1
