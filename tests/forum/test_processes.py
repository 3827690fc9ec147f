"""Child processes: started, restarted when they end, and stopped with their parent."""

import signal
import sys
from types import SimpleNamespace

import pytest

from forum import processes
from forum.processes import ChildProcess, GaveUp, StopRequested, Supervisor, announce_ready
from tests.forum.launching import is_alive, until

WAITS = [sys.executable, "-c", "import signal; signal.pause()"]
ENDS = [sys.executable, "-c", ""]
READY = [sys.executable, "-c", "from forum.processes import announce_ready as a; a(); import signal; signal.pause()"]


class Clock:
    """A clock that tests move."""

    def __init__(self, monkeypatch):
        self.now = 1_000.0
        monkeypatch.setattr(processes.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_child_ends_with_the_block():
    child = ChildProcess("Child", WAITS)
    with Supervisor([child], print):
        assert child.is_running()
    assert not child.is_running()
    assert child.process.returncode == -signal.SIGTERM


def test_child_is_ready_when_it_says_so():
    child = ChildProcess("Child", READY)
    with Supervisor([child], print):
        assert child.wait_until_ready(30)


def test_child_that_dies_is_not_ready():
    child = ChildProcess("Child", ENDS)
    with Supervisor([child], print):
        child.process.wait()
        assert not child.wait_until_ready(30)


def test_killed_child_is_started_again(clock):
    told = []
    child = ChildProcess("Child", WAITS)
    with Supervisor([child], told.append) as supervisor:
        first = child.process.pid
        child.process.kill()
        child.process.wait()
        supervisor.check()
        assert told == ["Child ended unexpectedly and is started again in 0.5 seconds."]
        supervisor.check()
        assert not child.is_running()
        clock.now += 1
        supervisor.check()
        assert child.is_running()
        assert child.process.pid != first


def test_child_that_always_ends_is_given_up_after_longer_and_longer_delays(clock):
    told = []
    child = ChildProcess("Child", ENDS)

    def until_given_up(supervisor):
        while True:
            child.process.wait()
            supervisor.check()
            clock.now += 20

    with Supervisor([child], told.append) as supervisor, pytest.raises(GaveUp, match="Child"):
        until_given_up(supervisor)
    assert [line.split()[-2] for line in told] == ["0.5", "1", "2", "4", "8"]


def test_failing_worker_does_not_end_the_site(clock):
    told = []
    worker = ChildProcess("Worker", ENDS)
    with Supervisor([], told.append) as supervisor:
        supervisor.add(worker, is_essential=False)
        while len(told) < 12:
            worker.process.wait()
            supervisor.check()
            clock.now += 20
    assert [line.split()[-2] for line in told] == ["0.5", "1", "2", "4", "8", "16", "32", "60", "60", "60", "60", "60"]


def test_child_that_ran_for_long_begins_with_the_short_delay_again(clock):
    told = []
    child = ChildProcess("Child", WAITS)
    with Supervisor([child], told.append) as supervisor:
        for _ in range(processes.MAX_FAILURES + 2):
            child.process.kill()
            child.process.wait()
            supervisor.check()
            clock.now += 1
            supervisor.check()
            clock.now += processes.STABLE_AFTER + 1
            supervisor.check()
    assert {line.split()[-2] for line in told} == {"0.5"}


def test_service_that_cannot_be_restarted_is_tried_again_later(clock):
    told, starts = [], []

    class Flaky:
        name = "PostgreSQL"

        def start(self):
            starts.append(clock.now)
            if len(starts) in (2, 3):
                raise OSError("the disk is full")

        def stop(self):
            pass

        def is_running(self):
            return len(starts) > 3

    with Supervisor([Flaky()], told.append) as supervisor:
        for _ in range(12):
            supervisor.check()
            clock.now += 1
        assert len(starts) == 4
        assert told[1:3] == [
            "PostgreSQL could not be started: the disk is full",
            "PostgreSQL ended unexpectedly and is started again in 1 seconds.",
        ]


def test_failed_start_stops_processes_already_started():
    child = ChildProcess("Child", WAITS)
    with pytest.raises(FileNotFoundError), Supervisor([child, ChildProcess("None", ["/no/such/program"])], print):
        pass
    assert not child.is_running()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child with its parent")
def test_child_dies_with_a_killed_parent():
    code = (
        "from forum.processes import ChildProcess; import signal, sys\n"
        f"child = ChildProcess('Child', {WAITS!r}, death_signal=signal.SIGKILL); child.start()\n"
        "print(child.process.pid, flush=True); signal.pause()"
    )
    from tests.forum.launching import end, python

    parent = python(code)
    try:
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
        parent.wait()
        assert until(lambda: not is_alive(pid))
    finally:
        end(parent)


def test_announcing_without_a_parent_does_nothing(monkeypatch):
    monkeypatch.delenv("READY_FD", raising=False)
    announce_ready()


def test_dropped_stop_request_is_not_reported_as_an_error(monkeypatch):
    told = []
    monkeypatch.setattr(sys, "__unraisablehook__", told.append)
    for error in (StopRequested(), ValueError("an error")):
        processes.report_unraisable(SimpleNamespace(exc_value=error))
    assert [str(each.exc_value) for each in told] == ["an error"]
