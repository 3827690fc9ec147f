"""`manage.py serve` and other commands, run as processes in a copy of the project."""

import json
import os
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
    copy_cluster,
    copy_project,
    end,
    forget_sockets,
    free_port,
    is_alive,
    open_place,
    stop_kindly,
    until,
)

pytestmark = pytest.mark.processes
READY = "The forum is at "
UNREACHABLE = "postgres://forum:top-secret@127.0.0.1:1/forum"
# Runs several commands in one process, because to start Python and Django takes much longer than to refuse a command.
SEVERAL = """
import contextlib, io, json, os, sys
import manage
ends = []
for arguments, environment in json.loads(sys.argv[1]):
    before = dict(os.environ)
    os.environ.update(environment)
    errors, code = io.StringIO(), 0
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        try:
            manage.main(["manage.py", *arguments])
        except SystemExit as exit:
            code = exit.code or 0
    # the interpreter prints a text and exits with 1
    ends.append((code, errors.getvalue()) if isinstance(code, int) else (1, errors.getvalue() + code))
    for name in environment:
        del os.environ[name]
    os.environ.update(before)
print(json.dumps(ends))
"""


@pytest.fixture(scope="module")
def project(template):
    """A copy of the project with an empty cluster and a free port in its `.env`."""
    with open_place() as place:
        folder = place / "a project"
        copy_project(folder, "accounts", "forum", "posts", "static", "templates", "manage.py")
        copy_cluster(template, folder / "var" / "postgres")
        (folder / ".env").write_text(f"PORT={free_port()}\nWORKERS=1\n")
        yield folder
        forget_sockets(folder / "var" / "postgres")


def port_of(project):
    """The port in the project's `.env`."""
    return int((project / ".env").read_text().splitlines()[0].removeprefix("PORT="))


def start(project, *arguments, errors=subprocess.PIPE, **environment):
    """Start the command as a process whose output, and errors unless there is a file for them, are pipes."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": errors}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.Popen(command, cwd=project, env=CLEAN | environment, text=True, **pipes)


def run(project, *arguments, **environment):
    """Return (exit code, output, errors) of the command."""
    process = start(project, *arguments, **environment)
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


def refusal(project, *arguments, **environment):
    """Return the one sentence with which the command ends."""
    code, _out, err = run(project, *arguments, **environment)
    assert code == 1, err
    assert "Traceback" not in err
    assert err.strip().count("\n") == 0
    return err


def ends(project, cases, **environment):
    """Return (exit code, errors) of each command, for cases of (arguments, variables)."""
    command = [sys.executable, "-c", SEVERAL, json.dumps(cases)]
    ran = subprocess.run(command, cwd=project, env=CLEAN | environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return json.loads(ran.stdout)


def refusals(project, cases, **environment):
    """Return the one sentence with which each command ends."""
    found = ends(project, cases, **environment)
    assert [end for end in found if end[0] != 1 or "Traceback" in end[1] or "\n" in end[1].strip()] == []
    return [said for _code, said in found]


@contextmanager
def serving(project):
    """Start the forum; give its process, with what it printed and its children, and its address."""
    # a file: while PostgreSQL is down, the worker may report more than fits into a pipe that nobody reads
    with (project / "errors").open("w") as errors:
        process = start(project, "serve", errors=errors)
    # a start that hangs becomes an end of the output
    watchdog = threading.Timer(120, process.kill)
    watchdog.start()
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C stops everything"):
                break
        watchdog.cancel()
        process.said = "".join(said)
        assert READY in process.said, (process.said, errors_of(project))
        address = process.said.partition(READY)[2].split()[0]
        assert until(lambda: status(address) == 200), process.said
        process.children = children_of(process.pid)
        yield process, address
    finally:
        watchdog.cancel()
        end(process)


def errors_of(project):
    """Return what the forum that was started last has written to its error output."""
    return (project / "errors").read_text()


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


def test_serve_prepares_an_empty_database_and_stops_at_ctrl_c(project):
    with serving(project) as (process, address):
        assert address == f"http://localhost:{port_of(project)}/"
        for line in ("Starting PostgreSQL", "Preparing the database", "Collecting static", "make moderator EMAIL="):
            assert line in process.said
        assert len(process.children) > 5
        # a command run meanwhile uses the same database server and leaves it running
        code, out, err = run(
            project, "shell", "-v0", "-c", "from posts.models import Thread; print(Thread.objects.count())"
        )
        assert (code, out.strip(), err) == (0, "1", "")
        # the web server signs in as a role that does not own the tables
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
        code, out, _err = stop_kindly(process)
        assert (code, errors_of(project)) == (0, "")
        assert "Stopped. Everything written is kept." in out
        assert nothing_is_left(project, process)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child with its parent")
def test_killed_forum_leaves_nothing_and_starts_again_and_second_ctrl_c_does_not_disturb_the_stop(project):
    with serving(project) as (process, _address):
        process.kill()
        process.wait()
        assert until(lambda: not any(map(is_alive, process.children)))
        with serving(project) as (second, address):
            assert "Preparing the database" not in second.said
            assert "Collecting static files" not in second.said
            second.send_signal(signal.SIGINT)
            second.send_signal(signal.SIGTERM)
            code, out, _err = stop_kindly(second)
            assert (code, errors_of(project)) == (0, "")
            assert "Stopped." in out
            assert status(address) is None
            assert nothing_is_left(project, second)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child with its parent")
def test_killed_processes_are_started_again_and_nohup_is_respected(project):
    """A web server process, the worker and PostgreSQL are killed one after the other; then the page answers again."""
    with serving_ignoring_hangups(project) as (process, address):
        process.send_signal(signal.SIGHUP)
        for words in ("forum.web_server", "manage.py run_worker", "-D"):
            victim = child_with(process.pid, words)
            os.kill(victim, signal.SIGKILL)
            is_back = until(lambda words=words, victim=victim: child_with(process.pid, words) not in (None, victim), 30)
            assert is_back, (words, process.poll(), errors_of(project))
            assert until(lambda: status(address) == 200, 30), (words, process.poll(), errors_of(project))
        process.children = children_of(process.pid)
        code, _out, _err = stop_kindly(process, signal.SIGTERM)
        assert code == 0
        assert errors_of(project).count("ended unexpectedly and is started again") == 3
        assert nothing_is_left(project, process)


def child_with(pid, words):
    """The process id of the direct child whose command line has these words; None without one."""
    said = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = (line.split(None, 2) for line in said.splitlines())
    return next((int(row[0]) for row in rows if row[1] == str(pid) and words in row[2]), None)


def test_serve_stops_at_a_signal_before_it_is_ready(project):
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


@contextmanager
def serving_ignoring_hangups(project):
    """Start the forum like `nohup`: the child inherits that hangups are ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with serving(project) as (process, address):
            yield process, address
    finally:
        signal.signal(signal.SIGHUP, before)


