"""The people of these tests and the thread they meet in."""

import pytest

from tests import factories


@pytest.fixture
def alice(db):
    return factories.person("Alice")


@pytest.fixture
def bob(db):
    return factories.person("Bob")


@pytest.fixture
def mod(db):
    return factories.moderator()


@pytest.fixture
def thread(db):
    return factories.thread()


@pytest.fixture
def opening(thread):
    return thread.opening
