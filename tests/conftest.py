"""What all tests share: a PostgreSQL server, a quick way to empty its tables after a test, and a comment by Alice."""

import gc
import os
import signal
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test import TransactionTestCase
from django.utils import translation

from forum import embedded_postgres
from tests import factories

CLUSTER = pytest.StashKey()
# Files whose tests share something that takes longer to make than they do, so one worker runs the whole file.
FILES_OF_ONE_WORKER = {"tests/deploy/test_operations.py", "tests/forum/test_serve.py"}
# Filled by migrations, and changed by no test that commits.
KEPT_TABLES = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give single tests to the workers, and whole files of FILES_OF_ONE_WORKER, which come first.

    The marker xdist_group has no effect with pytest 9.2 and pytest-xdist 3.8.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, _colons, _test = nodeid.partition("::")
            return file if file in FILES_OF_ONE_WORKER else nodeid

    return Scheduling(config, log)


def pytest_configure(config):
    """Start a temporary PostgreSQL server for all workers; each makes a database of its own in it."""
    # a shell ignores Ctrl-C for what it starts in the background, and servers that tests start would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
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


def pytest_collection_finish(session):
    """Let the garbage collector skip imported modules and run less often, which saves a tenth of the CPU time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_unconfigure(config):
    """Stop the server and delete its data."""
    server = config.stash.get(CLUSTER, None)
    if server is not None:
        server.stop()
        embedded_postgres.throw_away(server.data_folder)
        server.data_folder.parent.rmdir()


def empty_tables(test_case=None):
    """Delete all rows that a test with real transactions has committed.

    Django would truncate every table and create all permissions again, which takes thirty times as long.
    """
    tables = set(connection.introspection.django_table_names(only_existing=True)) - KEPT_TABLES
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables))
        filled = [table for (table,) in cursor.fetchall()]
        if "posts_logentry" in filled:
            # the trigger that refuses every change of the log
            cursor.execute("ALTER TABLE posts_logentry DISABLE TRIGGER USER")
        with transaction.atomic():
            # foreign keys are checked at the end, so the order does not matter
            for table in filled:
                cursor.execute(f"DELETE FROM {table}")
        if "posts_logentry" in filled:
            cursor.execute("ALTER TABLE posts_logentry ENABLE TRIGGER USER")


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_quickly():
    """Replace what Django does after each test with real transactions."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


@pytest.fixture(autouse=True)
def mails_go_to_the_outbox(settings):
    """Use the forum's own mail backend, which Django's test runner replaced; tests replace MAIL_TRANSPORT."""
    settings.EMAIL_BACKEND = "forum.outbox.EmailBackend"


@pytest.fixture(autouse=True)
def texts_are_english():
    """Begin each test in English: a request in another language leaves it active in the thread."""
    translation.activate("en")


@pytest.fixture(autouse=True)
def empty_caches():
    """Empty the caches, so that no test finds rendered pages or used-up rate limits of another one."""
    from posts.reading import rendering

    rendering.clear()
    cache.clear()


@pytest.fixture
def alice(db):
    return factories.person("Alice")


@pytest.fixture
def thread(db):
    return factories.thread()


@pytest.fixture
def opening(thread):
    return thread.opening


@pytest.fixture
def comment(opening, alice):
    """A comment by Alice that answers the opening post."""
    return factories.reply(opening, alice)