def test_taken_port_is_refused_with_another_one_proposed(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refusal(project, "serve", PORT=str(port))
        assert f"Nothing can listen on 127.0.0.1:{port} (Address already in use)." in said
        assert f"PORT={port + 1} make run" in said


def test_bad_port_or_foreign_host_is_refused(project):
    ports = ["http", "0", "65536", "-1", "8 0", "٣"]
    hosts = ["no.such.host.invalid", "x" * 80, "192.0.2.1"]
    cases = [(["serve"], {"PORT": port}) for port in ports] + [(["serve"], {"HOST": host}) for host in hosts]
    expected = [f"PORT is {port!r}; it has to be a whole number" for port in ports]
    expected += [f"Nothing can listen on {host}:" for host in hosts]
    for sentence, found in zip(expected, refusals(project, cases), strict=True):
        assert sentence in found


def test_unreachable_database_is_told_in_a_sentence(project):
    cases = [(["serve"], {"PORT": str(free_port())}), (["migrate"], {})]
    for said in refusals(project, cases, DATABASE_URL=UNREACHABLE):
        assert "could not be reached" in said
        assert "127.0.0.1" in said
        assert "Connection refused" in said
        assert "top-secret" not in said


def test_bad_database_url_is_told_in_a_sentence_without_the_password(project):
    addresses = ["nonsense:top-secret", "postgres://me:top-secret@host:port/x", "mysql://me:top-secret@host/x"]
    cases = [(["serve"], {"DATABASE_URL": address}) for address in addresses]
    for said in refusals(project, cases, PORT=str(free_port())):
        assert "DATABASE_URL has to be the address of a PostgreSQL server" in said
        assert "top-secret" not in said
    # and in a process of its own
    assert "DATABASE_URL has to be" in refusal(project, "migrate", DATABASE_URL=addresses[0])


def test_problem_of_the_database_launcher_is_told_in_a_sentence(project, tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").touch()
    cases = [(["serve"], {"PORT": str(free_port())}), (["migrate"], {})]
    for said in refusals(project, cases, FORUM_PG_DATA=str(tmp_path / "postgres")):
        assert "holds files but no database" in said


def test_no_server_is_started_for_commands_that_need_none(project, tmp_path):
    data_folder = tmp_path / "var" / "postgres"
    expected = {
        (): 0,
        ("--help",): 0,
        ("help", "migrate"): 0,
        ("migrate", "--help"): 0,
        ("migrate", "-h"): 0,
        ("version",): 0,
        ("--version",): 0,
        ("no_such_command",): 1,
        ("check",): 0,
    }
    found = ends(project, [(command, {}) for command in expected], FORUM_PG_DATA=str(data_folder))
    assert dict(zip(expected, (code for code, _said in found), strict=True)) == expected
    assert not any("Traceback" in said for _code, said in found)
    assert not data_folder.parent.exists()
    assert not Path(socket_folder(data_folder)).exists()


def test_serve_without_installed_packages_says_what_to_run(project):
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
