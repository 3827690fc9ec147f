"""Whatever goes wrong with a form, the text comes back with the reason."""

import re

import pytest
from django.test import Client
from django.utils.html import escape

from posts.actions import moderating, writing
from posts.models import Comment
from tests.factories import WORDS, reply

HTMX = {"HX-Request": "true"}


def sent(client, comment, **data):
    return client.post(f"/c/{comment.pk}/reply/", {"source": WORDS, "key": "k", **data})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no text yet"),
        ("&nbsp;" * 10, "no text yet"),
        ("too short", "has 9 characters"),
        ("x" * 20_001, "20001 characters"),
        ("x\n" * 2_001 + "x", "too many lines"),
        ("> " * 11 + "x", "nested too deep"),
        ("a\n\n" + " " * 41 + "b", "too many spaces"),
        ("*a " * 2_001, "too many of the signs"),
        ("|" * 22 + "\n" + "|-" * 21 + "|\n", "tables here are too large"),
        ("<" * 15_000, "grows too large"),
    ],
)
def test_what_cannot_be_taken_comes_back_with_the_text_and_the_reason(opening, alice, client, text, said):
    client.force_login(alice)
    answer = sent(client, opening, source=text)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert said in html
    assert escape(text) in html
    assert not Comment.objects.filter(author=alice).exists()


def test_a_reply_to_what_is_gone_keeps_the_text_and_says_why(opening, alice, bob, mod, client):
    comment = reply(opening, alice)
    reply(comment, alice)
    client.force_login(bob)
    moderating.remove(moderator=mod, comment=comment, reason="Unkind.")
    answer = sent(client, comment)
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    assert "This comment was taken back or removed" in answer.content.decode()


@pytest.mark.parametrize("fate", ["deleted", "removed", "withdrawn"])
def test_a_reply_to_what_vanished_altogether_keeps_the_text_and_tells_no_name(opening, alice, bob, mod, client, fate):
    comment = reply(opening, alice)
    if fate == "deleted":
        writing.delete(author=alice, comment=comment)
    elif fate == "removed":
        moderating.remove(moderator=mod, comment=comment, reason="Unkind.")
    else:
        moderating.remove(moderator=mod, comment=opening, reason="Unkind.")
    client.force_login(bob)
    for headers in ({}, HTMX):
        answer = client.post(f"/c/{comment.pk}/reply/", {"source": "A long answer to it."}, headers=headers)
        html = answer.content.decode()
        assert answer.status_code == 422
        assert "A long answer to it." in html
        assert WORDS not in html
        assert "Alice" not in html
        assert fate != "withdrawn" or opening.thread.title not in html


def test_a_comment_for_a_withdrawn_thread_comes_back_without_the_thread(opening, bob, mod, client):
    moderating.remove(moderator=mod, comment=opening, reason="It names a patient.")
    client.force_login(bob)
    html = client.post(f"/c/{opening.pk}/reply/", {"source": "A long answer to it."}).content.decode()
    assert "A long answer to it." in html
    for hidden in (opening.thread.title, *(question.text for question in opening.thread.questions.all()), WORDS):
        assert hidden not in html


def test_a_session_that_ended_keeps_a_thread_and_an_edit_too(opening, alice, client):
    comment = reply(opening, alice)
    for address in ("/t/new/", f"/c/{comment.pk}/edit/"):
        answer = client.post(address, {"title": "A thread of mine", "source": "Words nobody may lose."})
        assert answer.status_code == 422
        assert "Words nobody may lose." in answer.content.decode()
        assert "signed out" in answer.content.decode()


def test_a_form_for_what_never_was_keeps_the_text(alice, client):
    client.force_login(alice)
    answer = client.post("/c/999999999/reply/", {"source": WORDS})
    assert answer.status_code == 404
    assert WORDS in answer.content.decode()


def test_every_text_of_a_refused_thread_is_kept(alice, client, settings):
    settings.THREAD_STARTERS = "staff"
    client.force_login(alice)
    texts = {"title": "A title", "source": "A post", "question_1": "One?", "question_2": "Two?"}
    html = client.post("/t/new/", texts).content.decode()
    assert all(text in html for text in texts.values())


def test_a_reply_in_a_locked_thread_keeps_the_text_and_says_why(opening, alice, mod, client):
    client.force_login(alice)
    moderating.lock(moderator=mod, thread=opening.thread, reason="Enough.")
    answer = sent(client, opening)
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    assert "locked" in client.get(f"/c/{opening.pk}/reply/").content.decode()


def test_a_session_that_ended_keeps_the_text(opening, client):
    answer = sent(client, opening)
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    assert "signed out" in answer.content.decode()


def test_a_stale_form_keeps_the_text(opening, alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    answer = sent(strict, opening)
    assert answer.status_code == 403
    assert WORDS in answer.content.decode()


def test_a_stale_form_of_ours_can_be_sent_again_and_another_sites_cannot(opening, alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    for headers in ({}, HTMX):
        ours = strict.post(
            f"/c/{opening.pk}/reply/", {"source": WORDS, "key": "k", "standpoint": "patient"},
            headers={"Sec-Fetch-Site": "same-origin"} | headers,
        )  # fmt: skip
        html = ours.content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html[html.index("reply-form") :]).group(1)
        assert 'name="standpoint" value="patient"' in html
    again = {"source": WORDS, "key": "k", "standpoint": "patient", "csrfmiddlewaretoken": token}
    assert strict.post(f"/c/{opening.pk}/reply/", again).status_code == 302
    assert Comment.objects.get(author=alice).standpoint == "patient"
    foreign = strict.post(f"/c/{opening.pk}/reply/", {"source": WORDS}, headers={"Sec-Fetch-Site": "cross-site"})
    assert "Send it again" not in foreign.content.decode()


def test_who_may_not_start_a_thread_sees_no_button_and_keeps_the_text(alice, client, settings):
    settings.THREAD_STARTERS = "staff"
    client.force_login(alice)
    assert "Start a thread" not in client.get("/").content.decode()
    answer = client.post("/t/new/", {"title": "A thread of mine", "source": WORDS})
    assert answer.status_code == 403
    assert WORDS in answer.content.decode()
