"""Rate limits: parsing, subjects, counts in the database, and messages."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from forum import limits, ratelimit, rates
from forum.checks import check_limits
from forum.models import Usage
from tests import factories
from tests.posts.writing.test_concurrency import at_once


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("1 per 30 seconds, 10 per day", ((1, 30), (10, 86_400))),
        ("20 per minute", ((20, 60),)),
        ("5 per 2 hours", ((5, 7_200),)),
        ("1 per second", ((1, 1),)),
    ],
)
def test_rates_are_parsed(words, meant):
    assert rates.parse(words) == meant


@pytest.mark.parametrize("words", ["", "often", "1 per fortnight", "0 per day", "1 per 0 days", "1 per day,2 per hour"])
def test_invalid_rates_are_refused_and_reported_by_check(words, settings):
    with pytest.raises(ValueError, match="rate"):
        rates.parse(words)
    settings.LIMITS = {"comment": {"new": words}}
    assert [problem.id for problem in check_limits(None)] == ["forum.E004"]


def test_shipped_limits_are_valid(settings):
    from forum import settings as shipped

    settings.LIMITS = shipped.LIMITS
    assert shipped.LIMITS
    assert check_limits(None) == []


def test_each_counted_act_has_limits_for_known_standings(settings):
    from forum import settings as shipped

    source = "".join(file.read_text() for floor in ("posts", "forum", "accounts") for file in Path(floor).rglob("*.py"))
    counted = set(re.findall(r'(?:take\(\s*request, |attempted\(\s*request,\s*form,\s*)"([\w ]+)"', source))
    assert counted == set(shipped.LIMITS)
    settings.LIMITS = {"comment": {"visitr": "1 per day"}}
    assert "visitr" in check_limits(None)[0].msg


def test_limits_of_allauth_equal_ours():
    limit = {"address": "10 per minute", "name": "5 per 5 minutes", "account": "1 per hour"}
    assert rates.for_allauth(limit) == "10/60s/ip,5/300s/key,1/3600s/user"


def asked(user=None, address="192.0.2.1", **headers):
    request = RequestFactory(REMOTE_ADDR=address).post("/", headers=headers)
    request.user = user or AnonymousUser()
    return request


def times(number, *about, **more):
    """How many of `number` tries are let through, and the wait that the last one is told."""
    done, wait = 0, None
    for _ in range(number):
        try:
            ratelimit.take(*about, **more)
        except ratelimit.RateLimited as refusal:
            wait = refusal.wait
        else:
            done += 1
    return done, wait


def let_pass(seconds):
    """Make all counts older by that time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE forum_usage SET used_at = used_at - make_interval(secs => %s),"
            " moments = ARRAY(SELECT m - make_interval(secs => %s) FROM unnest(moments) m ORDER BY 1)",
            [seconds, seconds],
        )


@pytest.mark.django_db
def test_each_rate_applies_and_longest_wait_is_returned(settings):
    settings.LIMITS = {"comment": {"visitor": "1 per 30 seconds, 3 per hour"}}
    assert times(2, asked(), "comment") == (1, 30)
    for _ in range(2):
        let_pass(31)
        assert times(1, asked(), "comment") == (1, None)
    done, wait = times(1, asked(), "comment")
    assert done == 0
    assert 3_500 < wait <= 3_600 - 62
    let_pass(3_600)
    assert times(1, asked(), "comment") == (1, None)


@pytest.mark.django_db
def test_refused_acts_are_not_counted(settings):
    settings.LIMITS = {"comment": {"visitor": "1 per 30 seconds, 2 per hour"}}
    assert times(9, asked(), "comment")[0] == 1
    let_pass(31)
    assert times(9, asked(), "comment")[0] == 1


@pytest.mark.django_db
def test_limits_apply_to_standing_and_to_shared_address(settings):
    settings.LIMITS = {"comment": {"first day": "2 per hour", "trusted": "4 per hour", "address": "5 per hour"}}
    new, trusted = factories.person(), factories.person(trust=User.Trust.TRUSTED)
    assert times(3, asked(new), "comment")[0] == 2
    assert times(5, asked(trusted), "comment")[0] == 3
    assert times(2, asked(trusted, address="192.0.2.9"), "comment")[0] == 1
    assert times(1, asked(new), "preview")[0] == 1


@pytest.mark.parametrize(
    ("days", "standing"), [(0, "first day"), (0.9, "first day"), (1.1, "new"), (6.9, "new"), (7.1, "member")]
)
@pytest.mark.django_db
def test_standing_depends_on_time_and_trust(days, standing):
    joined_at = timezone.now() - timezone.timedelta(days=days)
    assert factories.person(joined_at=joined_at).standing == standing
    assert factories.person(joined_at=joined_at, trust=User.Trust.TRUSTED).standing == "trusted"
    assert factories.person(joined_at=joined_at, is_staff=True).standing == "staff"


@pytest.mark.django_db
def test_form_sent_twice_counts_once(settings):
    settings.LIMITS = {"comment": {"visitor": "1 per hour"}}
    assert times(5, asked(), "comment", token="once")[0] == 5
    assert times(1, asked(), "comment", token="another")[0] == 0
    assert len(Usage.objects.get().moments) == 1


@pytest.mark.django_db
def test_key_that_is_sent_too_often_is_counted(settings):
    settings.LIMITS = {"comment": {"visitor": "2 per hour"}}
    assert times(99, asked(), "comment", token="once")[0] == 2 * 21


@pytest.mark.django_db(transaction=True)
def test_concurrent_acts_do_not_exceed_limit(settings):
    settings.LIMITS = {"comment": {"first day": "3 per hour", "address": "90 per hour"}}
    anna = factories.person()
    results = at_once([anna] * 20, lambda somebody: times(1, asked(somebody), "comment")[0])
    assert (len(results), sum(results)) == (20, 3)


