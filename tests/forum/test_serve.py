"""`manage.py serve` and the commands beside it, as people run them: processes of their own in a copy of the project."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from forum.embedded_postgres.location import socket_folder
from forum.management.commands.serve import environment_of_children
from tests.forum.launching import (
    CLEAN,
    ROOT,
    copy_cluster,
    end,
    forget_sockets,
    free_port,
    is_alive,
    open_place,
    stop_kindly,
    until,
)

READY = "The forum is at "
UNREACHABLE = "postgres://forum:top-secret@127.0.0.1:1/forum"


@pytest.fixture(scope="module")
def project(template):
    """A copy of the project with an empty cluster and a free port in its `.env`."""
    with open_place() as place:
        folder = place / "a project"
        for name in ("accounts", "forum", "posts", "static", "templates", "manage.py"):
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
            folder.mkdir(exist_ok=True)
        copy_cluster(template, folder / "var" / "postgres")
        (folder / ".env").write_text(f"PORT={free_port()}\nWORKERS=1\n")
        yield folder
        forget_sockets(folder / "var" / "postgres")


def port_of(project):
    """The port in the project's `.env`."""
    return int((project / ".env").read_text().splitlines()[0].removeprefix("PORT="))


def start(project, *arguments, **environment):
    """The command as a process with pipes."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.Popen(command, cwd=project, env=CLEAN | environment, text=True, **pipes)


def run(project, *arguments, **environment):
    """(exit code, output, errors) of the command."""
    process = start(project, *arguments, **environment)
    out, err = process.communicate(timeout=40)
    return process.returncode, out, err


def refusal(project, *arguments, **environment):
    """The one sentence with which the command ends."""
    code, _out, err = run(project, *arguments, **environment)
    assert code == 1, err
    assert "Traceback" not in err
    assert err.strip().count("\n") == 0
    return err


@contextmanager
def serving(project):
    """The running forum: its process and what it started."""
    process = start(project, "serve")
    # a hang becomes an end of the output
    watchdog = threading.Timer(40, process.kill)
    watchdog.start()
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C stops everything"):
                break
        process.said = "".join(said)
        assert READY in process.said, (process.said, process.communicate()[1])
        address = process.said.partition(READY)[2].split()[0]
        assert until(lambda: status(address) == 200), process.said
        process.children = children_of(process.pid)
        yield process, address
    finally:
        watchdog.cancel()
        end(process)


def children_of(pid):
    """All processes that the process started, and those started by them."""
    said = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [[int(number) for number in line.split()] for line in said.splitlines()]
    found = [child for child, parent in parents if parent == pid]
    return found + [grandchild for child in found for grandchild in children_of(child)]


def status(address):
    """The answer's status; None without one."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as fault:
        return fault.code
    except OSError:
        return None


def nothing_is_left(project, process):
    """Has everything ended that the process started?"""
    return (
        until(lambda: not any(map(is_alive, process.children)))
        and not (project / "var" / "postgres" / "postmaster.pid").exists()
    )


def test_from_an_empty_database_to_the_page_and_back(project):
    with serving(project) as (process, address):
        assert address == f"http://127.0.0.1:{port_of(project)}/"
        for line in ("Starting PostgreSQL", "Preparing the database", "Collecting static", "make moderator EMAIL="):
            assert line in process.said
        assert len(process.children) > 5
        # beside it: a command joins and leaves everything running
        code, out, err = run(
            project, "shell", "-v0", "-c", "from posts.models import Thread; print(Thread.objects.count())"
        )
        assert (code, out.strip(), err) == (0, "1", "")
        # and the web server signs in as somebody who is not the owner, and cannot become it
        asked = "from django.db import connection as c; k = c.cursor(); k.execute('SELECT session_user'); "
        asked += "print(*k.fetchone()); k.execute('DELETE FROM posts_logentry')"
        code, out, err = run(project, "shell", "-v0", "-c", asked, AS_WEB_ROLE="1")
        assert (code, out.strip()) == (1, "forum_web")
        assert "permission denied" in err
        code, out, err = run(project, "make_moderator", "mod@example.org")
        assert code == 0, err
        assert status(address) == 200
        # a second forum on the same data is refused, on the same port as well
        assert f"in use by process {process.pid}" in refusal(project, "serve", PORT=str(free_port()))
        assert "Nothing can listen on 127.0.0.1:" in refusal(project, "serve")
        assert status(address) == 200
        code, out, err = stop_kindly(process)
        assert (code, err) == (0, "")
        assert "Stopped. Everything written is kept." in out
        assert nothing_is_left(project, process)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child with its parent")
def test_killed_it_leaves_nothing_and_starts_again_at_once(project):
    with serving(project) as (process, _address):
        process.kill()
        process.wait()
        assert until(lambda: not any(map(is_alive, process.children)))
        with serving(project) as (second, address):
            assert "Preparing the database" not in second.said
            assert "Collecting static files" not in second.said
            code, _out, err = stop_kindly(second, signal.SIGTERM)
            assert (code, err) == (0, "")
            assert status(address) is None
            assert nothing_is_left(project, second)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child with its parent")
