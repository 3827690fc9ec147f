"""“Helped me” is limited, does not empty the page cache, and makes no session for a visitor."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from posts.models import Helpful, Thread
from posts.models.thread import MARKS_GATHERED, MARKS_SETTLE
from posts.reading import progress, rendering
from tests.factories import person, reply, thread

pytestmark = pytest.mark.django_db
LIMIT = {"helpful": {"first day": "3 per minute", "address": "100 per minute"}}


@pytest.fixture
def comments():
    """Ten comments in one thread."""
    opening = thread().opening
    return [reply(opening, person()) for _n in range(10)]


@pytest.fixture
def drawings(monkeypatch):
    """How many pages were drawn, and a clock: `drawings.later(seconds)`."""
    whole = rendering.render_rows
    now = timezone.now()

    class Counted:
        count, passed = 0, timedelta(0)

        def later(self, seconds):
            self.passed += timedelta(seconds=seconds)

    counted = Counted()

    def draw(*given, **options):
        counted.count += 1
        return whole(*given, **options)

    monkeypatch.setattr(rendering, "render_rows", draw)
    monkeypatch.setattr(timezone, "now", lambda: now + counted.passed)
    return counted


def press(comment, who):
    progress.mark_helpful(reader=who, comment=comment, is_helpful=True)


def test_helpful_marks_within_seconds_render_page_once(comments, drawings, client):
    """A thread whose marks come one after the other is drawn once in MARKS_GATHERED and not for each mark."""
    address = comments[0].thread.get_absolute_url()
    people = [person() for _n in range(20)]
    assert client.get(address).status_code == 200
    began = drawings.count
    for who in people:
        press(comments[0], who)
        client.get(address)
        drawings.later(0.2)
    assert drawings.count == began
    drawings.later(MARKS_GATHERED.seconds + MARKS_SETTLE.seconds)
    html = client.get(address).content.decode()
    assert "helped many readers" in html
    assert drawings.count == began + 1
    client.get(address)
    assert drawings.count == began + 1


def test_helpful_mark_is_shown_to_visitors_within_seconds(comments, drawings, client):
    """Whenever it is made, also while others are gathered or have just been shown."""
    address = comments[0].thread.get_absolute_url()
    client.get(address)
    for comment in comments:
        press(comment, person())
        drawings.later(1.7)
        client.get(address)
    drawings.later(MARKS_GATHERED.seconds + MARKS_SETTLE.seconds)
    assert client.get(address).content.decode().count("helped a reader") == 10


def test_helpful_mark_is_shown_at_once_to_its_reader(comments, drawings, client):
    address = comments[0].thread.get_absolute_url()
    client.force_login(person())
    client.get(address)
    began = drawings.count
    client.post(f"/c/{comments[0].pk}/helpful/", {"mark": "1"})
    assert f'id="h{comments[0].pk}">helped a reader</span>' in client.get(address).content.decode()
    client.post(f"/c/{comments[0].pk}/helpful/", {"mark": "0"})
    assert f'id="h{comments[0].pk}"></span>' in client.get(address).content.decode()
    assert drawings.count == began


def test_helpful_mark_does_not_raise_version_of_thread(comments):
    before = Thread.objects.get().version
    press(comments[0], person())
    assert Thread.objects.get().version == before


def test_helpful_marks_over_limit_are_refused_with_reason(comments, client, settings):
    settings.LIMITS = LIMIT
    who = person()
    client.force_login(who)
    statuses = [client.post(f"/c/{comment.pk}/helpful/", {"mark": "1"}).status_code for comment in comments]
    assert statuses == [302] * 3 + [429] * 7
    assert Helpful.objects.filter(person=who).count() == 3
    answer = client.post(f"/c/{comments[5].pk}/helpful/", {"mark": "1"}, headers={"HX-Request": "true"})
    assert answer.status_code == 429
    assert answer["Retry-After"]
    html = answer.content.decode()
    assert html.startswith("<button")
    assert 'aria-pressed="false"' in html
    assert "That was too much at once" in html


def test_helpful_marks_of_visitors_create_no_sessions(comments):
    for _n in range(4):
        for comment in comments:
            answer = Client().post(
                f"/c/{comment.pk}/helpful/", {"mark": "1"}, headers={"Referer": "http://testserver/"}
            )
            assert answer.status_code == 302
    assert not Session.objects.exists()


def test_forged_cookie_marks_nothing_helpful(comments, client):
    who = person()
    client.force_login(who)
    client.cookies["helped"] = f"{comments[0].pk}:forged:signature"
    client.get(f"/c/{comments[0].pk}/helpful/")
    assert not Helpful.objects.exists()
