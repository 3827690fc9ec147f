"""Visitors and other members cannot tell a hidden comment from one that does not exist."""

import re

import pytest
from django.test import Client

from bench.broken_requests import undone
from posts.models import Comment
from posts.moderation import actions
from posts.urls import urlpatterns
from posts.writing import comments
from tests import factories
from tests.factories import WORDS, person, reply
from tests.posts.writing.test_guests import form_of

ADDRESSES = [
    "/" + str(each.pattern).replace("<int:pk>", "{pk}") for each in urlpatterns if "c/<int:pk>/" in str(each.pattern)
]
# A number that is in no text of the page.
MISSING = 987_654_321


@pytest.fixture(autouse=True)
def no_hurry(settings):
    settings.GUEST_LEAST_SECONDS = 0


@pytest.fixture
def hidden_comments(opening, mod):
    """A comment without replies in each state in which readers do not see it, by state."""
    about = {"moderator": mod, "reason": "It is unkind."}
    found = {"held": reply(opening, person(trust=0))}
    for state in ("hidden", "removed", "deleted"):
        found[state] = reply(opening, person())
    actions.hold(comment=found["hidden"], **about)
    actions.remove(comment=found["removed"], **about)
    comments.delete(author=found["deleted"].author, comment=found["deleted"])
    other = factories.thread().opening
    found["withdrawn"] = reply(other, person())
    actions.remove(comment=other, **about)
    return found


def forms(guests, pk):
    """What may be sent to an address of the comment `pk`: a guest's form, a member's whose session ended, nothing."""
    members = {"writer": "1", "source": WORDS, "key": "abc", "place": f"reply:{pk}", "seen": "x" * 40, "text": WORDS}
    return [{}, guests, guests | {"preview": "1"}, members, members | {"preview": "1"}, {"reason": "unkind"}]


def bare(answer, pk):
    """Return status, redirect and body, without the number that was asked for and without tokens."""
    text = re.sub(r'(name="(?:csrfmiddlewaretoken|key|began)" value=")[^"]+', r"\1", answer.content.decode())
    redirect = answer.headers.get("Location", "")
    # where the number stands in an address
    return answer.status_code, *(re.sub(rf"((?:/|%2F)c(?:/|%2F)){pk}\b", r"\1PK", each) for each in (redirect, text))


def answers(cookies, guests, address, pk, headers):
    """Return the answers to every request for the comment `pk`, each by a new browser and without consequences."""
    path = address.format(pk=pk)
    requests = [("get", None), ("head", None), *(("post", data) for data in forms(guests, pk))]
    found = []
    for method, data in requests:
        client = Client()
        client.cookies.update(cookies)
        with undone():
            found.append(bare(getattr(client, method)(path, data, headers=headers), pk))
    return found


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("is_member", [False, True], ids=["visitor", "member"])
def test_hidden_comment_responds_like_missing_comment(hidden_comments, address, is_member):
    browser = Client()
    if is_member:
        browser.force_login(person())
    assert not Comment.objects.filter(pk=MISSING).exists()
    guests = form_of(Client(), factories.thread().opening)
    for headers in ({}, {"HX-Request": "true"}):
        expected = answers(browser.cookies, guests, address, MISSING, headers)
        for state, comment in hidden_comments.items():
            assert answers(browser.cookies, guests, address, comment.pk, headers) == expected, state


def test_reply_to_hidden_comment_keeps_text(hidden_comments):
    guests = form_of(Client(), factories.thread().opening)
    for state, comment in hidden_comments.items():
        for data in forms(guests, comment.pk)[1:5:2]:
            answer = Client().post(f"/c/{comment.pk}/reply/", data)
            assert WORDS in answer.content.decode(), state
