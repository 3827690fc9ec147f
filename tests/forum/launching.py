"""What the tests of the launcher share: a place the server's user may enter, and owners in processes of their own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from forum import embedded_postgres
from forum.embedded_postgres.location import server_account, socket_folder

ROOT = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0
# The tests' own server must not be meant by what a test starts.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if name not in ("FORUM_PG_DATA", "FORUM_PG_BIN", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "HOST", "PORT")
    and not name.startswith(("PYTEST", "PG"))
}
OWNER = """
import sys
sys.path.insert(0, sys.argv[2])
from forum.embedded_postgres import DatabaseProblem, Server, server
if "no death signal" in sys.argv:
    server.end_with_parent = lambda number: None
if "wait" in sys.argv:
    print("here", flush=True)
    sys.stdin.readline()
try:
    started = Server(sys.argv[1], durable="durable" in sys.argv)
    started.start()
except DatabaseProblem as problem:
    sys.exit(str(problem))
print(started.process.pid, flush=True)
sys.stdin.read()
started.stop()
"""
# For root: what follows runs as a user who may do nothing. (The interpreter itself may be out of that user's reach.)
DROPPED = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import encodings.idna, os, pwd, socket
from forum.embedded_postgres import DatabaseProblem, Server
if os.geteuid() == 0:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
"""


@contextmanager
def open_place():
    """A new folder that the server's user may pass through; pytest's own are root's alone."""
    place = Path(tempfile.mkdtemp(prefix="two-way-street-launcher-"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def copy_project(folder, *names):
    """Copy these folders and files of the project, aside from files that Python is just compiling."""
    folder.mkdir()
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy(ROOT / name, folder / name)


def copy_cluster(template, data_folder):
    """A copy of the stopped cluster `template`, with its owner and modes."""
    data_folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", template, data_folder], check=True)
    return data_folder


def forget_sockets(data_folder):
    """Removes the socket folder that a stopped server leaves in /tmp."""
    shutil.rmtree(socket_folder(data_folder), ignore_errors=True)


def connect(data_folder):
    """A connection as the forum makes it."""
    values = embedded_postgres.connection(data_folder)
    return psycopg2.connect(dbname=values["NAME"], user=values["USER"], host=values["HOST"], port=values["PORT"])


def ask(data_folder, sql):
    """The first value of the answer to `sql`; None where there is no answer."""
    link = connect(data_folder)
    try:
        with link, link.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        link.close()


def python(code, *arguments, **options):
    """A Python process running `code`, with pipes for what it reads and says."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, text=True, env=CLEAN, **pipes | options)


@contextmanager
def owner(data_folder, *words):
    """A process that owns a server on `data_folder`, and that server's process id."""
    process, first = python(OWNER, data_folder, ROOT, *words), ""
    try:
        first = process.stdout.readline().strip()
        assert first.isdigit(), process.communicate()
        yield process, int(first)
    finally:
        end(process)
        # it dies with its owner, or was left on purpose
        if first.isdigit() and "no death signal" in words and is_alive(int(first)):
            os.kill(int(first), signal.SIGINT)
        assert not first.isdigit() or until(lambda: not is_alive(int(first)))


def end(process):
    """Ends a process we started, at once, and closes its pipes."""
    process.kill()
    process.wait()
    for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
        pipe.close()


def until(condition, within=15.0):
    """Waits for `condition()` to become true; says whether it did."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        if time.monotonic() > deadline:
            return found
        time.sleep(0.02)
    return found


def is_alive(pid):
    """Does the process run? (One that is dead and not yet waited for does not.)"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc").exists()


def free_port():
    """A TCP port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def owned_by_server(path, mode):
    """Gives `path` to the user who runs the server."""
    account = server_account()
    if AS_ROOT:
        os.chown(path, account.uid, account.gid)
    path.chmod(mode)


def stop_kindly(process, number=signal.SIGINT, within=100):
    """Send the signal and return exit code, output and errors.

    `within` is more than a server may take: 20 seconds for its children and 30 for PostgreSQL, which writes to a disk.
    """
    process.send_signal(number)
    out, err = process.communicate(timeout=within)
    return process.returncode, out, err
