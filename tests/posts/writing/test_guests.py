"""Guests: a comment without an account waits for review, is seen by its guest alone, and can be claimed later."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.utils import timezone

from posts.models import Comment, GuestComment, Helpful, SiteChoices, Thread
from posts.moderation import actions, sanctions
from posts.reading import guest_cookie, progress
from posts.threads import permissions
from posts.threads.exceptions import Refused
from posts.writing import guests
from tests import outbox
from tests.factories import WORDS, person, reply
from tests.posts.writing.test_concurrency import at_once
from tests.signing_in import sign_in_with_factor

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def no_hurry(settings):
    settings.GUEST_LEAST_SECONDS = 0


def form_of(client, comment, **headers):
    """What a visitor's empty form would send."""
    html = client.get(f"/c/{comment.pk}/reply/", headers=headers).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(key|began)" value="([^"]+)"', html))
    return {"name": "Wren", "email": "wren@example.org", "website": "", "source": WORDS, **hidden}


def sent(client, comment, headers=None, **data):
    return client.post(f"/c/{comment.pk}/reply/", form_of(client, comment) | data, headers=headers)


def write(parent, key="k", **about):
    about = {"name": "Wren", "email": "wren@example.org", "source": WORDS} | about
    return guests.comment_as_guest(parent=parent, key=key, **about)


def test_guest_comment_is_visible_to_its_guest_only_until_approved(opening, client, mod):
    answer = sent(client, opening)
    comment = Comment.objects.get(byline="Wren")
    assert (answer.status_code, answer.url) == (302, f"{opening.thread.get_absolute_url()}#w{comment.pk}")
    assert comment.state == Comment.State.HELD
    assert (comment.author, comment.published_at, comment.is_guest) == (None, None, True)
    page = opening.thread.get_absolute_url()
    own = client.get(page).content.decode()
    assert WORDS in own[own.index(f'id="w{comment.pk}"') :]
    assert "A moderator reads it first" in own
    assert f"w{comment.pk}" not in Client().get(page).content.decode()
    assert Thread.objects.get().comment_count == 0
    actions.approve(moderator=mod, comment=comment, reason="Welcome.")
    for reader in (client, Client()):
        html = reader.get(page).content.decode()
        assert f'id="c{comment.pk}"' in html
        assert f'id="w{comment.pk}"' not in html
        assert '<span class="tag">guest</span>' in html
    assert Thread.objects.get().comment_count == 1


def test_held_guest_comment_replaces_form_with_htmx(opening, client):
    html = sent(client, opening, headers=HTMX).content.decode()
    assert html.startswith(f'<article class="comment waiting" id="w{Comment.objects.get(byline="Wren").pk}"')
    assert "autofocus" in html


def test_guest_can_answer_question_and_reply_to_member(opening, alice, client):
    clinicians, patients = opening.thread.questions.all()
    answer = sent(client, opening, question=clinicians.pk, standpoint="patient")
    assert answer.status_code == 422
    assert "This question is for clinicians." in answer.content.decode()
    sent(client, opening, question=patients.pk, standpoint="patient")
    first = Comment.objects.get(byline="Wren")
    assert (first.question, first.standpoint) == (patients, "patient")
    parent = reply(opening, alice)
    sent(client, parent, source="Another thing that I have thought of since.")
    assert Comment.objects.get(parent=parent).byline == "Wren"


def test_other_person_cannot_claim_guest_comment(opening, client):
    sent(client, opening)
    pk = Comment.objects.get(byline="Wren").pk
    stranger = Client()
    stranger.cookies[guest_cookie.settings.GUEST_COOKIE_NAME] = f"[{pk}]"
    assert f"w{pk}" not in stranger.get(opening.thread.get_absolute_url()).content.decode()
    # a removed comment is not shown to its guest either
    Comment.objects.filter(pk=pk).update(removed_at=timezone.now())
    assert f"w{pk}" not in client.get(opening.thread.get_absolute_url()).content.decode()


def test_address_of_guest_is_not_shown(opening, client, mod):
    sent(client, opening)
    comment = Comment.objects.get(byline="Wren")
    actions.approve(moderator=mod, comment=comment, reason="Welcome.")
    sign_in_with_factor(client, mod)
    mod_client = f"/admin/posts/comment/{comment.pk}/change/"
    for address in (opening.thread.get_absolute_url(), f"/c/{comment.pk}/branch/", mod_client):
        html = client.get(address).content.decode()
        assert WORDS in html
        assert "wren@example.org" not in html


REFUSED = [
    ({"name": ""}, "required"),
    ({"name": "Moderator"}, "somebody who runs the forum"),
    ({"name": "Alice"}, "A member has this name"),
    ({"email": "no address"}, "email address"),
    ({"website": "http://spam.example"}, "Leave this empty"),
    ({"source": "short"}, "has 5 characters"),
]


@pytest.mark.parametrize(("data", "said"), REFUSED)
def test_refused_guest_form_keeps_all_fields(opening, alice, client, data, said):
    typed = {"source": "Words that took me an hour.", "name": "Wren", "email": "wren@example.org"} | data
    answer = sent(client, opening, **typed)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert said in html
    assert typed["source"] in html
    assert not Comment.objects.filter(is_guest=True).exists()


def test_form_sent_too_quickly_is_refused_and_can_be_sent_again(opening, client, settings, monkeypatch):
    settings.GUEST_LEAST_SECONDS = 4
    data = form_of(client, opening)
    answer = client.post(f"/c/{opening.pk}/reply/", data)
    assert answer.status_code == 422
    assert "very quick" in answer.content.decode()
    assert WORDS in answer.content.decode()
    other = form_of(client, opening)["began"]
    for forged in ("", "1700000000.0", data["began"] + "x", other):
        html = client.post(f"/c/{opening.pk}/reply/", data | {"began": forged}).content.decode()
        assert "very quick" in html
        # the form that comes back has a moment of its own
        assert forged == "" or f'value="{forged}"' not in html
    from posts.writing import forms

    now = forms.time.time()
    monkeypatch.setattr(forms.time, "time", lambda: now + 5)
    assert client.post(f"/c/{opening.pk}/reply/", data).status_code == 302


def test_visitor_is_asked_to_sign_in_if_guests_are_off(opening, client):
    data = form_of(client, opening)
    SiteChoices.objects.update_or_create(pk=1, defaults={"guests_may_comment": False})
    assert 'name="name"' not in client.get(f"/c/{opening.pk}/reply/").content.decode()
    answer = client.post(f"/c/{opening.pk}/reply/", data)
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    assert "Only members can write here" in answer.content.decode()


def test_only_owner_can_change_site_choices(client, mod):
    owner = person("Owen", is_staff=True, is_superuser=True)
    for user, status in ((mod, 403), (owner, 302)):
        sign_in_with_factor(client, user)
        assert client.get("/admin/posts/sitechoices/").status_code == status
        assert client.get("/admin/posts/sitechoices/1/change/").status_code == (200 if user == owner else 403)
        client.post("/admin/posts/sitechoices/1/change/", {"hide_at": 10, "first_held": 2, "links_let_through": 2})
        assert SiteChoices.present().guests_may_comment is (user == mod)


def test_guest_form_sent_twice_creates_one_comment(opening, client):
    data = form_of(client, opening)
    answers = [client.post(f"/c/{opening.pk}/reply/", data) for _ in range(3)]
    assert {(answer.status_code, answer.url) for answer in answers} == {(302, answers[0].url)}
    assert Comment.objects.filter(is_guest=True).count() == GuestComment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_guest_form_sent_twenty_times_at_once_creates_one_comment(opening):
    made = at_once(range(20), lambda _number: write(opening))
    assert len(made) == 20
    assert {comment.pk for comment in made} == {Comment.objects.get(is_guest=True).pk}


def test_the_same_words_again_are_asked_about(opening, client):
    sent(client, opening)
    again = form_of(client, opening)
    answer = client.post(f"/c/{opening.pk}/reply/", again)
    assert answer.status_code == 409
    assert "Send it a second time" in answer.content.decode()
    where = f"{opening.thread.get_absolute_url()}#w{Comment.objects.get(byline='Wren').pk}"
    assert f'<a href="{where}" target="_blank">' in answer.content.decode()
    assert Client().post(f"/c/{opening.pk}/reply/", form_of(Client(), opening)).status_code == 302
    assert client.post(f"/c/{opening.pk}/reply/", again | {"again": "on"}).status_code == 302
    assert Comment.objects.filter(is_guest=True).count() == 3


@pytest.mark.parametrize("closing", ["locked", "removed"])
def test_guest_reply_to_closed_place_keeps_text_and_shows_reason(opening, alice, client, mod, closing):
    parent = reply(opening, alice)
    data = form_of(client, parent)
    if closing == "locked":
        actions.lock(moderator=mod, thread=opening.thread, reason="Enough.")
    else:
        actions.remove(moderator=mod, comment=parent, reason="Unkind.")
    answer = client.post(f"/c/{parent.pk}/reply/", data)
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    assert closing in answer.content.decode()


def claims(client, *comments):
    return client.post("/guest-comments/", {"comment": [comment.pk for comment in comments]}, follow=True)


@pytest.fixture
def wren(db):
    somebody = person("Wren Hill")
    EmailAddress.objects.create(user=somebody, email="Wren@Example.org", verified=True, primary=True)
    return somebody


def test_member_with_verified_address_can_claim_guest_comments(opening, client, mod, wren, bob):
    shown, held, other = write(opening), write(opening, key="k2"), write(opening, key="k3", email="other@example.org")
    actions.approve(moderator=mod, comment=shown, reason="Welcome.")
    client.force_login(bob)
    assert "claim" not in client.get("/guest-comments/").content.decode().partition("<main")[2].partition("<form")[2]
    assert "0 comments are yours" in claims(client, shown).content.decode()
    client.force_login(wren)
    html = client.get("/guest-comments/").content.decode()
    assert f'value="{shown.pk}"' in html
    assert f'value="{other.pk}"' not in html
    version = Thread.objects.get().version
    assert "2 comments are yours" in claims(client, shown, held, other).content.decode()
    for comment in (shown, held):
        comment.refresh_from_db()
        assert (comment.author, comment.byline, comment.is_guest) == (wren, "", False)
    other.refresh_from_db()
    assert other.author is None
    assert Thread.objects.get().version > version
    assert "Wren Hill" in client.get(opening.thread.get_absolute_url()).content.decode()
    assert claims(client, shown, held).status_code == 200
    assert not GuestComment.objects.filter(comment__in=[shown, held]).exclude(email="").exists()


def test_form_sent_as_guest_and_as_member_can_be_claimed(opening, wren):
    comment = write(opening, key="twice")
    reply(opening, wren, key="twice")
    assert guests.claim(person=wren, addresses=["wren@example.org"], comments=[comment.pk]) == 1


def test_claim_does_not_show_removed_comments(opening, client, mod, wren):
    comment = write(opening)
    actions.remove(moderator=mod, comment=comment, reason="Unkind.")
    client.force_login(wren)
    assert WORDS not in client.get("/guest-comments/").content.decode()


def test_guest_comments_of_address_are_found_by_index(opening):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = GuestComment.objects.written_from(["wren@example.org"]).explain()
    assert "guest_comment_email" in plan


def test_unverified_address_cannot_claim(opening, client, wren):
    comment = write(opening)
    EmailAddress.objects.update(verified=False)
    client.force_login(wren)
    claims(client, comment)
    comment.refresh_from_db()
    assert comment.author is None


def test_helpful_mark_on_claimed_comment_is_removed(opening, mod, wren, bob):
    comment = write(opening)
    actions.approve(moderator=mod, comment=comment, reason="Welcome.")
    comment.refresh_from_db()
    for reader in (wren, bob):
        progress.mark_helpful(reader=reader, comment=comment, is_helpful=True)
    assert guests.claim(person=wren, addresses=["wren@example.org"], comments=[comment.pk]) == 1
    comment.refresh_from_db()
    assert comment.helpful_count == 1
    assert Helpful.objects.get().person == bob


def test_suspended_member_cannot_claim(opening, wren, mod):
    comment = write(opening)
    sanctions.suspend(moderator=mod, person=wren, reason="Unkind.")
    wren.refresh_from_db()
    with pytest.raises(Refused):
        guests.claim(person=wren, addresses=["wren@example.org"], comments=[comment.pk])


def test_addresses_of_guests_are_deleted_after_a_year(opening):
    old, young = write(opening), write(opening, key="k2")
    now = timezone.now()
    GuestComment.objects.filter(comment=old).update(written_at=now - guests.ADDRESS_KEPT_FOR - timezone.timedelta(1))
    assert guests.delete_expired_addresses(now) == 1
    assert set(GuestComment.objects.exclude(email="").values_list("pk", flat=True)) == {young.pk}


def test_query_count_of_list_of_claims_is_constant(opening, client, wren, alice, django_assert_max_num_queries):
    client.force_login(wren)
    for number in range(8):
        write(reply(opening, alice), key=f"k{number}")
    with django_assert_max_num_queries(5):
        html = client.get("/guest-comments/").content.decode()
    assert html.count('name="comment"') == 8


def test_held_comment_of_member_is_not_shown_as_guest_comment(opening, alice, mod, client):
    comment = reply(opening, alice)
    actions.hold(moderator=mod, comment=comment, reason="A look.")
    with pytest.raises(Refused):
        permissions.check_accepts_replies(Comment.objects.select_related("thread").get(pk=comment.pk))
    client.force_login(alice)
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    assert "You can still change it" in html
    assert "on this device" not in html


def test_confirmed_address_shows_notice_about_guest_comments(opening, client):
    write(opening, email="new@example.org")
    write(opening, key="k2", email="")
    for name, email, told in (("Robin", "new@example.org", True), ("Jay", "other@example.org", False)):
        visitor = Client()
        visitor.post("/account/signup/", {"display_name": name, "email": email})
        code = re.search(r"^ {4}([A-Z]{4}-[A-Z]{4})$", outbox.sent()[-1].body, re.M).group(1)
        page = visitor.post("/account/confirm-email/", {"code": code}, follow=True).content.decode()
        assert ('<a href="/guest-comments/">Look whether' in page) is told


def test_removed_guest_comment_cannot_be_claimed_by_a_request_of_ones_own(opening, client, mod, wren):
    comment = write(opening)
    actions.remove(moderator=mod, comment=comment, reason="Unkind.")
    client.force_login(wren)
    client.post("/guest-comments/", {"comment": comment.pk})
    comment.refresh_from_db()
    assert comment.author is None
