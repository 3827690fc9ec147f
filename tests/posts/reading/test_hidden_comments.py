"""Visitors and other members cannot tell a hidden comment from one that does not exist."""

import re
from functools import partial

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


def forms(pk, guests, is_member=False):
    """What may be sent to an address of the comment `pk`: nothing, a flag, and the fields of members and of guests.

    A visitor sends them one after the other, because only a form of a member whose session has ended has a writer.
    """
    members = {"writer": "1", "source": WORDS, "key": "abc", "place": f"reply:{pk}", "seen": "x" * 40, "text": WORDS}
    texts = [members | guests] if is_member else [members, guests]
    return [{}, *texts, *(text | {"preview": "1"} for text in texts), {"reason": "unkind"}]


def bare(answer, pk):
    """Return status, redirect and body, without the number that was asked for and without tokens."""
    text = re.sub(r'(name="(?:csrfmiddlewaretoken|key|began)" value=")[^"]+', r"\1", answer.content.decode())
    redirect = answer.headers.get("Location", "")
    # where the number stands in an address
    return answer.status_code, *(re.sub(rf"((?:/|%2F)c(?:/|%2F)){pk}\b", r"\1PK", each) for each in (redirect, text))


def answers(cookies, forms, address, pk, headers):
    """Return the answers to every request for the comment `pk`, each by a new browser and without consequences."""
    path = address.format(pk=pk)
    requests = [("get", None), ("head", None), *(("post", data) for data in forms(pk))]
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
    sent = partial(forms, guests=form_of(Client(), factories.thread().opening), is_member=is_member)
    for headers in ({}, {"HX-Request": "true"}):
        expected = answers(browser.cookies, sent, address, MISSING, headers)
        for state, comment in hidden_comments.items():
            assert answers(browser.cookies, sent, address, comment.pk, headers) == expected, state


def test_reply_to_hidden_comment_keeps_text(hidden_comments):
    guests = form_of(Client(), factories.thread().opening)
    for state, comment in hidden_comments.items():
        for data in forms(comment.pk, guests)[1:3]:
            answer = Client().post(f"/c/{comment.pk}/reply/", data)
            assert WORDS in answer.content.decode(), state
