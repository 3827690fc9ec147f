"""The one-time key of a form is chosen by the browser: it frees only the same text of the same person."""

import pytest

from posts.models import Comment
from tests.factories import WORDS
from tests.posts.writing.test_guests import form_of


@pytest.mark.parametrize("is_member", [True, False])
def test_other_texts_with_the_same_key_are_limited(opening, alice, client, settings, is_member):
    settings.GUEST_LEAST_SECONDS = 0
    settings.LIMITS = {"comment": {"visitor": "1 per hour", alice.standing: "1 per hour"}}
    if is_member:
        client.force_login(alice)
    data = {"key": "k"} if is_member else form_of(client, opening)
    answers = [
        client.post(f"/c/{opening.pk}/reply/", data | {"source": f"{WORDS} {number // 2}"}).status_code
        for number in range(4)
    ]
    assert answers == [302, 302, 429, 429]
    assert Comment.objects.exclude(parent=None).count() == 1
