"""The database cache keeps counts of sign-in attempts however many rows others make."""

import pytest
from django.core.management import call_command

from forum.database_cache import DatabaseCache

TABLE = "forum_cache_of_tests"


@pytest.fixture
def cache(db, settings):
    options = {"BACKEND": "forum.database_cache.DatabaseCache", "LOCATION": TABLE, "OPTIONS": {"MAX_ENTRIES": 5}}
    settings.CACHES = {"default": options}
    call_command("createcachetable", TABLE, verbosity=0)
    return DatabaseCache(TABLE, options)


def test_full_table_keeps_what_has_not_expired(cache):
    cache.set("login_failed:victim", [1, 2, 3], 300)
    for number in range(40):
        cache.set(f"zzz{number}", number, 300)
    assert cache.get("login_failed:victim") == [1, 2, 3]
    assert cache.get("zzz0") == 0


def test_full_table_loses_what_has_expired(cache):
    for number in range(6):
        cache.set(f"old{number}", number, -1)
    cache.set("new", 1, 300)
    assert cache.get("new") == 1
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {TABLE}")
        assert cursor.fetchone()[0] == 1
