"""One cluster is made per worker; the launcher's tests work on copies of it."""

import shutil

import pytest

from forum.embedded_postgres import Server
from tests.forum import launching


@pytest.fixture(scope="session")
def template():
    """A stopped cluster, fresh from the launcher."""
    with launching.open_place() as place:
        data_folder = place / "postgres"
        with Server(data_folder):
            pass
        yield data_folder
        launching.forget_sockets(data_folder)


@pytest.fixture
def place():
    """An empty folder that the server's user may pass through."""
    with launching.open_place() as place:
        yield place


@pytest.fixture
def own_copy(template, place):
    """A copy of the template, for a test that leaves marks on it."""
    yield launching.copy_cluster(template, place / "postgres")
    launching.forget_sockets(place / "postgres")


@pytest.fixture(scope="session")
def data_folder(template):
    """A cluster for tests that leave it as it was: copying costs more than starting."""
    with launching.open_place() as place:
        yield launching.copy_cluster(template, place / "postgres")
        launching.forget_sockets(place / "postgres")


@pytest.fixture
def shared_state(place, monkeypatch):
    """SHARED_STATE in a place of the test's own."""
    folder = place / "state"
    monkeypatch.setattr("forum.embedded_postgres.location.SHARED_STATE", folder)
    monkeypatch.setattr("forum.embedded_postgres.binaries.SHARED_STATE", folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
