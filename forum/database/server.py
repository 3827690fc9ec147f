"""One embedded PostgreSQL server: made once, started in less than half a second, gone with its owner.

The owner holds an flock whose descriptor the server inherits. Lock taken = a server is alive on these data; lock free =
none is, whatever a pid file says. So a stale pid file is removed without guessing, and two owners cannot meet.
"""

import atexit
import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from forum.database import binaries, cluster
from forum.database.location import (
    PORT,
    DatabaseProblem,
    home_of,
    private_folder,
    server_account,
    socket_folder,
)

READY_WITHIN = 60.0
STOPPED_WITHIN = 30.0
# A server whose owner has just died needs a moment to write down what it has.
FREED_WITHIN = 10.0
POLL = 0.01
LOG_KEPT = 5_000_000
PR_SET_PDEATHSIG = 1

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
}
# For tests and measurements: the cluster is thrown away, so nothing has to survive a power cut.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Server:
    """The server of the cluster in `data_folder`, as a context manager. Every way to fail is a DatabaseProblem.

    durable=False gives up what survives a power cut, for clusters that are thrown away.
    """

    def __init__(self, data_folder, durable=True):
        self.data_folder = Path(data_folder).absolute()
        self.settings = SETTINGS | ({} if durable else THROWAWAY)
        self.process = None
        self.lock = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    @property
    def lock_file(self):
        """Beside the data folder; holds the owner's process id."""
        return self.data_folder.with_name(f"{self.data_folder.name}.lock")

    @property
    def log_file(self):
        """Beside the data folder; what the server says."""
        return self.data_folder.with_name(f"{self.data_folder.name}.log")

    def start(self):
        """Makes the cluster if there is none, starts the server, and returns when it answers."""
        with _plainly(self.data_folder):
            self.data_folder.parent.mkdir(parents=True, exist_ok=True)
            if not self._take_lock(FREED_WITHIN):
                raise DatabaseProblem(
                    f"The forum's data in {self.data_folder} are in use by process {self._owner()}: "
                    "stop that one first (Ctrl-C where it runs), or give this one another FORUM_PG_DATA."
                )
            try:
                self._launch()
            except BaseException:
                self.stop()
                raise

    def join_or_start(self):
        """For commands beside a running forum: uses the server that runs, or starts one. True if it was started."""
        with _plainly(self.data_folder):
            if not self.lock_file.exists() or self._take_lock(0):
                self.start() if self.lock is None else self._launch()
                return True
            deadline = time.monotonic() + READY_WITHIN
            while cluster.status(home_of(self.data_folder, server_account())) != "ready":
                if self._take_lock(0):
                    self._launch()
                    return True
                if time.monotonic() > deadline:
                    raise DatabaseProblem(
                        f"The server of process {self._owner()} does not get ready; see {self.log_file}."
                    )
                time.sleep(POLL)
            return False

    def stop(self):
        """Ends the server, if this object started it; what is committed stays."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
        self.process = None
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def _launch(self):
        account = server_account()
        home = home_of(self.data_folder, account)
        major = cluster.version_of(home)
        folder = binaries.choose(account, major)
        if major is None:
            cluster.make(self.data_folder, home, folder, account)
        cluster.allow_only_us(home, account)
        with contextlib.suppress(FileNotFoundError):
            # nobody else holds the lock, so the server that wrote it is dead
            (home / "postmaster.pid").unlink()
        sockets = socket_folder(self.data_folder)
        private_folder(sockets, account)
        for leftover in sockets.iterdir():
            leftover.unlink()
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        with self._open_log() as log:
            self.process = subprocess.Popen(
                [folder / "postgres", "-D", home, "-k", sockets, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                pass_fds=[self.lock], start_new_session=True, preexec_fn=_die_with(os.getpid()),
                env=cluster.environment(), **cluster.as_user(account),
            )  # fmt: skip
        deadline = time.monotonic() + READY_WITHIN
        while cluster.status(home, self.process.pid) != "ready":
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise DatabaseProblem(f"PostgreSQL did not start: {cluster.last_complaint(self.log_file)}")
            time.sleep(POLL)

    def _take_lock(self, patience):
        """True when the lock is ours; waits up to `patience` seconds for a server that is on its way out."""
        handle = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                owner_lives = self._owner_lives()
                if not owner_lives:
                    self._end_orphan()
                if owner_lives or time.monotonic() > deadline:
                    os.close(handle)
                    return False
                time.sleep(POLL)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self.lock = handle
        return True

    def _owner(self):
        with contextlib.suppress(ValueError, OSError):
            return int(self.lock_file.read_text())
        return None

    def _owner_lives(self):
        owner = self._owner()
        if owner is None:
            return True
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def _end_orphan(self):
        """Asks a server whose owner is dead to shut down.

        Needed where the system cannot do it at the owner's death. The pid is surely the server's: the lock that only
        the server can still hold is taken.
        """
        pid = cluster.pid_of(home_of(self.data_folder, server_account()))
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)

    def _open_log(self):
        too_long = self.log_file.exists() and self.log_file.stat().st_size > LOG_KEPT
        return open(self.log_file, "wb" if too_long else "ab")


def ensure(data_folder):
    """A server on `data_folder` for the rest of this process: the one that runs, or one that ends with us."""
    server = Server(data_folder)
    if server.join_or_start():
        atexit.register(server.stop)


def throw_away(data_folder):
    """Removes a stopped cluster and everything beside it."""
    data_folder = Path(data_folder).absolute()
    shutil.rmtree(home_of(data_folder, server_account()), ignore_errors=True)
    shutil.rmtree(socket_folder(data_folder), ignore_errors=True)
    for path in (data_folder, data_folder.with_name(f"{data_folder.name}.lock"), Path(f"{data_folder}.log")):
        path.unlink(missing_ok=True)


def _die_with(owner):
    """What the server's process does before it becomes PostgreSQL: a fast shutdown is its fate when `owner` dies.

    Set after the change of user, which clears it. Only Linux knows it; elsewhere the next start ends the orphan.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare():
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT) != 0 or os.getppid() != owner:
            os._exit(1)

    return prepare


@contextlib.contextmanager
def _plainly(data_folder):
    """Faults of the file system as one sentence."""
    try:
        yield
    except OSError as fault:
        where = fault.filename or data_folder
        raise DatabaseProblem(
            f"The database could not use {os.fsdecode(where)}: {os.strerror(fault.errno) if fault.errno else fault}. "
            "Please free space or give access, and start again."
        ) from fault
