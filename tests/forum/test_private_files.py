"""Files of the forum are readable by its user only, and logs contain no texts of people."""

import os
import stat

import psycopg2
import pytest

from forum import env
from forum.embedded_postgres import Server
from tests.forum.launching import connect

SECRET = "what somebody wrote about their mother"


def mode(path):
    """The permission bits of `path`."""
    return stat.S_IMODE(path.stat().st_mode)


def test_files_left_open_are_closed_at_the_next_start(tmp_path, monkeypatch):
    var = tmp_path / "var"
    monkeypatch.setattr(env, "VAR_DIR", var)
    (var / "mail").mkdir(parents=True)
    (var / "postgres").mkdir(mode=0o750)
    (var / "postgres" / "PG_VERSION").write_text("18")
    for path in (var / "mail" / "code.log", var / "postgres.log", var / "postgres" / "table"):
        path.write_text("a code")
        path.chmod(0o644)
    (var / "link").symlink_to(tmp_path)
    env.make_var_private()
    assert mode(var) == 0o711
    assert mode(var / "mail") == 0o700
    assert mode(var / "mail" / "code.log") == mode(var / "postgres.log") == 0o600
    # what belongs to the database's own user stays as PostgreSQL made it, and nothing outside is touched
    assert mode(var / "postgres") == 0o750
    assert mode(var / "postgres" / "table") == 0o644
    assert mode(tmp_path) == 0o700


def test_postgresql_logs_errors_without_what_was_written(own_copy):
    statements = (
        f"INSERT INTO note VALUES ('{SECRET}')",
        f"SELECT no_such_column FROM note WHERE text = '{SECRET}'",
        f"DO $$ BEGIN RAISE EXCEPTION 'refused' USING DETAIL = '{SECRET}', HINT = '{SECRET}'; END $$",
    )
    with Server(own_copy) as server:
        link = connect(own_copy)
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute("CREATE TABLE note (text text CHECK (length(text) < 5))")
            for statement in statements:
                with pytest.raises(psycopg2.Error):
                    cursor.execute(statement)
            cursor.execute("PREPARE add_note(text) AS INSERT INTO note VALUES ($1)")
            with pytest.raises(psycopg2.Error):
                cursor.execute(f"EXECUTE add_note('{SECRET}')")
        link.close()
        log = server.log_file.read_text()
    assert log.count("violates check constraint") == 2
    assert "no_such_column" in log
    assert SECRET not in log


def test_commands_write_files_for_their_user_only(monkeypatch):
    import manage

    before = os.umask(0o022)
    try:
        manage.main(["manage.py", "version"])
        assert os.umask(0o022) == 0o077
    finally:
        os.umask(before)
