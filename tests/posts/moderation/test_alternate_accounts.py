"""Search for other accounts of a person who gave cause, by the origin of their comments."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.models import User
from forum import ratelimit
from forum.models import Usage
from posts.models import LogEntry
from posts.moderation import actions, alternate_accounts, appeals, decisions, flags, sanctions
from posts.threads.exceptions import Refused
from tests.factories import WHY, WORDS, moderator, person, reply
from tests.posts.moderation.case_forms import said, seated

LIMITS = {"comment": {"first day": "5 per minute", "address": "30 per minute"}, "flag": {"first day": "5 per minute"}}


@pytest.fixture(autouse=True)
def limits(settings):
    settings.LIMITS = LIMITS


def writes(opening, who, address):
    """Publish a comment of the person, sent from that IP address."""
    browser = Client(REMOTE_ADDR=address)
    browser.force_login(who)
    words = {"source": f"{WORDS} By {who}, from {address}.", "key": f"{who.pk}-{address[-1]}"}
    assert browser.post(f"/c/{opening.pk}/reply/", words).status_code == 302


def look(mod, who):
    return alternate_accounts.find_alternate_accounts(moderator=mod, person=User.objects.get(pk=who.pk), reason=WHY)


def banned(mod, who):
    sanctions.suspend(moderator=mod, person=who, reason=WHY)


def test_other_account_of_banned_person_from_same_address_is_found(opening, alice, bob, mod):
    carla = person("Carla")
    for who, address in ((alice, "198.51.100.7"), (bob, "198.51.100.7"), (carla, "203.0.113.9")):
        writes(opening, who, address)
    banned(mod, alice)
    assert look(mod, alice) == [bob]
    entry = LogEntry.objects.get(act="look")
    assert (entry.person, entry.reason, entry.before) == (alice, WHY, None)
    # the address itself is not stored, and the hash expires after thirty days
    assert "198.51.100.7" not in str(list(Usage.objects.values()))
    ratelimit.delete_expired(timezone.now() + timedelta(days=31))
    assert look(mod, alice) == []


def test_only_latest_origin_counts(opening, alice, bob, mod):
    for who, address in ((alice, "198.51.100.7"), (bob, "198.51.100.7"), (bob, "203.0.113.9")):
        writes(opening, who, address)
    banned(mod, alice)
    assert look(mod, alice) == []


def test_flagging_stores_no_origin(opening, alice, bob):
    comment = reply(opening, bob)
    browser = Client(REMOTE_ADDR="198.51.100.7")
    browser.force_login(alice)
    browser.post(f"/c/{comment.pk}/flag/", {"reason": "unkind"})
    assert Usage.objects.get(key=f"flag:{alice.pk}").origin == ""


def test_search_without_cause_is_refused(opening, alice, mod):
    reply(opening, alice)
    with pytest.raises(Refused):
        look(mod, alice)
    assert not LogEntry.objects.exists()


def _watched(mod, who, comment):
    sanctions.watch(moderator=mod, person=who, reason=WHY)


def _warned(mod, who, comment):
    sanctions.warn(moderator=mod, person=who, reason=WHY)


def _removed(mod, who, comment):
    actions.remove(moderator=mod, comment=comment, reason=WHY)


def _flagged(mod, who, comment):
    flags.flag(comment=comment, person=person(), reason="spam")


@pytest.mark.parametrize("cause", [_watched, _warned, _removed, _flagged])
def test_reasons_that_give_cause(opening, alice, mod, cause):
    cause(mod, alice, reply(opening, alice))
    assert look(mod, alice) == []


def test_search_requires_moderator_and_reason(alice, bob, mod):
    banned(mod, alice)
    with pytest.raises(PermissionDenied):
        look(bob, alice)
    with pytest.raises(Refused):
        alternate_accounts.find_alternate_accounts(moderator=mod, person=alice, reason=" ")


@pytest.mark.parametrize("whom", ["mod", "other"])
def test_moderators_cannot_search_themselves_or_each_other(client, mod, whom):
    one, owner = mod if whom == "mod" else moderator("Mia Second"), person(is_staff=True, is_superuser=True)
    sanctions.warn(moderator=owner, person=one, reason=WHY)
    with pytest.raises(PermissionDenied):
        look(mod, one)
    assert not LogEntry.objects.filter(act="look").exists()
    assert look(owner, one) == []
    seated(client, mod)
    address = f"/admin/accounts/user/{one.pk}/others/"
    assert address not in said(client.get(f"/admin/accounts/user/{one.pk}/change/"))
    page = said(client.get(address))
    assert "neither about themselves nor about each other" in page
    assert "Look for other accounts" not in page
    refused = client.post(address, {"reason": WHY})
    assert (refused.status_code, "ask the owner" in said(refused), WHY in said(refused)) == (403, True, True)


def test_moderator_searches_in_admin(client, opening, alice, bob, mod):
    for who in (alice, bob):
        writes(opening, who, "198.51.100.7")
    seated(client, mod)
    address = f"/admin/accounts/user/{alice.pk}/others/"
    assert address in said(client.get(f"/admin/accounts/user/{alice.pk}/change/"))
    assert "The log records that you looked" in said(client.get(address))
    refused = client.post(address, {"reason": WHY})
    assert (refused.status_code, "there is no cause" in said(refused), WHY in said(refused)) == (422, True, True)
    assert client.post(address, {"reason": ""}).status_code == 422
    banned(mod, alice)
    found = said(client.post(address, {"reason": WHY}))
    assert "Bob" in found
    assert "a hint and not a proof" in found
    # the public log has the search, but not the name of the person
    public = said(Client().get("/moderation-log/"))
    assert "looked for other accounts" in public
    assert "Alice" not in public


def test_query_count_of_search_is_limited(django_assert_max_num_queries, opening, alice, mod):
    banned(mod, alice)
    with django_assert_max_num_queries(12):
        look(mod, alice)


def test_reasons_that_give_no_cause(opening, alice, mod):
    new = person(trust=User.Trust.NEW)
    assert not reply(opening, new).is_published
    decisions.open_or_begin(moderator=mod, comment_id=reply(opening, alice).pk)
    entry = actions.lock_branch(moderator=mod, comment=reply(opening, alice), reason=WHY)
    appeals.appeal(entry=entry, text="Please open it again.", person=alice)
    assert not alternate_accounts.gave_cause(new)
    assert not alternate_accounts.gave_cause(alice)
