"""The preview equals the published comment, and creates nothing."""

import re

import pytest
from django.test import Client

from forum import limits
from posts.models import Comment
from tests.factories import WORDS, reply

MARKDOWN = "Somebody **stayed**, and:\n\n> I had been unkind\n- once\n- twice\n\n<b>not bold</b> https://example.org."


def test_preview_equals_html_of_comment(opening, alice, client):
    html = client.post("/preview/", {"source": f"  {MARKDOWN}\r\n"}).content.decode()
    client.force_login(alice)
    client.post(f"/c/{opening.pk}/reply/", {"source": f"  {MARKDOWN}\r\n", "key": "k"})
    assert Comment.objects.get(author=alice).html in html


def test_preview_needs_no_csrf_token_and_no_session(db):
    assert Client(enforce_csrf_checks=True).post("/preview/", {"source": WORDS}).status_code == 200
    assert Client().get("/preview/").status_code == 405


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("", 200, "nothing to show yet"),
        ("&nbsp;", 200, "nothing to show yet"),
        ("> " * 30 + "x", 422, "nested too deep"),
        ("x" * 100_001, 422, "At most 100,000 characters"),
    ],
)
def test_refused_preview_shows_reason(client, db, text, status, said):
    answer = client.post("/preview/", {"source": text})
    assert answer.status_code == status
    assert said in answer.content.decode()


@pytest.mark.parametrize("place", ["reply", "reply in place", "edit", "start"])
def test_preview_without_scripts_is_above_buttons_and_sends_nothing(opening, alice, client, place):
    comment = reply(opening, alice)
    address = {"edit": f"/c/{comment.pk}/edit/", "start": "/t/new/"}.get(place, f"/c/{comment.pk}/reply/")
    headers = {"HX-Request": "true"} if place == "reply in place" else {}
    client.force_login(alice)
    assert 'type="submit" name="preview" value="1"' in client.get(address, headers=headers).content.decode()
    before = list(Comment.objects.values_list("pk", "source"))
    data = {"source": MARKDOWN, "title": "A thread of mine", "key": "k", "preview": "1"}
    answer = client.post(address, data, headers=headers)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert list(Comment.objects.values_list("pk", "source")) == before
    preview = re.search(r'<section class="preview" aria-label="Preview">(.*?)</section>', html, re.S)
    assert "<strong>stayed</strong>" in preview.group(1)
    assert preview.end() < html.index('class="buttons"')
    assert re.search(r"<textarea[^>]*>\s*Somebody \*\*stayed\*\*", html)


def test_preview_of_too_complex_text_keeps_text(opening, alice, client):
    client.force_login(alice)
    answer = client.post(f"/c/{opening.pk}/reply/", {"source": "> " * 30 + "x", "preview": "1"})
    assert answer.status_code == 200
    assert "nested too deep" in answer.content.decode()
    assert "&gt; " * 30 + "x" in answer.content.decode()


def test_preview_after_session_ended_keeps_text(opening, client):
    answer = client.post(f"/c/{opening.pk}/reply/", {"source": WORDS, "preview": "1"})
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()


@pytest.mark.django_db
def test_previews_of_visitors_are_limited_by_characters(client, settings):
    settings.LIMITS = {"preview": limits.OURS["preview"], "preview_size": limits.OURS["preview_size"]}
    statuses = [client.post("/preview/", {"source": f"{n} " + "word " * 3_900}).status_code for n in range(8)]
    assert statuses == [200] * 5 + [429] * 3
    # a short one has no room either until a minute is over
    assert client.post("/preview/", {"source": "A word."}).status_code == 429


@pytest.mark.django_db
def test_short_previews_are_limited_by_number_only(client, settings):
    settings.LIMITS = {"preview": limits.OURS["preview"], "preview_size": limits.OURS["preview_size"]}
    statuses = [client.post("/preview/", {"source": "A word."}).status_code for _n in range(31)]
    assert statuses == [200] * 30 + [429]
