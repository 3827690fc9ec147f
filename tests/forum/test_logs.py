"""The log: one line an event, as text or JSON, and nothing that somebody wrote."""

import json
import logging
import sys
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client, RequestFactory

from forum import logs
from tests.factories import thread as make_thread

SECRET = "what somebody wrote about their mother"


def record(error=None, **extra):
    """A record of the logger forum.test, with the exception `error`."""
    found = logging.LogRecord("forum.test", logging.ERROR, "", 0, "It %s.", ("failed",), None)
    found.created = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()
    vars(found).update(extra)
    if error:
        try:
            raise error
        except type(error):
            found.exc_info = sys.exc_info()
    return found


def test_line_has_time_level_logger_and_message():
    assert logs.LineFormatter().format(record()) == "2026-11-27T12:00:00.000Z ERROR forum.test: It failed."


def test_json_has_the_same_and_the_extra_fields():
    assert json.loads(logs.JSONFormatter().format(record(event="limit", account=7))) == {
        "time": "2026-11-27T12:00:00.000Z",
        "level": "ERROR",
        "logger": "forum.test",
        "message": "It failed.",
        "event": "limit",
        "account": 7,
    }


@pytest.mark.parametrize("formatter", [logs.LineFormatter(), logs.JSONFormatter()])
def test_exception_is_one_line_with_its_place_and_without_its_message(formatter):
    line = formatter.format(record(ValueError(SECRET)))
    assert "\n" not in line
    assert "ValueError" in line
    assert "tests/forum/test_logs.py:" in line
    assert SECRET not in line


def test_message_of_wrong_setting_is_logged():
    assert "[ImproperlyConfigured: No such host]" in logs.LineFormatter().format(
        record(ImproperlyConfigured("No such host"))
    )


def test_unavailable_database_is_logged_in_one_line():
    line = logs.LineFormatter().format(record(OperationalError("connection refused\nIs the server running?")))
    assert line.endswith("It failed. [OperationalError: connection refused]")


def test_request_and_its_cookies_are_never_logged():
    assert "cookie" not in logs.JSONFormatter().format(record(request="cookie", sql="cookie", params="cookie"))


@pytest.fixture
def lines(monkeypatch):
    """What is logged while a test runs, as the forum writes it."""
    found = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(logs.LineFormatter().format(record))
    for name in ("", "django"):
        logging.getLogger(name).addHandler(handler)
    yield found
    for name in ("", "django"):
        logging.getLogger(name).removeHandler(handler)


def test_unknown_host_logs_nothing(db, lines):
    assert Client().get("/", headers={"host": "evil.example"}).status_code == 400
    assert lines == []


def test_unavailable_database_logs_one_line_for_each_request(db, lines, monkeypatch):
    opening = make_thread().opening

    def refuse(*args, **options):
        raise OperationalError("connection refused")

    with monkeypatch.context() as patched:
        patched.setattr("django.db.backends.utils.CursorWrapper.execute", refuse)
        assert Client(raise_request_exception=False).get(f"/c/{opening.pk}/").status_code == 503
    assert len(lines) == 1
    assert lines[0].endswith("/c/<int:pk>/ status_code=503 [OperationalError: connection refused]")


def test_row_that_breaks_a_constraint_is_not_quoted(db, lines, monkeypatch):
    """PostgreSQL quotes the whole row, and psycopg2 puts that into its message."""
    opening = make_thread().opening

    def break_constraint(*args, **options):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE posts_comment SET source = %s, depth = -1 WHERE id = %s", [SECRET, opening.pk])

    monkeypatch.setattr("posts.reading.queries.address_of", break_constraint)
    with pytest.raises(IntegrityError, match=SECRET), transaction.atomic():
        break_constraint()
    assert Client(raise_request_exception=False).get(f"/c/{opening.pk}/").status_code == 500
    assert len(lines) == 1
    assert "[IntegrityError]" in lines[0]
    assert SECRET not in lines[0]


@pytest.mark.parametrize("path", ["/t/1/ein-müder-tag/", "/нет/", "/plain/"])
def test_path_is_never_logged_in_any_alphabet(path):
    request = RequestFactory().get("/")
    request.path = path
    entry = record(request=request)
    # as django.utils.log.log_response writes it
    entry.msg, entry.args = "Internal Server Error: %s", (path.encode("unicode_escape").decode("ascii"),)
    assert logs.LineFormatter().format(entry).endswith("Internal Server Error: (unknown address)")
