"""Malformed answers of security keys and passkeys are refused like wrong ones."""

import json

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.accounts.people import member
from tests.signing_in import sign_in_just_now

ANSWER = {
    "id": "AAAA",
    "rawId": "AAAA",
    "type": "public-key",
    "response": {
        "clientDataJSON": "eyJ0eXBlIjoieCJ9",
        "authenticatorData": "AAAA",
        "signature": "AAAA",
        "userHandle": "AAAA",
        "attestationObject": "oA",
    },
    "clientExtensionResults": {},
}
VALUES = st.sampled_from([None, 0, -1, "", "x", "AAAA", "é", [], {}, True, 1e300, "A" * 5_000])


@st.composite
def mutated(draw):
    """The answer of a key with some of its values missing or replaced."""
    answer = json.loads(json.dumps(ANSWER))
    for part in (answer["response"], answer):
        for name in draw(st.sets(st.sampled_from(sorted(part)), max_size=3)):
            if draw(st.booleans()):
                del part[name]
            else:
                part[name] = draw(VALUES)
    return draw(st.one_of(st.just(answer), VALUES)) if draw(st.integers(0, 9)) == 0 else answer


@pytest.fixture
def answer_to(db, client):
    """Send the answer of a key to the page of that name, in the state in which the page asks for one."""
    alice = member()

    def send(page, credential):
        # the limits must not refuse an answer unread
        cache.clear()
        client.logout()
        address = f"/account/2fa/webauthn/{page}/"
        if page == "login":
            client.get(address, headers={"Accept": "application/json"})
        else:
            sign_in_just_now(client, alice)
            client.get(address)
        return client.post(address, {"credential": json.dumps(credential), "name": "Key"})

    return send


STATUS = {"login": 302, "add": 200}


@pytest.mark.parametrize("page", STATUS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(credential=mutated())
def test_malformed_answer_is_refused(answer_to, page, credential):
    assert answer_to(page, credential).status_code == STATUS[page]


@pytest.mark.parametrize(("page", "status"), STATUS.items())
def test_answer_without_its_id_is_refused(answer_to, page, status):
    answer = {name: value for name, value in ANSWER.items() if name != "rawId"}
    assert answer_to(page, answer).status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["login", "add"])
@pytest.mark.parametrize(
    "text", ["[" * 5_000, '{"a":' * 5_000, "1" * 6_000, "-" + "9" * 6_000, "1" * 99_000, "no JSON"]
)
def test_text_that_is_no_answer_of_a_key_is_refused(client, page, text):
    alice = member()
    address = f"/account/2fa/webauthn/{page}/"
    if page == "add":
        sign_in_just_now(client, alice)
    answer = client.post(address, {"credential": text, "name": "key"})
    assert answer.status_code in (200, 302)
    assert not alice.authenticator_set.exists()
