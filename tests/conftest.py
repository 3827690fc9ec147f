"""What all tests share: a PostgreSQL of their own, and one trigger that Django's emptying of tables needs off."""

import os
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from forum import embedded_postgres

CLUSTER = pytest.StashKey()


def pytest_configure(config):
    """Before anything else: a throwaway cluster, shared by all workers (each makes a database of its own in it)."""
    if hasattr(config, "workerinput") or os.environ.get("DATABASE_URL"):
        return
    folder = Path(tempfile.mkdtemp(prefix="two-way-street-tests-")) / "postgres"
    folder.parent.chmod(0o711)
    server = embedded_postgres.Server(folder, durable=False)
    server.start()
    config.stash[CLUSTER] = server
    os.environ["FORUM_PG_DATA"] = str(folder)
    # without workers the settings may have been read before
    settings.DATABASES["default"].update(embedded_postgres.connection(folder))


def pytest_unconfigure(config):
    """The cluster goes with the run."""
    server = config.stash.get(CLUSTER, None)
    if server is not None:
        server.stop()
        embedded_postgres.throw_away(server.data_folder)
        server.data_folder.parent.rmdir()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Between tests with real transactions Django truncates every table; the log would refuse."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE posts_logentry DISABLE TRIGGER posts_logentry_no_truncate")


@pytest.fixture(autouse=True)
def mails_go_to_the_outbox(settings):
    """Django's test runner replaces the mail backend; here it is the forum's own, and MAIL_TRANSPORT is replaced."""
    settings.EMAIL_BACKEND = "forum.outbox.EmailBackend"


@pytest.fixture(autouse=True)
def empty_caches():
    """No test finds pages that another one rendered, or limits that another one used up."""
    from posts.reading import rendering

    rendering.clear()
    cache.clear()
