"""Each test starts with an empty cache, in which attempts are counted."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_attempts_yet():
    """Empty the cache."""
    cache.clear()
