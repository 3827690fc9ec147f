"""What is done behind the pages: each chore after its pause, none waiting for another's fault."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from forum import chores
from forum.child import Child
from tests.forum.launching import until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def done(monkeypatch, settings):
    """The chores that were called, in order; the one called "broken" fails."""
    settings.CHORES = {"letters": 2, "broken": 2, "trust": 100}
    called = []

    def call(name, **options):
        called.append(name)
        if name == "broken":
            raise ValueError("broken on purpose")

    monkeypatch.setattr(chores, "call_command", call)
    monkeypatch.setattr(chores, "close_old_connections", lambda: None)
    return called


def test_each_is_done_after_its_pause_whatever_becomes_of_the_others(done, caplog):
    now, work = [0.0], chores.Chores()
    assert work.do(lambda: now[0]) == 2
    assert done == ["letters", "broken", "trust"]
    assert "The chore broken failed; it is tried again in 60 seconds." in caplog.text
    assert "broken on purpose" in caplog.text
    now[0] = 1.0
    assert work.do(lambda: now[0]) == 1
    now[0] = 2.5
    work.do(lambda: now[0])
    now[0] = 10.0
    assert work.do(lambda: now[0]) == 2
    assert done[3:] == ["letters", "letters"]
    now[0] = 100.0
    work.do(lambda: now[0])
    assert done[5:] == ["letters", "broken", "trust"]


def test_once_says_what_was_not_done(done):
    with pytest.raises(CommandError, match="Not done: broken"):
        call_command("work", once=True)
    assert done == ["letters", "broken", "trust"]


def test_asked_to_stop_it_begins_nothing_more(done):
    chores.Chores().do(lambda: 0.0, lambda: bool(done))
    assert done == ["letters"]


def test_every_chore_is_a_command(settings):
    from django.core.management import get_commands

    assert set(settings.CHORES) <= set(get_commands())


SLEEPS = [sys.executable, "-c", "import signal; print('here', flush=True); signal.pause()"]


def test_a_child_ends_with_its_owner():
    with Child(SLEEPS, {}) as child:
        assert child.code is None
        assert not child.revive()
    assert child.code == -signal.SIGTERM


def test_a_child_that_ended_by_itself_is_started_again_after_a_pause(monkeypatch):
    with Child([sys.executable, "-c", ""], {}) as child:
        assert child.process.wait() == 0
        assert not child.revive()
        monkeypatch.setattr("forum.child.PAUSE", 0)
        assert child.revive()


@pytest.mark.django_db(transaction=True)
def test_the_worker_works_and_ends_when_it_is_asked_to(settings):
    from django.db import connection

    from posts.models import Letter

    Letter.objects.create(address="wren@example.org", subject="Hello", body="Hello", written_at="2026-01-01T00:00Z")
    where = {key: connection.settings_dict[key] for key in ("NAME", "HOST", "PORT")}
    script = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "import django; django.setup()\n"
        "from django.db import connections\n"
        f"connections.settings['default'] |= {where!r}\n"
        "from django.core.management import call_command; call_command('work')"
    )
    worker = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        assert until(lambda: not Letter.objects.exists())
        worker.send_signal(signal.SIGTERM)
        assert worker.communicate(timeout=20) == (None, "")
        assert worker.returncode == 0
    finally:
        worker.kill()
        worker.wait()
