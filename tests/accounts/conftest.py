"""Every test starts with nobody having tried anything: rate limits are counted in the cache."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_attempts_yet():
    """An empty cache."""
    cache.clear()