def test_whatever_is_killed_comes_back(project):
    """The web server's processes, the worker, and PostgreSQL: one after the other, then the page answers again."""
    with serving(project) as (process, address):
        for words in ("forum.web_server", "manage.py run_worker", "-D"):
            victim = child_with(process.pid, words)
            os.kill(victim, signal.SIGKILL)
            assert until(lambda words=words, victim=victim: child_with(process.pid, words) not in (None, victim), 30)
            assert until(lambda: status(address) == 200, 30)
        process.children = children_of(process.pid)
        code, _out, err = stop_kindly(process)
        assert code == 0
        assert err.count("ended unexpectedly and is started again") == 3
        assert nothing_is_left(project, process)


def child_with(pid, words):
    """The process id of the direct child whose command line has these words; None without one."""
    said = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = (line.split(None, 2) for line in said.splitlines())
    return next((int(row[0]) for row in rows if row[1] == str(pid) and words in row[2]), None)


def test_a_second_ctrl_c_does_not_disturb_the_orderly_end(project):
    with serving(project) as (process, _address):
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        code, out, err = stop_kindly(process)
        assert (code, err) == (0, "")
        assert "Stopped." in out
        assert nothing_is_left(project, process)


def test_stopped_before_it_is_ready(project):
    process = start(project, "serve")
    try:
        assert process.stdout.readline().startswith("Starting PostgreSQL")
        process.children = children_of(process.pid)
        code, out, err = stop_kindly(process, signal.SIGTERM)
        assert (code, err) == (0, "")
        assert READY not in out
        # a server cut off while it began may leave its pid file, which the next start removes
        assert until(lambda: not any(map(is_alive, process.children)))
    finally:
        end(process)


def test_nohup_is_respected(project):
    """A forum started to outlive the terminal does so."""
    with serving_ignoring_hangups(project) as (process, address):
        process.send_signal(signal.SIGHUP)
        assert not until(lambda: process.poll() is not None, within=1)
        assert status(address) == 200
        assert stop_kindly(process, signal.SIGTERM)[0] == 0


@contextmanager
def serving_ignoring_hangups(project):
    """As `nohup` starts it: the child inherits that hangups are ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with serving(project) as (process, address):
            yield process, address
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_taken_port(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refusal(project, "serve", PORT=str(port))
        assert f"Nothing can listen on 127.0.0.1:{port} (Address already in use)." in said
        assert f"PORT={port + 1} make run" in said


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "8 0", "٣"])
def test_a_bad_port(project, port):
    assert f"PORT is {port!r}; it has to be a whole number" in refusal(project, "serve", PORT=port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 80, "192.0.2.1"])
def test_a_host_that_is_not_ours(project, host):
    assert f"Nothing can listen on {host}:" in refusal(project, "serve", HOST=host)


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_an_unreachable_database(project, command):
    said = refusal(project, command, DATABASE_URL=UNREACHABLE, PORT=str(free_port()))
    assert "could not be reached" in said
    assert "127.0.0.1" in said
    assert "Connection refused" in said
    assert "top-secret" not in said


@pytest.mark.parametrize(
    "address", ["nonsense:top-secret", "postgres://me:top-secret@host:port/x", "mysql://me:top-secret@host/x"]
)
def test_a_bad_database_url(project, address):
    said = refusal(project, "serve", DATABASE_URL=address, PORT=str(free_port()))
    assert "DATABASE_URL has to be the address of a PostgreSQL server" in said
    assert "top-secret" not in said


def test_a_problem_of_the_launcher_is_one_sentence(project, tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").touch()
    for command in ("serve", "migrate"):
        said = refusal(project, command, FORUM_PG_DATA=str(tmp_path / "postgres"), PORT=str(free_port()))
        assert "holds files but no database" in said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 0),
        (["--help"], 0),
        (["help", "migrate"], 0),
        (["migrate", "--help"], 0),
        (["migrate", "-h"], 0),
        (["version"], 0),
        (["--version"], 0),
        (["no_such_command"], 1),
        (["check"], 0),
    ],
)
def test_no_server_where_none_is_needed(project, tmp_path, arguments, code):
    data_folder = tmp_path / "var" / "postgres"
    found, _out, err = run(project, *arguments, FORUM_PG_DATA=str(data_folder))
    assert found == code, err
    assert "Traceback" not in err
    assert not data_folder.parent.exists()
    assert not Path(socket_folder(data_folder)).exists()


def test_without_the_packages(project):
    bare = getattr(sys, "_base_executable", sys.executable)
    ran = subprocess.run([bare, "-S", "manage.py", "serve"], cwd=project, env=CLEAN, capture_output=True, text=True)
    assert ran.returncode == 1
    assert "run `make run`" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("host", "environment", "proxies", "site", "https"),
    [
        ("127.0.0.1", {}, 0, "http://127.0.0.1:8000", "0"),
        ("127.0.0.1", {"HTTPS": "1"}, 0, "http://127.0.0.1:8000", None),
        ("127.0.0.1", {}, 1, "http://127.0.0.1:8000", None),
        ("127.0.0.1", {}, 0, "https://forum.example", None),
        ("192.0.2.1", {}, 0, "http://127.0.0.1:8000", None),
    ],
)
def test_https_is_off_only_on_this_machine_without_proxy(
    monkeypatch, settings, host, environment, proxies, site, https
):
    monkeypatch.delenv("HTTPS", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.ALLAUTH_TRUSTED_PROXY_COUNT, settings.SITE_URL = proxies, site
    assert environment_of_children(host).get("HTTPS") == https
