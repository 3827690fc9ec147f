"""Talking without JavaScript and through htmx: replies, edits, deletions, and what is kept when refused."""

import re

import pytest

from posts.models import Comment, SiteChoices, Thread
from posts.moderation import actions, sanctions
from posts.writing import comments
from tests.factories import WORDS, reply
from tests.factories import thread as make_thread

HTMX = {"HX-Request": "true"}


@pytest.fixture
def question(opening):
    return opening.thread.questions.first()


def sent(client, comment, **data):
    return client.post(f"/c/{comment.pk}/reply/", {"source": WORDS, "key": "k", **data})


def test_alice_answers_a_question_and_is_led_to_her_comment(opening, question, alice, client):
    client.force_login(alice)
    form = client.get(f"/c/{opening.pk}/reply/?q=1").content.decode()
    assert re.search(rf'value="{question.pk}"[^>]*checked|checked[^>]*value="{question.pk}"', form)
    answer = sent(client, opening, question=question.pk, standpoint="clinician")
    comment = Comment.objects.get(author=alice)
    assert (answer.status_code, answer.url) == (302, f"{opening.thread.get_absolute_url()}#c{comment.pk}")
    assert comment.is_answer
    assert comment.standpoint == "clinician"


def test_bob_replies_to_alice_and_inherits_the_question(opening, question, alice, bob, client):
    comment = reply(opening, alice, question=question)
    client.force_login(bob)
    assert 'name="question"' not in client.get(f"/c/{comment.pk}/reply/").content.decode()
    sent(client, comment)
    assert Comment.objects.get(author=bob).question == question


def test_a_reply_by_htmx_comes_back_as_a_list_for_its_parent(opening, alice, bob, client):
    comment = reply(opening, alice)
    client.force_login(bob)
    form = client.get(f"/c/{comment.pk}/reply/", headers=HTMX).content.decode()
    assert form.startswith("<form")
    answer = client.post(f"/c/{comment.pk}/reply/", {"source": WORDS, "key": "k"}, headers=HTMX)
    made = Comment.objects.get(author=bob)
    assert answer.headers["HX-Retarget"] == f"#b{comment.pk}"
    assert answer.headers["HX-Reswap"] == "beforeend"
    assert f'{{"id": {made.pk}}}' in answer.headers["HX-Trigger-After-Settle"]
    html = answer.content.decode().strip()
    assert html.startswith(f'<details class="branch" open data-below="{comment.pk}"><summary>1 reply</summary>')
    assert f'<ol class="replies in"><li id="b{made.pk}">' in html
    assert f"/c/{made.pk}/edit/" in html


def test_the_same_form_sent_twice_leads_to_the_same_comment(opening, alice, client):
    client.force_login(alice)
    assert sent(client, opening).url == sent(client, opening).url
    assert Comment.objects.filter(author=alice).count() == 1


def test_the_reply_page_of_a_tombstone_shows_neither_text_nor_name(opening, alice, bob, client):
    comment = reply(opening, alice)
    reply(comment, bob)
    comments.delete(author=alice, comment=comment)
    client.force_login(bob)
    html = client.get(f"/c/{comment.pk}/reply/").content.decode()
    assert "Alice" not in html
    assert WORDS not in html
    assert "deleted or removed" in html


def test_an_empty_form_of_a_visitor_is_no_fault_of_the_server(opening, client):
    for address in (f"/c/{opening.pk}/reply/", "/t/new/"):
        assert client.post(address, {}).status_code == 422
        assert client.head(address).status_code in (200, 302)


