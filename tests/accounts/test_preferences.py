"""A member's language and time zone."""

from datetime import UTC, datetime
from unittest.mock import Mock

import pytest

from accounts.models import User
from accounts.views import time_zone
from posts.models import Comment
from tests.factories import person, reply, thread


@pytest.fixture
def alice(db):
    return person("Alice")


def test_language_of_latest_choice_is_remembered_for_mails(alice, client):
    client.force_login(alice)
    assert User.objects.get().language == "en"
    client.post("/language/", {"language": "de"})
    assert User.objects.get().language == "de"
    # another device signs in with a browser in English, and the choice stays
    client.logout()
    client.post("/language/", {"language": "en"})
    client.force_login(alice)
    assert User.objects.get().language == "de"
    client.post("/language/", {"language": "en"})
    assert User.objects.get().language == "en"


def test_times_are_in_the_zone_that_a_member_chose(alice, client):
    comment = reply(thread().opening, alice)
    Comment.objects.filter(pk=comment.pk).update(created_at=datetime(2026, 3, 5, 23, 30, tzinfo=UTC))
    address = comment.thread.get_absolute_url()
    client.force_login(alice)
    assert "5 Mar 2026</time>" in client.get(address).content.decode()
    answer = client.post("/account/time-zone/", {"time_zone": "Asia/Tokyo"}, follow=True)
    assert '<option value="Asia/Tokyo" selected>' in answer.content.decode()
    # also where the page is kept for all members in another zone
    assert "6 Mar 2026</time>" in client.get(address).content.decode()
    client.logout()
    assert "5 Mar 2026</time>" in client.get(address).content.decode()


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "UTC\0", "Europe/Berlin "])
def test_unknown_time_zone_is_refused_and_nothing_changes(alice, client, zone):
    alice.time_zone = "Europe/Paris"
    alice.save()
    client.force_login(alice)
    page = client.post("/account/time-zone/", {"time_zone": zone}, follow=True).content.decode()
    if zone.strip() != "Europe/Berlin":
        assert "There is no such time zone" in page
        assert User.objects.get().time_zone == "Europe/Paris"
    assert client.get("/account/").status_code == 200


def test_saving_time_zone_keeps_what_a_moderator_changed_meanwhile(alice, rf):
    request = rf.post("/account/time-zone/", {"time_zone": "Asia/Tokyo"})
    request.user = User.objects.get(pk=alice.pk)
    User.objects.filter(pk=alice.pk).update(trust=User.Trust.TRUSTED, is_active=False)
    request.session, request._messages = {}, Mock()
    time_zone(request)
    alice.refresh_from_db()
    assert (alice.time_zone, alice.trust, alice.is_active) == ("Asia/Tokyo", User.Trust.TRUSTED, False)
