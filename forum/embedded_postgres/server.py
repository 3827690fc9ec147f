"""The embedded PostgreSQL server: it makes its cluster once, starts in half a second, and ends with its owner.

The owner is the process that started the server. It holds two flocks. The first is released when the owner ends: while
it is held, these data have an owner. The server inherits the descriptor of the second: while that is held, a server
runs on these data; when it is free, none does, even if there is a pid file. So a stale pid file can be removed safely,
no process id has to be trusted, and there is never more than one owner.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from forum.embedded_postgres import binaries, cluster
from forum.embedded_postgres.location import (
    PORT,
    DatabaseProblem,
    home_of,
    private_folder,
    server_account,
    socket_folder,
)
from forum.processes import end_with_parent

READY_WITHIN = 60.0
STOPPED_WITHIN = 30.0
# A server whose owner has just died needs some time to shut down.
FREED_WITHIN = 10.0
POLL = 0.01
LOG_KEPT = 5_000_000

SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0777",  # the folder's mode 0700 decides who gets there
    "max_connections": "100",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    # Statements, parameters and details of errors contain people's texts, which must not get into the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# For tests and measurements, whose clusters are deleted: nothing has to survive a power cut.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Server:
    """The server of the cluster in `data_folder`, as a context manager. Every failure raises DatabaseProblem.

    With durable=False data may be lost in a power cut; this is for clusters that are deleted afterwards.
    """

    name = "PostgreSQL"

    def __init__(self, data_folder: str | Path, durable: bool = True) -> None:
        self.data_folder = Path(data_folder).absolute()
        self.settings = SETTINGS | ({} if durable else THROWAWAY)
        self.process: subprocess.Popen[bytes] | None = None
        self.owned: int | None = None
        self.inherited: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def lock_file(self) -> Path:
        """Return the file next to the data folder that the owner locks; it contains the owner's process id."""
        return self.data_folder.with_name(f"{self.data_folder.name}.lock")

    @property
    def server_lock_file(self) -> Path:
        """Return the file next to the data folder that is locked as long as a server runs."""
        return self.data_folder.with_name(f"{self.data_folder.name}.server")

    @property
    def log_file(self) -> Path:
        """Return the server's log file, next to the data folder."""
        return self.data_folder.with_name(f"{self.data_folder.name}.log")

    def start(self) -> None:
        """Make the cluster if there is none, start the server, and wait until it answers.

        Raises DatabaseProblem if another process owns the data.
        """
        with self._whole_or_not_at_all():
            if not self._become_owner():
                raise DatabaseProblem(
                    f"The forum's data in {self.data_folder} are in use by {self._owner()}: "
                    "stop that one first (Ctrl-C where it runs), or give this one another FORUM_PG_DATA."
                )
            self._launch()

    def join_or_start(self) -> bool:
        """Use the server of another process if one runs, or start one; return whether it was started.

        Commands use this, because they may run at the same time as the forum.
        """
        with self._whole_or_not_at_all():
            deadline = time.monotonic() + READY_WITHIN
            while not self._become_owner():
                if self._answers():
                    return False
                if time.monotonic() > deadline:
                    raise DatabaseProblem(f"The server of {self._owner()} does not get ready; see {self.log_file}.")
                time.sleep(POLL)
            self._launch()
            return True

    def is_running(self) -> bool:
        """Return whether the server that this object started runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Stop the server if this object started it, and release the locks. Committed data are kept."""
        if self.process is not None and self.is_running():
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
        self.process = None
        # release the owner's lock last, so that the next owner finds no server
        for handle in filter(None, (self.inherited, self.owned)):
            os.close(handle)
        self.inherited = self.owned = None

    def _launch(self) -> None:
        inherited = self.inherited = self._outlive_orphan()
        account = server_account()
        home = home_of(self.data_folder, account)
        major = cluster.version_of(home)
        folder = binaries.choose(account, major)
        if major is None:
            cluster.make(self.data_folder, home, folder, account, inherited)
        cluster.allow_only_us(home, account)
        if by_hand := cluster.server_on(home):
            raise DatabaseProblem(f"PostgreSQL already runs in {home} as process {by_hand}: please stop that one.")
        with contextlib.suppress(FileNotFoundError):
            # we hold the lock and the process is not a server of these data, so the server that wrote the file is dead
            (home / "postmaster.pid").unlink()
        sockets = socket_folder(self.data_folder)
        private_folder(sockets, account)
        for leftover in sockets.iterdir():
            leftover.unlink()
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        with self._open_log() as log:
            said_before = log.tell()
            self.process = subprocess.Popen(
                [folder / "postgres", "-D", home, "-k", sockets, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=[inherited],
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGINT),
                env=cluster.environment(),
                **cluster.as_user(account),
            )
        deadline = time.monotonic() + READY_WITHIN
        while cluster.status(home, self.process.pid) != "ready":
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise DatabaseProblem(f"PostgreSQL did not start: {cluster.last_complaint(self.log_file, said_before)}")
            time.sleep(POLL)

    def _become_owner(self) -> bool:
        """Take the owner's lock; return False if another running process has it."""
        self.data_folder.parent.mkdir(parents=True, exist_ok=True)
        self.owned = _locked(self.lock_file)
        if self.owned is None:
            return False
        os.ftruncate(self.owned, 0)
        os.pwrite(self.owned, str(os.getpid()).encode(), 0)
        return True

    def _outlive_orphan(self) -> int:
        """Wait for a server whose owner died, ask it to end if need be, and return a descriptor of the server's lock.

        Not every system ends the server when its owner dies. The pid file is that server's own: only a server can still
        hold this lock, and its start removed any older file.

        Raises DatabaseProblem if the server does not end within FREED_WITHIN seconds.
        """
        deadline = time.monotonic() + FREED_WITHIN
        while (handle := _locked(self.server_lock_file)) is None:
            pid = cluster.pid_of(home_of(self.data_folder, server_account()))
            if pid and pid > 0:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
            if time.monotonic() > deadline:
                raise DatabaseProblem(f"The server of an earlier start, process {pid}, does not end; please end it.")
            time.sleep(POLL)
        return handle

    def _owner(self) -> str:
        with contextlib.suppress(ValueError, OSError):
            return f"process {int(self.lock_file.read_text())}"
        return "another process"

    def _answers(self) -> bool:
        """Return whether a server accepts connections; the pid file alone may be that of a dead server."""
        if cluster.status(home_of(self.data_folder, server_account())) != "ready":
            return False
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(socket_folder(self.data_folder) / f".s.PGSQL.{PORT}"))
            return True
        return False

    @contextlib.contextmanager
    def _whole_or_not_at_all(self) -> Iterator[None]:
        """Stop the server and release the locks if the block fails; turn an OSError into a DatabaseProblem."""
        try:
            yield
        except OSError as fault:
            self.stop()
            where = os.fsdecode(fault.filename or self.data_folder)
            raise DatabaseProblem(
                f"The database could not use {where}: {os.strerror(fault.errno) if fault.errno else fault}. "
                "Please free space or give access, and start again."
            ) from fault
        except BaseException:
            self.stop()
            raise

    def _open_log(self) -> BinaryIO:
        too_long = self.log_file.exists() and self.log_file.stat().st_size > LOG_KEPT
        return open(self.log_file, "wb" if too_long else "ab")


def ensure(data_folder: str | Path) -> None:
    """Make sure that a server runs on `data_folder`; if it is started here, it stops when this process ends."""
    server = Server(data_folder)
    if server.join_or_start():
        atexit.register(server.stop)


def throw_away(data_folder: str | Path) -> None:
    """Delete a stopped cluster with its socket, lock and log files."""
    data_folder = Path(data_folder).absolute()
    shutil.rmtree(home_of(data_folder, server_account()), ignore_errors=True)
    shutil.rmtree(socket_folder(data_folder), ignore_errors=True)
    for path in (data_folder, *(Path(f"{data_folder}.{end}") for end in ("lock", "server", "log"))):
        path.unlink(missing_ok=True)


def _locked(path: Path) -> int | None:
    """Return a descriptor of `path` that holds its lock, or None if another process holds the lock."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        os.close(handle)
        if isinstance(fault, BlockingIOError):
            return None
        raise
    return handle