def test_two_forms_in_place_have_fields_of_their_own(opening, alice, bob, client):
    one, other = reply(opening, alice), reply(opening, alice)
    client.force_login(bob)
    ids = [
        set(re.findall(r' id="([^"]+)"', client.get(f"/c/{c.pk}/reply/", headers=HTMX).content.decode()))
        for c in (one, other)
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_a_page_and_its_fragment_are_not_taken_for_each_other(opening, alice, client):
    client.force_login(alice)
    assert "HX-Request" in client.get(f"/c/{opening.pk}/reply/").headers["Vary"]


def test_an_only_reply_to_a_reply_stands_straight_below_and_says_whom_it_answers(opening, alice, bob, client):
    comment = reply(reply(opening, bob), alice)
    client.force_login(bob)
    html = [
        client.post(f"/c/{comment.pk}/reply/", {"source": f"{WORDS} {n}", "key": n}, headers=HTMX).content.decode()
        for n in "ab"
    ]
    assert '<ol class="replies"><li ' in html[0]
    assert "in reply to Alice" in html[0]
    # now the talk branches, and the list is set in
    assert '<ol class="replies in"><li ' in html[1]
    assert "<summary>2 replies</summary>" in html[1]


def test_after_the_last_words_of_a_thread_are_gone_one_stands_on_the_front_page(alice, client):
    thread = make_thread(author=alice)
    client.force_login(alice)
    assert client.post(f"/c/{thread.opening.pk}/delete/").url == "/"


def test_what_is_closed_says_so_before_anybody_writes(opening, alice, bob, mod, client):
    mine, other = reply(opening, alice), reply(opening, bob)
    sanctions.suspend(moderator=mod, person=alice, reason="Spam.")
    client.force_login(alice)
    for door in (f"/c/{other.pk}/reply/", f"/c/{mine.pk}/edit/"):
        for headers in ({}, HTMX):
            html = client.get(door, headers=headers).content.decode()
            assert "Your account is banned" in html
            assert "<textarea" not in html
    actions.lock(moderator=mod, thread=opening.thread, reason="Enough.")
    for somebody in (bob, None):
        if somebody:
            client.force_login(somebody)
        else:
            client.logout()
        html = client.get(f"/c/{other.pk}/reply/").content.decode()
        assert "This thread is locked" in html
        assert "<textarea" not in html


def test_text_that_turns_its_surroundings_around_is_set_straight(opening, alice, client):
    client.force_login(alice)
    sent(client, opening, source=f"\u202e{WORDS}")
    assert Comment.objects.get(author=alice).source == WORDS


def test_a_visitor_who_wants_to_reply_is_asked_to_sign_in_and_comes_back(opening, client):
    SiteChoices.objects.update_or_create(pk=1, defaults={"guests_may_comment": False})
    for headers in ({}, HTMX):
        html = client.get(f"/c/{opening.pk}/reply/?q=2", headers=headers).content.decode()
        assert f"/account/login/?next=/c/{opening.pk}/reply/%3Fq%3D2" in html
    assert not html.startswith("<!doctype")


def test_a_visitor_may_write_as_a_guest_or_sign_in_and_come_back(opening, client):
    for headers in ({}, HTMX):
        html = client.get(f"/c/{opening.pk}/reply/?q=2", headers=headers).content.decode()
        assert 'name="name"' in html
        assert f"/account/login/?next=/c/{opening.pk}/reply/%3Fq%3D2" in html


def test_alice_edits_and_bob_cannot(opening, alice, bob, client):
    comment = reply(opening, alice)
    client.force_login(bob)
    assert client.get(f"/c/{comment.pk}/edit/").status_code == 403
    refused = client.post(f"/c/{comment.pk}/edit/", {"source": "Words that she never wrote."})
    assert refused.status_code == 403
    assert "Words that she never wrote." in refused.content.decode()
    client.force_login(alice)
    assert WORDS in client.get(f"/c/{comment.pk}/edit/").content.decode()
    answer = client.post(f"/c/{comment.pk}/edit/", {"source": "Better words, a minute later."})
    assert answer.url.endswith(f"#c{comment.pk}")
    comment.refresh_from_db()
    assert comment.source == "Better words, a minute later."


def test_alice_deletes_after_being_asked_and_bob_cannot(opening, alice, bob, client):
    comment = reply(opening, alice)
    client.force_login(bob)
    assert client.post(f"/c/{comment.pk}/delete/").status_code == 403
    client.force_login(alice)
    assert "Keep it" in client.get(f"/c/{comment.pk}/delete/").content.decode()
    comment.refresh_from_db()
    assert comment.is_published
    for _twice in range(2):
        assert client.post(f"/c/{comment.pk}/delete/").status_code == 302
    comment.refresh_from_db()
    assert comment.deleted_at is not None


@pytest.mark.parametrize("door", ["", "reply/", "edit/", "delete/"])
def test_what_is_gone_or_never_was_is_not_found(opening, alice, bob, client, door):
    comment = reply(opening, alice)
    comment.__class__.objects.filter(pk=comment.pk).update(deleted_at=comment.created_at)
    client.force_login(bob)
    assert client.get(f"/c/{comment.pk}/{door}").status_code == 404
    assert client.get(f"/c/999999999/{door}").status_code == 404


def test_alice_starts_a_thread_with_a_question(alice, client, db):
    client.force_login(alice)
    data = {"title": "A thread of mine", "source": WORDS, "question_1": "What do you think?", "asks_1": "everybody"}
    answer = client.post("/t/new/", data | {"key": "k"})
    thread = Thread.objects.get()
    assert answer.url == thread.get_absolute_url()
    assert [question.text for question in thread.questions.all()] == ["What do you think?"]
    assert "Question 1" in client.get(answer.url).content.decode()


def test_a_visitor_is_sent_to_sign_in_before_starting_a_thread(client, db):
    assert client.get("/t/new/").url == "/account/login/?next=/t/new/"


def test_names_and_texts_cannot_carry_html(opening, alice, client):
    alice.display_name = "<b>Alice</b>"
    alice.save()
    reply(opening, alice, source="<script>alert(1)</script> and then some words.")
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert "<b>Alice" not in html
    assert "<script>alert" not in html


def test_the_badge_says_what_was_checked_and_when(opening, alice, mod, client):
    from posts.moderation import verification

    verification.grant(
        moderator=mod,
        person=alice,
        profession="Psychologist",
        regulator="Board",
        region="US-MD",
        method="Register",
        reason="Asked for.",
    )
    comment = reply(opening, alice, standpoint="clinician")
    address = opening.thread.get_absolute_url()
    assert f"Psychologist, US-MD, checked {comment.created_at:%Y-%m}" in client.get(address).content.decode()
    verification.revoke(moderator=mod, person=alice, reason="Retired.")
    assert "Psychologist, US-MD, verified when posted" in client.get(address).content.decode()
