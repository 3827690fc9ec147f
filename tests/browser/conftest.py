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

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO = (
    "no Chromium on this machine: `apt-get install chromium` (or set FORUM_CHROMIUM to its path) brings the journeys"
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


def find_chromium():
    """The path of the machine's Chromium, or None."""
    return os.environ.get("FORUM_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def pytest_collection_modifyitems(items):
    """Everything in this folder is a browser journey."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def chromium():
    """One browser for all journeys of a worker."""
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


class Visit:
    """One person's browser: `page` to drive, `complaints` of the console (none is expected)."""

    def __init__(self, browser, base, user=None, **options):
        options = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options
        self.context = browser.new_context(base_url=base, **options)
        self.context.set_default_timeout(10_000)
        if user is not None:
            client = Client()
            if user.is_staff:
                sign_in_with_factor(client, user)
            else:
                client.force_login(user)
            value = client.cookies["session"].value
            self.context.add_cookies([{"name": "session", "value": value, "url": base}])
        self.page = self.context.new_page()
        self.complaints = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message):
        # the browser calls every refused form and closed door an error, where our page says why; a missing file is one
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
def visit(chromium, live_server, requests_in_progress):
    """Opens a browser for somebody: `visit()`, `visit(alice)`, `visit(width=360, java_script_enabled=False)`."""
    visits = []

    def opened(user=None, **options):
        visits.append(Visit(chromium, live_server.url, user, **options))
        return visits[-1].page

    opened.expected = "no such complaint"
    yield opened
    complaints = [line for one in visits for line in one.complaints if opened.expected not in line]
    for one in visits:
        # whoever leaves sends what they typed, and by then the database is gone
        one.context.set_offline(True)
        one.context.close()
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


@pytest.fixture
def comment(thread, alice):
    """One by Alice, to be answered."""
    return factories.reply(thread.opening, alice)
