"""Search engines keep pages to read, and no page with a form."""

import pytest

from tests.factories import person, reply

NOINDEX = '<meta name="robots" content="noindex">'


@pytest.fixture
def addresses(opening, alice):
    comment = reply(opening, alice)
    reply(comment, person())
    return {
        "read": ["/", opening.thread.get_absolute_url(), f"/c/{comment.pk}/branch/", "/help/", "/rules/", "/privacy/"],
        "forms": [
            f"/c/{comment.pk}/reply/",
            f"/c/{comment.pk}/flag/",
            f"/c/{comment.pk}/edit/",
            "/t/new/",
            "/drafts/",
            "/account/",
            "/account/email/",
            "/moderation-log/",
        ],
        "for visitors": [f"/c/{comment.pk}/reply/", "/account/login/", "/account/signup/", "/account/login/code/"],
    }


def test_pages_to_read_are_indexed_and_pages_of_forms_are_not(client, alice, addresses):
    for address in addresses["read"]:
        answer = client.get(address)
        assert (answer.status_code, NOINDEX in answer.content.decode()) == (200, False), address
    for address in addresses["for visitors"]:
        assert NOINDEX in client.get(address, follow=True).content.decode(), address
    client.force_login(alice)
    for address in addresses["forms"]:
        assert NOINDEX in client.get(address, follow=True).content.decode(), address


def test_page_that_does_not_exist_is_not_indexed(client, db):
    assert NOINDEX in client.get("/no/such/page/").content.decode()
