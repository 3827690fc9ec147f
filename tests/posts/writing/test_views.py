"""Pages and htmx fragments to reply, edit and delete, and what they keep when a form is refused."""

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


def test_answer_to_question_redirects_to_comment(opening, question, alice, client):
    client.force_login(alice)
    form = client.get(f"/c/{opening.pk}/reply/?q=1").content.decode()
    assert re.search(rf'value="{question.pk}"[^>]*checked|checked[^>]*value="{question.pk}"', form)
    answer = sent(client, opening, question=question.pk, standpoint="clinician")
    comment = Comment.objects.get(author=alice)
    assert (answer.status_code, answer.url) == (302, f"{opening.thread.get_absolute_url()}#c{comment.pk}")
    assert comment.is_answer
    assert comment.standpoint == "clinician"


def test_reply_inherits_question_of_parent(opening, question, alice, bob, client):
    comment = reply(opening, alice, question=question)
    client.force_login(bob)
    assert 'name="question"' not in client.get(f"/c/{comment.pk}/reply/").content.decode()
    sent(client, comment)
    assert Comment.objects.get(author=bob).question == question


def test_reply_by_htmx_is_returned_as_list_for_parent(opening, alice, bob, client):
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
    assert f'<ol class="replies"><li id="b{made.pk}">' in html
    assert f"/c/{made.pk}/edit/" in html


def test_form_sent_twice_redirects_to_same_comment(opening, alice, client):
    client.force_login(alice)
    assert sent(client, opening).url == sent(client, opening).url
    assert Comment.objects.filter(author=alice).count() == 1


def test_reply_page_of_tombstone_shows_no_text_and_no_name(opening, alice, bob, client):
    comment = reply(opening, alice)
    reply(comment, bob)
    comments.delete(author=alice, comment=comment)
    client.force_login(bob)
    html = client.get(f"/c/{comment.pk}/reply/").content.decode()
    assert "Alice" not in html
    assert WORDS not in html
    assert "deleted or removed" in html


def test_empty_form_of_visitor_is_no_server_error(opening, client):
    for address in (f"/c/{opening.pk}/reply/", "/t/new/"):
        assert client.post(address, {}).status_code == 422
        assert client.head(address).status_code in (200, 302)


def test_two_forms_in_place_have_different_field_ids(opening, alice, bob, client):
    one, other = reply(opening, alice), reply(opening, alice)
    client.force_login(bob)
    ids = [
        set(re.findall(r' id="([^"]+)"', client.get(f"/c/{c.pk}/reply/", headers=HTMX).content.decode()))
        for c in (one, other)
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_page_and_fragment_are_cached_separately(opening, alice, client):
    client.force_login(alice)
    assert "HX-Request" in client.get(f"/c/{opening.pk}/reply/").headers["Vary"]


def test_reply_names_its_parent_and_quotes_it_below_other_replies(opening, alice, bob, client):
    comment = reply(reply(opening, bob), alice)
    client.force_login(bob)
    html = [
        client.post(f"/c/{comment.pk}/reply/", {"source": f"{WORDS} {n}", "key": n}, headers=HTMX).content.decode()
        for n in "ab"
    ]
    assert "in reply to </span>Alice</a>" in html[0]
    assert "in reply to </span>Alice<q>" in html[1]
    assert "<summary>2 replies</summary>" in html[1]


def test_deleting_last_comment_of_thread_redirects_to_front_page(alice, client):
    thread = make_thread(author=alice)
    client.force_login(alice)
    assert client.post(f"/c/{thread.opening.pk}/delete/").url == "/"


def test_suspension_and_locked_thread_are_shown_instead_of_form(opening, alice, bob, mod, client):
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


def test_direction_of_text_does_not_change_text_around_it(opening, alice, client):
    client.force_login(alice)
    sent(client, opening, source=f"\u202e{WORDS}")
    assert Comment.objects.get(author=alice).source == WORDS


def test_visitor_who_replies_signs_in_and_returns_to_form(opening, client):
    SiteChoices.objects.update_or_create(pk=1, defaults={"guests_may_comment": False})
    for headers in ({}, HTMX):
        html = client.get(f"/c/{opening.pk}/reply/?q=2", headers=headers).content.decode()
        assert f"/account/login/?next=/c/{opening.pk}/reply/%3Fq%3D2" in html
    assert not html.startswith("<!doctype")


def test_visitor_may_reply_as_guest_or_sign_in_and_return(opening, client):
    for headers in ({}, HTMX):
        html = client.get(f"/c/{opening.pk}/reply/?q=2", headers=headers).content.decode()
        assert 'name="name"' in html
        assert f"/account/login/?next=/c/{opening.pk}/reply/%3Fq%3D2" in html


def test_only_author_can_open_edit_form(opening, alice, bob, client):
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


def test_only_author_can_delete_after_confirmation(opening, alice, bob, client):
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
def test_deleted_or_missing_comment_is_not_found(opening, alice, bob, client, door):
    comment = reply(opening, alice)
    comment.__class__.objects.filter(pk=comment.pk).update(deleted_at=comment.created_at)
    client.force_login(bob)
    assert client.get(f"/c/{comment.pk}/{door}").status_code == 404
    assert client.get(f"/c/999999999/{door}").status_code == 404


def test_member_starts_thread_with_question(alice, client, db):
    client.force_login(alice)
    data = {"title": "A thread of mine", "source": WORDS, "question_1": "What do you think?", "asks_1": "everybody"}
    answer = client.post("/t/new/", data | {"key": "k"})
    thread = Thread.objects.get()
    assert answer.url == thread.get_absolute_url()
    assert [question.text for question in thread.questions.all()] == ["What do you think?"]
    assert "Question 1" in client.get(answer.url).content.decode()


def test_visitor_who_starts_thread_is_asked_to_sign_in(client, db):
    assert client.get("/t/new/").url == "/account/login/?next=/t/new/"


def test_html_in_names_and_texts_is_escaped(opening, alice, client):
    alice.display_name = "<b>Alice</b>"
    alice.save()
    reply(opening, alice, source="<script>alert(1)</script> and then some words.")
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert "<b>Alice" not in html
    assert "<script>alert" not in html


def test_badge_says_what_was_checked_and_when(opening, alice, mod, client):
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
