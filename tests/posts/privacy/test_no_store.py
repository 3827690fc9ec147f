"""Pages of an account and of moderation are not stored by browsers or caches."""

import re

from django.conf import settings
from django.test import Client
from django.urls import get_resolver

from posts.moderation import actions
from tests.accounts.people import member
from tests.factories import reply
from tests.signing_in import sign_in_with_factor

PRIVATE = settings.NEVER_STORED


def addresses(numbers):
    """Every address of the site below PRIVATE, with each of these numbers."""

    def walk(patterns, before=""):
        for each in patterns:
            way = before + str(each.pattern)
            if hasattr(each, "url_patterns"):
                yield from walk(each.url_patterns, way)
            else:
                yield "/" + way.replace("^", "").replace("\\Z", "").replace("$", "")

    for way in walk(get_resolver().url_patterns):
        if way.startswith(PRIVATE) and "(?P" not in way:
            for number in numbers if "<" in way else [0]:
                yield re.sub(r"<[^>]+>", str(number), way)


def kept(client, numbers):
    """The addresses whose answer may be stored somewhere."""
    found = []
    for address in addresses(numbers):
        answer = client.get(address)
        if answer.streaming:
            # a file that is not read stays open
            assert b"".join(answer.streaming_content)
        if "no-store" not in answer.headers.get("Cache-Control", ""):
            found.append((answer.status_code, address))
    return found


def test_account_pages_of_members_are_not_stored(opening, mod):
    alice = member()
    entry = actions.remove(moderator=mod, comment=reply(opening, alice), reason="It is unkind.")
    client = Client()
    client.force_login(alice)
    assert kept(client, [entry.pk]) == []
    assert len(list(addresses([entry.pk]))) > 60


def test_moderation_pages_are_not_stored(opening, mod):
    comment = reply(opening, member())
    actions.hold(moderator=mod, comment=comment, reason="A second look.")
    client = sign_in_with_factor(Client(), mod)
    assert kept(client, [comment.pk, 1]) == []


def test_page_with_withheld_text_for_moderator_is_not_stored(opening, mod):
    page = opening.thread.get_absolute_url()
    answer = sign_in_with_factor(Client(), mod).get(page)
    assert "no-store" in answer.headers["Cache-Control"]


def test_page_of_thread_may_be_stored_by_browser(opening, bob, client):
    client.force_login(bob)
    for browser in (client, Client()):
        assert "no-store" not in browser.get(opening.thread.get_absolute_url()).headers["Cache-Control"]
