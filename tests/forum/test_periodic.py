"""Periodic jobs: each runs after its interval, and a failing job delays no other."""

import itertools
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from forum import periodic
from tests.forum.launching import until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def call(monkeypatch, settings):
    """Lets the three jobs do something else, by name: `call(letters=…, trust=…)`."""
    settings.PERIODIC_JOBS = {"letters": 0, "broken": 2, "trust": 100}
    monkeypatch.setattr(periodic, "close_old_connections", lambda: None)

    def set_acts(**acts):
        monkeypatch.setattr(periodic, "call_command", lambda name, stdout, stopped: acts[name](stopped))

    return set_acts


@pytest.fixture
def done(call):
    """The jobs that were called, in order; the one called "broken" fails."""
    called = []

    def broken(_stopped):
        called.append("broken")
        raise ValueError("broken on purpose")

    call(letters=lambda _: called.append("letters"), broken=broken, trust=lambda _: called.append("trust"))
    return called


def test_job_that_failed_is_tried_again_soon(done, caplog):
    work = periodic.PeriodicJobs()
    assert [work.do(name) for name in ("letters", "broken", "trust")] == [0, 4, 100]
    assert list(work.failed) == ["broken"]
    assert "The job broken failed; it is tried again in 4 seconds." in caplog.text
    assert [work.do("broken") for _n in range(6)] == [8, 16, 32, 60, 60, 60]
    assert "broken on purpose" in caplog.text


def test_once_reports_failed_jobs(done):
    with pytest.raises(CommandError, match="Not done: broken"):
        call_command("run_worker", once=True)
    assert done == ["letters", "broken", "trust"]


def test_long_or_failing_job_does_not_delay_mail(call):
    heard, third, letters = [], threading.Event(), []

    def send(_stopped):
        letters.append("one more")
        if len(letters) == 3:
            third.set()

    def broken(_stopped):
        raise ValueError("broken on purpose")

    # the long one ends only when letters have left for the third time meanwhile
    call(letters=send, broken=broken, trust=lambda _stopped: heard.append(third.wait(30)))
    with periodic.PeriodicJobs():
        assert third.wait(30)
    assert heard == [True]


def test_mail_whose_server_does_not_answer_does_not_delay_the_next(call, settings):
    settings.PERIODIC_JOBS, settings.PERIODIC_THREADS = {"letters": 0}, {"letters": 2}
    calls, sent, heard = itertools.count(), threading.Event(), []

    def send(_stopped):
        if next(calls) == 0:
            # this one ends only when another has been sent meanwhile
            heard.append(sent.wait(30))
        else:
            sent.set()

    call(letters=send)
    with periodic.PeriodicJobs():
        assert sent.wait(30)
    assert heard == [True]


def test_stop_request_reaches_long_job_and_no_other_starts(call):
    began, heard = threading.Event(), []

    def long(stopped):
        heard.append(stopped())
        began.set()
        heard.append(until(stopped))

    call(letters=lambda _stopped: None, broken=lambda _stopped: None, trust=long)
    with periodic.PeriodicJobs():
        assert began.wait(30)
    assert heard == [False, True]


def test_every_periodic_job_is_a_command(settings):
    from django.core.management import get_commands, load_command_class

    assert set(settings.PERIODIC_JOBS) <= set(get_commands())
    assert all(
        "stopped" in load_command_class(get_commands()[name], name).stealth_options for name in settings.PERIODIC_JOBS
    )


@pytest.mark.django_db(transaction=True)
def test_worker_runs_jobs_and_stops_at_signal(settings):
    from django.core.mail import send_mail
    from django.db import connection

    from forum.models import OutboxMessage

    send_mail("Hello", "Hello", None, ["wren@example.org"])
    where = {key: connection.settings_dict[key] for key in ("NAME", "HOST", "PORT")}
    script = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "import django; django.setup()\n"
        "from django.db import connections\n"
        f"connections.settings['default'] |= {where!r}\n"
        "from django.core.management import call_command; call_command('run_worker')"
    )
    worker = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        assert until(lambda: not OutboxMessage.objects.exists())
        worker.send_signal(signal.SIGTERM)
        assert worker.communicate(timeout=20) == (None, "")
        assert worker.returncode == 0
    finally:
        worker.kill()
        worker.wait()
