"""A real browser against a real server: the machine's Chromium, driven by Playwright."""

import os
import shutil
import threading

import pytest
from django.core.signals import request_finished, request_started
from django.test import Client
from playwright.sync_api import sync_playwright

from tests import factories
from tests.forum.launching import until
from tests.signing_in import app_of, sign_in_with_factor

# The first is Chromium without windows: the same pages take a third less computing time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO = (
    "no Chromium on this machine: `apt-get install chromium-headless-shell` (or set FORUM_CHROMIUM to the path of one) "
    "brings the journeys"
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


def find_chromium():
    """The path of the machine's Chromium, or None."""
    return os.environ.get("FORUM_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def pytest_collection_modifyitems(items):
    """Mark all tests of this folder."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def chromium():
    """Start one browser for all tests of a worker."""
    path = find_chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW_TO)
        pytest.skip(HOW_TO)
    # Playwright's own loop runs in this thread; Django would take our plain code for asynchronous
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


# Contexts of one kind that wait to be used again; an open context keeps up to six connections to the server.
MOST_FREE = 2


class Contexts:
    """The contexts of a browser, each with cookies and storage of its own, which tests use one after another.

    A new context opens a window, which takes longer than most pages do. So contexts with the usual options are emptied
    and used again. Their first page stays open and keeps the window.
    """

    def __init__(self, browser, origin):
        self.browser, self.origin, self.free = browser, origin, {}

    def take(self, fresh, **options):
        """Return an empty context; with `fresh` one that has never been used, or with options that are not usual."""
        if fresh or options.keys() - {"java_script_enabled"}:
            return self._new(options), None
        key = options.get("java_script_enabled", True)
        if self.free.get(key):
            return self.free[key].pop(), key
        context = self._new(options)
        context.new_page()
        return context, key

    def _new(self, options):
        options = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options
        context = self.browser.new_context(base_url=self.origin, **options)
        context.set_default_timeout(10_000)
        return context

    def give_back(self, context, key):
        """Close the pages of a context and empty it for the next test."""
        # a page that is closed sends the typed text when the database has been emptied already
        context.set_offline(True)
        free = self.free.setdefault(key, [])
        if key is None or len(free) == MOST_FREE:
            context.close()
            return
        first, *others = context.pages
        for page in others:
            page.close()
        context.clear_cookies()
        tools = context.new_cdp_session(first)
        tools.send("Storage.clearDataForOrigin", {"origin": self.origin, "storageTypes": "all"})
        tools.send("Network.clearBrowserCache")
        tools.detach()
        context.set_offline(False)
        free.append(context)

    def close(self):
        """Close all contexts, and with them their connections to the server."""
        for context in (context for free in self.free.values() for context in free):
            context.close()


@pytest.fixture(scope="session")
def contexts(chromium, live_server, django_db_setup):
    contexts = Contexts(chromium, live_server.url)
    yield contexts
    contexts.close()
    # each thread of the server, and its connection to the database, ends with a connection of the browser
    assert until(lambda: not [thread for thread in threading.enumerate() if "process_request_thread" in thread.name])


class Visit:
    """One person's browser: `page` to drive, `complaints` of the console (none is expected)."""

    def __init__(self, contexts, user=None, fresh=False, **options):
        self.context, self.key = contexts.take(fresh, **options)
        if user is not None:
            client = Client()
            if user.is_staff:
                sign_in_with_factor(client, user)
            else:
                client.force_login(user)
            value = client.cookies["session"].value
            self.context.add_cookies([{"name": "session", "value": value, "url": contexts.origin}])
        self.page = self.context.new_page()
        self.complaints = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message):
        # the browser reports each 4xx response as an error; only a missing file is one, because a page shows the reason
        is_answer = "responded with a status of" in message.text and "/static/" not in message.location["url"]
        if message.type in ("error", "warning") and not is_answer:
            self.complaints.append(f"{self.page.url}: {message.text}")


class RequestsInProgress:
    """Counts the requests that the live server works on: while there is one, the tables cannot be emptied."""

    def __init__(self):
        self.number, self.lock = 0, threading.Lock()
        request_started.connect(self._started)
        request_finished.connect(self._finished)

    def _started(self, **options):
        with self.lock:
            self.number += 1

    def _finished(self, **options):
        with self.lock:
            self.number -= 1

    def disconnect(self):
        """Stop counting."""
        request_started.disconnect(self._started)
        request_finished.disconnect(self._finished)


@pytest.fixture
def requests_in_progress():
    counter = RequestsInProgress()
    yield counter
    counter.disconnect()


@pytest.fixture
def visit(contexts, requests_in_progress):
    """Opens a browser for somebody: `visit()`, `visit(alice)`, `visit(width=360, java_script_enabled=False)`.

    A test that changes the clock of the browser needs `fresh=True`: the clock cannot be set right again.
    """
    visits = []

    def opened(user=None, **options):
        visits.append(Visit(contexts, user, **options))
        return visits[-1].page

    opened.expected = "no such complaint"
    yield opened
    complaints = [line for one in visits for line in one.complaints if opened.expected not in line]
    for one in visits:
        contexts.give_back(one.context, one.key)
    assert until(lambda: requests_in_progress.number <= 0)
    assert complaints == []


@pytest.fixture
def alice(transactional_db):
    return factories.person("Alice")


@pytest.fixture
def bob(transactional_db):
    return factories.person("Bob")


@pytest.fixture
def mod(transactional_db):
    user = factories.moderator()
    app_of(user)
    return user


@pytest.fixture
def thread(transactional_db):
    return factories.thread()
