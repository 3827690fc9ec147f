"""Start child processes, restart those that end, and stop them together with this one. Standard library only."""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Protocol, Self

PROJECT = Path(__file__).resolve().parent.parent
PR_SET_PDEATHSIG = 1
READY = b"1"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Seconds a process has to end before it is killed.
STOP_TIMEOUT = 20
# Seconds between two checks of the processes.
POLL_INTERVAL = 0.5
# A process that ends is started again after 0.5, 1, 2, 4 … seconds, at most LONGEST_DELAY. One that ends MAX_FAILURES
# times, each time within STABLE_AFTER seconds of its start, is not going to recover by itself.
FIRST_DELAY, LONGEST_DELAY, MAX_FAILURES, STABLE_AFTER = 0.5, 60, 6, 30


class GaveUp(Exception):  # noqa: N818  (the command turns it into a sentence)
    """Raised when a process kept ending right after its start; `str()` names it."""


class StopRequested(Exception):  # noqa: N818  (a request, not an error)
    """Raised when a signal asks this process to stop."""


_stop_requests: list[int] = []


@contextlib.contextmanager
def stop_on_signals(numbers: Iterable[int] = STOP_SIGNALS) -> Iterator[None]:
    """Raise StopRequested in the main thread on the first of these signals; ignore further ones during the stop.

    A signal that is ignored already (SIGHUP under nohup) stays ignored. Python drops an exception that is raised inside
    a callback of its own, so loops call `check_stop` as well.
    """
    watched = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]

    def stop(number: int, frame: FrameType | None) -> None:
        for each in watched:
            signal.signal(each, lambda number, frame: None)
        _stop_requests.append(number)
        raise StopRequested

    for number in watched:
        signal.signal(number, stop)
    hook, sys.unraisablehook = sys.unraisablehook, report_unraisable
    try:
        yield
    finally:
        sys.unraisablehook = hook


def check_stop() -> None:
    """Raise StopRequested if a signal asked for it and Python dropped the exception."""
    if _stop_requests:
        raise StopRequested


def report_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """Report an exception that Python has to drop, unless it is StopRequested, which `check_stop` raises again."""
    if not isinstance(unraisable.exc_value, StopRequested):
        sys.__unraisablehook__(unraisable)


class Service(Protocol):
    """A process that a Supervisor keeps running: a child process, or the embedded PostgreSQL server."""

    name: str

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def is_running(self) -> bool: ...


def end_with_parent(number: int = signal.SIGTERM) -> Callable[[], None] | None:
    """Return a `preexec_fn` with which the kernel sends signal `number` to the child when this process dies.

    Works after `kill -9` of the parent, too. Linux only; elsewhere the result is None and a child may outlive us.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc, parent = ctypes.CDLL(None, use_errno=True), os.getpid()

    def set_death_signal() -> None:
        if libc.prctl(PR_SET_PDEATHSIG, number) != 0 or os.getppid() != parent:
            os._exit(1)

    return set_death_signal


class ChildProcess:
    """A child process that can be started, stopped, and started again.

    `command` is the list of words, `environment` is added to ours, `inherited` are file descriptors it may use.
    `death_signal` is what the kernel sends it when this process dies.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: dict[str, str] | None = None,
        inherited: Iterable[int] = (),
        death_signal: int = signal.SIGTERM,
    ) -> None:
        self.name, self.command, self.environment = name, list(command), os.environ | (environment or {})
        self.inherited, self.death_signal = tuple(inherited), death_signal
        self.process: subprocess.Popen[bytes] | None = None
        self._ready: int | None = None

    def copy(self) -> "ChildProcess":
        """Return a process of the same command that has not been started."""
        return ChildProcess(self.name, self.command, self.environment, self.inherited, self.death_signal)

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C in the terminal reaches only us.

        READY_FD in the child's environment is the descriptor with which `announce_ready` reports that it can work.
        """
        self._close_ready()
        self._ready, child_end = os.pipe()
        try:
            self.process = subprocess.Popen(
                self.command,
                cwd=PROJECT,
                env=self.environment | {"READY_FD": str(child_end)},
                pass_fds=[*self.inherited, child_end],
                start_new_session=True,
                preexec_fn=end_with_parent(self.death_signal),
            )
        finally:
            os.close(child_end)

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait until the process reports that it can work; return False if it ends or `seconds` pass before that."""
        if self._ready is None or not select.select([self._ready], [], [], seconds)[0]:
            return False
        # a process that ends closes the pipe without writing
        return os.read(self._ready, 1) == READY

    def is_running(self) -> bool:
        """Return whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def request_stop(self) -> None:
        """Ask the process to end, without waiting for it."""
        if self.process is not None and self.is_running():
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask the process to end; kill it after STOP_TIMEOUT seconds."""
        self.request_stop()
        if self.process is not None:
            try:
                self.process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._close_ready()

    def _close_ready(self) -> None:
        if self._ready is not None:
            os.close(self._ready)
            self._ready = None


