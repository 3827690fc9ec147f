"""What tests of posts share: another member, moderators, and cases to decide."""

import pytest

from posts.models import Case, Question
from posts.moderation import flags
from tests import factories
from tests.factories import moderator, person, reply
from tests.posts.moderation.case_forms import flagged, seated


@pytest.fixture
def bob(db):
    return factories.person("Bob")


@pytest.fixture
def mod(db):
    return factories.moderator()


@pytest.fixture
def mod_client(client, mod):
    """A client that is signed in as the moderator Mo."""
    return seated(client, mod)


@pytest.fixture
def bulk(mod_client, opening):
    """Three items that wait, and what the form that decides about them sends."""
    cases = [flagged(opening) for _number in range(3)]
    seen = " ".join(f"{case.pk}:{case.version}" for case in cases)
    return cases, {"seen": seen, "confirmed": 1, "act": "remove", "rule": "Be kind", "reason": "Not like this."}


@pytest.fixture
def mia(db):
    return moderator("Mia Second")


@pytest.fixture
def flagged_answer(opening, alice):
    """A comment that answers a question, has a branch below it, and is flagged."""
    comment = reply(opening, alice, question=Question.objects.first())
    reply(reply(comment, person("Carla")), person("Dora"))
    flags.flag(comment=comment, person=person("Flora"), reason="unkind")
    return comment


@pytest.fixture
def case(flagged_answer):
    return Case.objects.get(comment=flagged_answer)