@pytest.mark.django_db(transaction=True)
def test_form_sent_twenty_times_at_once_counts_once(settings):
    settings.LIMITS = {"comment": {"first day": "1 per hour", "address": "90 per hour"}}
    results = at_once([factories.person()] * 20, lambda somebody: times(1, asked(somebody), "comment", token="t")[0])
    assert (len(results), sum(results)) == (20, 20)
    assert [len(row.moments) for row in Usage.objects.all()] == [1, 1]


@pytest.mark.django_db
def test_limit_costs_one_query_and_none_if_unlimited(settings, django_assert_num_queries):
    settings.LIMITS = {"comment": {"first day": "1 per 30 seconds, 10 per day", "address": "30 per minute"}}
    request = asked(factories.person())
    with django_assert_num_queries(1):
        ratelimit.take(request, "comment")
    with django_assert_num_queries(0):
        ratelimit.take(request, "preview")


@pytest.mark.django_db
def test_only_timestamps_that_count_are_kept(settings):
    settings.LIMITS = {"comment": {"visitor": "2 per second, 3 per minute"}}
    for _ in range(9):
        times(1, asked(), "comment")
        let_pass(61)
    assert len(Usage.objects.get().moments) == 3


@pytest.mark.django_db
def test_addresses_are_stored_hashed_and_expire(settings):
    settings.LIMITS = {"comment": {"visitor": "2 per hour"}}
    ratelimit.take(asked(address="192.0.2.77"), "comment")
    key = Usage.objects.get().key
    assert "192.0.2.77" not in key
    settings.SECRET_KEY = "another key"
    ratelimit.take(asked(address="192.0.2.77"), "comment")
    assert Usage.objects.exclude(key=key).count() == 1
    assert ratelimit.delete_expired(timezone.now()) == 0
    let_pass(31 * 86_400)
    # with the next use of whatever kind, and by the command where there is none
    ratelimit.take(asked(address="192.0.2.78"), "comment")
    assert Usage.objects.count() == 1
    let_pass(31 * 86_400)
    assert ratelimit.delete_expired(timezone.now()) == 1


def test_address_is_read_from_trusted_proxies(settings):
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    alone = ratelimit.hashed_address(asked(address="198.51.100.7"))
    assert ratelimit.hashed_address(asked(address="10.0.0.1", **forwarded)) == ratelimit.hashed_address(
        asked(address="10.0.0.1")
    )
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert ratelimit.hashed_address(asked(address="10.0.0.1", **forwarded)) == alone
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    assert ratelimit.hashed_address(asked(address="10.0.0.1", **forwarded)) != alone


def test_ipv6_network_counts_as_one_address():
    one, same, other = (
        ratelimit.hashed_address(asked(address=address)) for address in ("2001:db8::1", "2001:db8::ffff", "2001:db9::1")
    )
    assert one == same != other
    assert ratelimit.hashed_address(asked(address="")) != one


@given(st.integers(1, 200_000))
def test_wait_in_words_is_not_too_short(seconds):
    number, unit = ratelimit.in_words(seconds).split()
    told = int(number) * rates.SECONDS[unit.rstrip("s")]
    assert seconds <= told <= seconds * 1.7


@pytest.mark.django_db
def test_allauth_stores_no_addresses(client):
    cache.clear()
    client.post("/account/login/", {"login": "a@example.org", "password": "wrong"}, REMOTE_ADDR="192.0.2.55")
    keys = list(cache._cache)
    assert any("allauth:rl" in key for key in keys)
    assert not any("192.0.2.55" in key for key in keys)


@pytest.mark.django_db
def test_expired_counts_of_allauth_are_deleted(settings):
    backend = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "forum_cache"}
    settings.CACHES = {"default": backend}
    call_command("createcachetable", verbosity=0)
    cache.set("allauth:rl:over", [1], 1)
    cache.set("allauth:rl:holds", [1], 10_000)
    assert ratelimit.delete_expired(timezone.now() + timezone.timedelta(seconds=60)) == 1
    assert cache.get("allauth:rl:holds") == [1]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:C000:201", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_limits_count_ipv4_addresses_and_ipv6_networks(address, network):
    assert ratelimit.network_of(address) == network


@pytest.mark.django_db
def test_act_of_several_units_counts_as_many(settings):
    settings.LIMITS = {"act": {"visitor": "10 per minute"}}
    request = asked()
    ratelimit.take(request, "act", units=4)
    ratelimit.take(request, "act", units=5)
    with pytest.raises(ratelimit.RateLimited):
        ratelimit.take(request, "act", units=2)
    ratelimit.take(request, "act")
    with pytest.raises(ratelimit.RateLimited):
        ratelimit.take(request, "act")


@pytest.mark.django_db
def test_act_larger_than_limit_is_allowed_once(settings):
    settings.LIMITS = {"act": {"visitor": "10 per minute"}}
    request = asked()
    ratelimit.take(request, "act", units=50)
    with pytest.raises(ratelimit.RateLimited):
        ratelimit.take(request, "act")


def test_previews_are_limited_by_size_for_every_standing():
    assert set(limits.OURS["preview_size"]) == set(limits.OURS["preview"])


@pytest.mark.django_db
def test_token_of_one_person_does_not_free_another_with_the_same_address(settings):
    settings.LIMITS = {"comment": {"first day": "1 per hour", "address": "90 per hour"}}
    anna, ben = factories.person(), factories.person()
    assert times(1, asked(anna), "comment", token="first")[0] == 1
    assert times(1, asked(ben), "comment", token="second")[0] == 1
    assert times(1, asked(anna), "comment", token="second")[0] == 0