def announce_ready() -> None:
    """Tell the parent, if it is a ChildProcess, that this process is able to work."""
    if descriptor := os.environ.pop("READY_FD", ""):
        os.write(int(descriptor), READY)
        os.close(int(descriptor))


class Supervisor:
    """Keep services running until the end of a `with` block, which stops them, the last one started first.

    `report` is called with one line about each restart. A service that cannot be kept running raises GaveUp from
    `check`, unless the others can do without it (`add`).
    """

    def __init__(self, services: Iterable[Service], report: Callable[[str], object]) -> None:
        self.services, self.report = list(services), report
        self._started_at: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._restart_at: dict[str, float] = {}
        self._dispensable: set[str] = set()

    def __enter__(self) -> Self:
        try:
            for service in self.services:
                self._start(service)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def add(self, service: Service, is_essential: bool = True) -> None:
        """Start one more service; one that is not essential is started again however often it fails."""
        self.services.append(service)
        if not is_essential:
            self._dispensable.add(service.name)
        self._start(service)

    def stop(self) -> None:
        """Stop all services, the last one first."""
        for service in self.services:
            if isinstance(service, ChildProcess):
                service.request_stop()
        for service in reversed(self.services):
            service.stop()

    def check(self) -> None:
        """Restart each service that has ended and whose delay is over.

        Raises GaveUp if an essential one has failed too often.
        """
        now = time.monotonic()
        for service in self.services:
            if service.is_running():
                if now - self._started_at[service.name] > STABLE_AFTER:
                    self._failures.pop(service.name, None)
            elif service.name not in self._restart_at:
                self._plan_restart(service, now)
            elif now >= self._restart_at[service.name]:
                self._restart(service)

    def replace(self, child: ChildProcess, ready_within: float) -> bool:
        """Start a second process like `child` and stop `child` once the new one is ready.

        Returns False, and keeps `child`, if the new process is not ready within `ready_within` seconds.
        """
        successor = child.copy()
        successor.start()
        try:
            is_ready = successor.wait_until_ready(ready_within)
        except BaseException:
            successor.stop()
            raise
        if not is_ready:
            successor.stop()
            return False
        self.services[self.services.index(child)] = successor
        self._restart_at.pop(child.name, None)
        self._started_at[child.name] = time.monotonic()
        child.stop()
        return True

    def _plan_restart(self, service: Service, now: float) -> None:
        failures = self._failures[service.name] = self._failures.get(service.name, 0) + 1
        if failures >= MAX_FAILURES and service.name not in self._dispensable:
            raise GaveUp(service.name)
        # the limit of the exponent keeps the number small
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(failures - 1, 20))
        self._restart_at[service.name] = now + delay
        self.report(f"{service.name} ended unexpectedly and is started again in {delay:g} seconds.")

    def _restart(self, service: Service) -> None:
        del self._restart_at[service.name]
        try:
            service.stop()
            self._start(service)
        except StopRequested:
            raise
        except Exception as problem:
            # the service does not run, so the next check plans another try
            self.report(f"{service.name} could not be started: {problem}")

    def run(self, on_round: Callable[["Supervisor"], None] = lambda supervisor: None) -> None:
        """Keep the services running until StopRequested or GaveUp is raised; call `on_round` after each check."""
        while True:
            check_stop()
            self.check()
            on_round(self)
            time.sleep(POLL_INTERVAL)

    def _start(self, service: Service) -> None:
        self._started_at[service.name] = time.monotonic()
        service.start()
