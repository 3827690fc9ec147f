"""Answers to the questions of a thread: who may give them, and how a page names who wrote them."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Verification
from posts.models import Comment
from tests.factories import WORDS, reply, thread

KINDS = Comment.Standpoint


@pytest.mark.parametrize(
    ("asks", "fitting"),
    [
        ("clinicians", {KINDS.CLINICIAN, KINDS.BOTH}),
        ("patients", {KINDS.PATIENT, KINDS.BOTH, KINDS.UNSAID}),
        ("everybody", set(KINDS)),
    ],
)
@pytest.mark.parametrize("standpoint", KINDS)
def test_answer_needs_a_standpoint_that_fits_the_question(client, alice, asks, fitting, standpoint):
    asking = thread(questions=[("What have you learned?", asks)])
    question = asking.questions.get()
    client.force_login(alice)
    form = {"source": WORDS, "question": question.pk, "standpoint": standpoint}
    answer = client.post(f"/c/{asking.opening.pk}/reply/", form)
    if standpoint in fitting:
        assert answer.status_code == 302
        assert Comment.objects.get(depth=1).question == question
    else:
        assert answer.status_code == 422
        assert "Your text is still in the box." in answer.content.decode()
        assert WORDS in answer.content.decode()
        assert not Comment.objects.filter(depth=1).exists()


def test_general_comment_needs_no_standpoint(client, alice, opening):
    client.force_login(alice)
    assert client.post(f"/c/{opening.pk}/reply/", {"source": WORDS, "standpoint": "other"}).status_code == 302


@pytest.mark.parametrize(("position", "chosen"), [(1, "clinician"), (2, "patient")])
def test_form_of_an_answer_begins_with_the_standpoint_that_fits(client, alice, opening, position, chosen):
    client.force_login(alice)
    html = client.get(f"/c/{opening.pk}/reply/?q={position}").content.decode()
    assert re.findall(r'<option value="(\w*)" selected', html) == [chosen]


def test_answer_cannot_be_edited_to_a_standpoint_that_does_not_fit(client, alice, opening):
    comment = reply(opening, alice, question=opening.thread.questions.get(position=1), standpoint="clinician")
    client.force_login(alice)
    form = {"source": "Other words than before, at length.", "seen": comment.fingerprint}
    answer = client.post(f"/c/{comment.pk}/edit/", form | {"standpoint": "patient"})
    assert answer.status_code == 422
    assert "answers a question that asks others" in answer.content.decode()
    assert client.post(f"/c/{comment.pk}/edit/", form | {"standpoint": "both"}).status_code == 302


def shown(client, page, comment):
    """The standpoint and the badge in the byline of the comment."""
    html = client.get(page).content.decode()
    byline = re.search(rf'id="c{comment.pk}".*?</header>', html, re.DOTALL).group(0)
    found = re.findall(r'class="(standpoint|badge)">([^<]*)<', byline)
    return [(kind, " ".join(words.split())) for kind, words in found]


@pytest.mark.parametrize(
    ("standpoint", "unverified", "verified"),
    [
        ("clinician", "Clinician (not verified)", None),
        ("both", "Clinician and patient (not verified)", "Patient, too"),
        ("patient", "Patient or former patient", "no badge"),
        ("", None, "no badge"),
    ],
)
def test_unverified_clinician_is_labelled(client, alice, mod, opening, standpoint, unverified, verified):
    comment = reply(opening, alice, standpoint=standpoint)
    pages = [opening.thread.get_absolute_url(), f"/c/{comment.pk}/branch/"]
    for page in pages:
        assert shown(client, page, comment) == ([("standpoint", unverified)] if unverified else [])
    if verified == "no badge":
        return
    proof = Verification.objects.create(
        user=alice,
        profession="Psychologist",
        regulator="Board",
        region="US-MD",
        checked_at=timezone.now(),
        checked_by=mod,
        method="registry",
        expires_at=timezone.now() + timedelta(days=1),
    )
    Comment.objects.filter(pk=comment.pk).update(verification=proof)
    type(opening.thread).objects.update(version=99)
    for page in pages:
        found = shown(client, page, comment)
        assert found[:-1] == ([("standpoint", verified)] if verified else [])
        assert found[-1][0] == "badge"


def test_only_the_answer_itself_is_called_an_answer_on_its_branch_page(client, alice, bob, opening):
    question = opening.thread.questions.first()
    answer = reply(opening, alice, question=question)
    below = reply(answer, bob)
    assert "answers:" in client.get(f"/c/{answer.pk}/branch/").content.decode()
    assert "answers:" not in client.get(f"/c/{below.pk}/branch/").content.decode()
