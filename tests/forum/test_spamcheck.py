"""Akismet: off until configured; its failures do not affect writing."""

from urllib.parse import parse_qs

import akismet
import httpx
import pytest

from accounts.models import User
from forum import spamcheck
from posts.models import Case, SiteChoices
from tests.factories import person, reply, thread


@pytest.fixture
def service(monkeypatch, settings):
    """A stand-in for the service: what it is asked, and what it answers."""
    asked, answer = [], {"text": "false", "status": 200}

    def handle(request):
        asked.append(parse_qs(request.content.decode()))
        if answer["status"] is None:
            raise httpx.ConnectTimeout("no answer")
        return httpx.Response(answer["status"], text=answer["text"])

    settings.AKISMET_KEY = "a-key"
    client = akismet.SyncClient(
        config=akismet.Config(key="a-key", url="https://forum.example"),
        http_client=httpx.Client(transport=httpx.MockTransport(handle)),
    )
    monkeypatch.setattr(spamcheck, "_client", lambda: client)
    return asked, answer


@pytest.mark.parametrize(("said", "is_spam"), [("true", True), ("false", False)])
def test_comment_is_held_if_spam_service_says_so(service, said, is_spam):
    asked, answer = service
    answer["text"] = said
    assert spamcheck.is_spam("Some text.", "192.0.2.1") is is_spam
    (sent,) = asked
    assert (sent["comment_content"], sent["user_ip"]) == (["Some text."], ["192.0.2.1"])
    assert not any(name in sent for name in ("comment_author", "comment_author_email", "user_agent"))


@pytest.mark.parametrize("status", [500, None])
def test_failure_of_spam_service_is_logged_and_holds_nothing(service, status, caplog):
    service[1]["status"] = status
    assert spamcheck.is_spam("Some text.", "192.0.2.1") is False
    assert "Akismet gave no answer" in caplog.text


def test_spam_service_is_not_asked_without_a_key(service, settings):
    settings.AKISMET_KEY = ""
    assert spamcheck.is_spam("Some text.", "192.0.2.1") is False
    assert service[0] == []


def test_spam_service_gets_only_comments_of_newcomers_that_are_not_held(service, db):
    asked, answer = service
    answer["text"] = "true"
    opening, new = thread().opening, person(trust=User.Trust.NEW)
    reply(opening, new, address="192.0.2.1")
    reply(opening, person(), address="192.0.2.1")
    assert asked == []
    SiteChoices.objects.update_or_create(pk=1, defaults={"first_held": 0})
    held = reply(opening, new, "Something that they take for spam.", address="192.0.2.1")
    assert len(asked) == 1
    assert Case.objects.get(comment=held).why == [Case.Why.SPAM]
