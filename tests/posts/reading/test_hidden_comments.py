"""Visitors and other members cannot tell a hidden comment from one that does not exist."""

import re

import pytest
from django.test import Client

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
STATES = ["held", "hidden", "removed", "deleted", "withdrawn"]


@pytest.fixture(autouse=True)
def no_hurry(settings):
    settings.GUEST_LEAST_SECONDS = 0


@pytest.fixture
def out_of_sight(opening, mod, request):
    """A comment without replies in the state that the test is for."""
    about = {"moderator": mod, "reason": "It is unkind."}
    if request.param == "held":
        return reply(opening, person(trust=0))
    comment = reply(opening, person())
    if request.param == "hidden":
        actions.hold(comment=comment, **about)
    elif request.param == "removed":
        actions.remove(comment=comment, **about)
    elif request.param == "deleted":
        comments.delete(author=comment.author, comment=comment)
    else:
        actions.remove(comment=opening, **about)
    return comment


def forms(opening_in_sight, pk):
    """What may be sent to an address of the comment `pk`: a guest's form, a member's whose session ended, nothing."""
    guests = form_of(Client(), opening_in_sight)
    members = {"writer": "1", "source": WORDS, "key": "abc", "place": f"reply:{pk}", "seen": "x" * 40, "text": WORDS}
    return [{}, guests, guests | {"preview": "1"}, members, members | {"preview": "1"}, {"reason": "unkind"}]


def bare(answer, pk):
    """Status, way and body, without the number that was asked for and without tokens."""
    text = re.sub(r'(name="(?:csrfmiddlewaretoken|key|began)" value=")[^"]+', r"\1", answer.content.decode())
    way = answer.headers.get("Location", "")
    # where the number stands in an address
    return answer.status_code, *(re.sub(rf"((?:/|%2F)c(?:/|%2F)){pk}\b", r"\1PK", each) for each in (way, text))


def browser_of(user):
    """A browser, signed in as `user` if there is one."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.mark.parametrize("out_of_sight", STATES, indirect=True)
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("is_member", [False, True], ids=["visitor", "member"])
def test_hidden_comment_answers_as_a_missing_one(out_of_sight, address, is_member):
    user = person() if is_member else None
    # a number that no text of ours holds
    missing = 987_654_321
    Comment.objects.filter(pk=missing).delete()
    in_sight = factories.thread().opening
    for headers in ({}, {"HX-Request": "true"}):
        told = []
        for pk in (out_of_sight.pk, missing):
            path = address.format(pk=pk)
            answers = [browser_of(user).get(path, headers=headers), browser_of(user).head(path, headers=headers)]
            answers += [browser_of(user).post(path, data, headers=headers) for data in forms(in_sight, pk)]
            told.append([bare(answer, pk) for answer in answers])
        assert told[0] == told[1]


@pytest.mark.parametrize("out_of_sight", STATES, indirect=True)
def test_text_sent_to_a_comment_that_is_gone_is_shown_again(out_of_sight):
    in_sight = factories.thread().opening
    for data in forms(in_sight, out_of_sight.pk)[1:5:2]:
        answer = Client().post(f"/c/{out_of_sight.pk}/reply/", data)
        assert WORDS in answer.content.decode()
