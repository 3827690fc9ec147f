"""docs/operations.md and the files of deploy/, used as they are shipped: services, nginx, backup and restore."""

import configparser
import http.client
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

from bench import slow_clients
from forum.embedded_postgres import Server, binaries
from forum.embedded_postgres.location import server_account, socket_folder
from tests.forum.launching import CLEAN, ROOT, copy_project, end, forget_sockets, free_port, is_alive, open_place, until

pytestmark = pytest.mark.processes
DEPLOY = ROOT / "deploy"
KEY = "A-key-of-more-than-fifty-characters-that-nobody-has-seen-before"
OWNER = {
    "DJANGO_SUPERUSER_EMAIL": "owner@example.org",
    "DJANGO_SUPERUSER_DISPLAY_NAME": "Olga",
    "DJANGO_SUPERUSER_PASSWORD": "a long walk by the river",
}
MANUAL = (ROOT / "docs" / "operations.md").read_text()
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
# Any certificate is accepted. A context for each connection would read all certificates of the machine each time.
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE
needs_nginx = pytest.mark.skipif(
    NGINX is None and os.environ.get("CI") != "true", reason="no nginx on this machine: `apt-get install nginx-light`"
)


def commands(heading, number):
    """A block of shell commands of the manual: the `number`th below a heading."""
    section = MANUAL.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return textwrap.dedent(re.findall(r"```sh\n(.*?)```", section, re.S)[number])


class Machine:
    """A server machine on which the commands of the manual run, with other folders and as the present user."""

    def __init__(self, place, data_folder):
        self.folder, self.etc, self.port = place / "srv", place / "etc", free_port()
        self.data_folder, self.sockets = data_folder, str(socket_folder(data_folder))
        self.owner_url = f"postgres://forum@/forum?host={self.sockets}"
        self.restored_url = f"postgres://forum@/forum_restored?host={self.sockets}"
        self.path = f"{binaries.choose(server_account())}:{os.environ['PATH']}"

    def here(self, script):
        """The script of the manual with what differs on this machine."""
        for found, put in (
            ("/etc/two-way-street", str(self.etc)),
            ("/srv/two-way-street", str(self.folder)),
            ("runuser -u forum -- ", ""),
            ("runuser -u postgres -- ", ""),
            ("'postgres://forum:owner-password@127.0.0.1:5432/forum_restored'", f"'{self.restored_url}'"),
        ):
            script = script.replace(found, put)
        return script

    def run(self, script, **environment):
        """Run shell commands in the folder of the forum; they must all succeed."""
        database = {"PGHOST": self.sockets, "PGUSER": "forum", "PGDATABASE": "forum"}
        ran = subprocess.run(
            ["/bin/sh", "-eu", "-c", self.here(script)],
            cwd=self.folder,
            env=CLEAN | {"PATH": self.path} | database | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def fill_in(self, name, **values):
        """Fill in the settings of a file as an operator would with an editor."""
        path = self.etc / name
        text = path.read_text()
        for key, value in values.items():
            text, changed = re.subn(rf"^{key}=.*$", lambda _found, line=f"{key}='{value}'": line, text, flags=re.M)
            assert changed == 1
        path.write_text(text)

    @property
    def web(self):
        """The settings of the web server, as a shell reads them."""
        script = f"set -a; . {self.etc}/web.env; exec env -0"
        said = subprocess.run(["/bin/sh", "-eu", "-c", script], env={}, capture_output=True, text=True, check=True)
        found = dict(line.split("=", 1) for line in said.stdout.split("\0") if line)
        return {name: value for name, value in found.items() if name not in ("PWD", "_", "SHLVL", "OLDPWD")}

    def unit(self, name):
        """The [Service] section of a unit."""
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.optionxform = str
        parser.read(DEPLOY / f"two-way-street-{name}.service")
        return parser["Service"]

    @contextmanager
    def service(self, name):
        """The process of a unit, started as systemd would."""
        unit = self.unit(name)
        assert unit["WorkingDirectory"] == "/srv/two-way-street"
        assert unit["EnvironmentFile"] == "/etc/two-way-street/web.env"
        words = shlex.split(unit["ExecStart"].replace("/srv/two-way-street", str(self.folder)))
        process = subprocess.Popen(words, cwd=self.folder, env=CLEAN | self.web, stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
            end(process)

    def ask(self, path, port=None, **headers):
        """(status, headers) of the forum itself, as its proxy asks."""
        link = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        try:
            link.request("GET", path, headers={"Host": "forum.example"} | headers)
            answer = link.getresponse()
            answer.read()
            return answer.status, answer.headers
        except OSError:
            return None, {}
        finally:
            link.close()


@pytest.fixture(scope="module")
def machine(template):
    """A machine after the steps of the manual up to the tables."""
    with open_place() as place:
        folder, data_folder = place / "srv", place / "postgresql"
        copy_project(folder, "accounts", "deploy", "forum", "posts", "static", "templates", "manage.py")
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        (folder / ".venv" / "bin" / "python").chmod(0o755)
        subprocess.run(["cp", "-a", template, data_folder], check=True)
        with Server(data_folder, durable=False):
            found = Machine(place, data_folder)
            found.run(commands("A server from nothing", 2))
            found.run(commands("A server from nothing", 3))
            common = {"SECRET_KEY": KEY, "EMAIL_URL": "smtp://127.0.0.1:9", "PORT": found.port}
            found.fill_in("web.env", DATABASE_URL=f"postgres://forum_web@/forum?host={found.sockets}", **common)
            found.fill_in("owner.env", DATABASE_URL=found.owner_url, **common)
            tables = commands("A server from nothing", 4)
            found.run(tables, **OWNER)
            found.run("set -a; . /etc/two-way-street/owner.env; set +a; .venv/bin/python manage.py demo")
            yield found
        forget_sockets(data_folder)


def test_services_serve_report_and_reload(machine):
    with machine.service("worker"), machine.service("web") as web:
        assert until(lambda: machine.ask("/healthz")[0] == 200, 60)
        assert until(lambda: machine.ask("/readyz")[0] == 200, 60)
        # behind the proxy the line is secure; without it, readers are sent there
        status, headers = machine.ask("/", **{"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"})
        assert (status, headers["Strict-Transport-Security"]) == (200, "max-age=63072000")
        assert machine.ask("/")[0] == 301
        assert "no issues" in machine.run(commands("A server from nothing", 6))
        before = web_processes(web.pid)
        reload = machine.unit("web")["ExecReload"].replace("$MAINPID", str(web.pid))
        subprocess.run(shlex.split(reload), check=True)
        assert until(lambda: len(web_processes(web.pid)) == 2 and not before & web_processes(web.pid), 60)
        assert machine.ask("/healthz")[0] == 200
        # the worker and the processes of the web server are the role without rights over the log
        assert "permission denied" in refused(machine, "DELETE FROM posts_logentry")
    assert web.returncode == 0
    assert not any(map(is_alive, before))


def web_processes(pid):
    """The children of the web server."""
    said = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in said.splitlines()]
    return {int(child) for child, parent in rows if parent == str(pid)}


def refused(machine, sql):
    """What PostgreSQL says when the web server's role sends `sql`."""
    link = psycopg2.connect(dbname="forum", user="forum_web", host=machine.sockets)
    try:
        with link, link.cursor() as cursor, pytest.raises(psycopg2.Error) as caught:
            cursor.execute(sql)
        return str(caught.value)
    finally:
        link.close()


def test_backup_can_be_restored(machine):
    machine.run(commands("Backup and restore", 0))
    script, migrate = commands("Backup and restore", 1), ".venv/bin/python manage.py migrate"
    assert migrate in script
    # the owner is a superuser here, so migrating would take away rights that the manual forgot
    machine.run(script.replace(migrate, ":"))
    assert functions_of_everybody(machine, "forum_restored") == functions_of_everybody(machine, "forum")
    settings_of_owner = "set -a; . /etc/two-way-street/owner.env; set +a; "
    machine.run(f"{settings_of_owner} DATABASE_URL='{machine.restored_url}' {migrate}")
    original, restored = contents(machine, "forum"), contents(machine, "forum_restored")
    assert original == restored
    assert original["posts_comment"][0] > 10


def test_forum_of_a_laptop_can_be_moved_to_a_server(machine):
    heading, file = "From a laptop to a server", machine.folder / "forum.dump"
    file.unlink(missing_ok=True)
    # no DATABASE_URL, so it is a laptop, whose PostgreSQL runs already
    machine.run(commands(heading, 0), FORUM_PG_DATA=str(machine.data_folder))
    assert file.stat().st_mode & 0o777 == 0o600
    machine.run("createdb --owner=forum forum_moved")
    owner, moved = (
        "set -a; . /etc/two-way-street/owner.env; set +a",
        machine.owner_url.replace("/forum?", "/forum_moved?"),
    )
    script = commands(heading, 1)
    assert owner in script
    machine.run(script.replace(owner, f"{owner}; export DATABASE_URL='{moved}'"))
    assert contents(machine, "forum_moved") == contents(machine, "forum")


def test_backup_of_a_server_that_is_away_leaves_no_file(machine):
    (machine.folder / "nothing.dump").unlink(missing_ok=True)
    command = ".venv/bin/python manage.py dump_database nothing.dump"
    said = machine.run(f"! {command} 2>&1", DATABASE_URL="postgres://forum@127.0.0.1:1/forum", SECRET_KEY=KEY)
    assert "There is no backup. pg_dump: error: connection to server" in said
    assert not (machine.folder / "nothing.dump").exists()


def test_backup_does_not_overwrite_a_file(machine):
    (machine.folder / "kept").write_text("kept")
    said = machine.run("! .venv/bin/python manage.py dump_database kept 2>&1", FORUM_PG_DATA=str(machine.data_folder))
    assert "Name a file that does not exist." in said
    assert (machine.folder / "kept").read_text() == "kept"


def functions_of_everybody(machine, name):
    """PostgreSQL's own functions that every role may call in a database."""
    link = psycopg2.connect(dbname=name, user="forum", host=machine.sockets)
    try:
        with link, link.cursor() as cursor:
            cursor.execute(
                "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
                " AND has_function_privilege('public', oid, 'EXECUTE')"
            )
            return {signature for (signature,) in cursor.fetchall()}
    finally:
        link.close()


def test_upgrade_runs_as_written(machine):
    script = commands("Upgrade", 0)
    for elsewhere in ("git pull && ", "runuser -u forum -- python3 forum/install.py"):
        assert elsewhere in script
        script = script.replace(elsewhere, "")
    script, services = re.subn(r"^systemctl .*$", "", script, flags=re.M)
    assert services == 1
    machine.run(script.replace("runuser -u forum -- \n", ""))


def contents(machine, name):
    """(rows, checksum) of each table of a database."""
    link = psycopg2.connect(dbname=name, user="forum", host=machine.sockets)
    try:
        with link, link.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            found = {}
            for (table,) in cursor.fetchall():
                cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t")
                found[table] = cursor.fetchone()
            return found
    finally:
        link.close()


@contextmanager
def running_nginx(machine, folder):
    """nginx with deploy/nginx.conf; the ports for HTTP and HTTPS."""
    plain, secure = free_port(), free_port()
    subject = ["-subj", "/CN=forum.example", "-days", "2", "-nodes", "-newkey", "rsa:2048", "-x509"]
    made = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run(["openssl", "req", *subject, *made], check=True, capture_output=True)
    shipped = (DEPLOY / "nginx.conf").read_text()
    for found, put in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("    listen [::]:80;\n", ""),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{secure} ssl http2;"),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{machine.port};"),
        ("/etc/ssl/forum.example", str(folder)),
    ):
        assert found in shipped
        shipped = shipped.replace(found, put)
    (folder / "site.conf").write_text(shipped)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{ worker_connections 4096; }}\n"
        f"http {{ access_log {folder}/access.log; {temporary} include {folder}/site.conf; }}\n"
    )
    process = subprocess.Popen([NGINX, "-c", folder / "nginx.conf", "-e", folder / "error.log"], stderr=subprocess.PIPE)
    try:
        assert until(lambda: can_connect(secure)), (folder / "error.log").read_text()
        yield plain, secure
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stderr.close()


def can_connect(port):
    """Does somebody listen there?"""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def read_through_proxy(port, path="/", source="127.0.0.2", **headers):
    """(status, headers) of a page over HTTPS, for a reader at another address than the attackers'."""
    link = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=TLS, source_address=(source, 0))
    try:
        link.request("GET", path, headers={"Host": "forum.example"} | headers)
        answer = link.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        link.close()


def stall_through_proxy(kind, port, number):
    """A stalled connection inside TLS, from one of several addresses: nginx limits the requests of one."""
    plain = socket.create_connection(("127.0.0.1", port), 20, source_address=(f"127.0.1.{number % 10 + 1}", 0))
    stalled = TLS.wrap_socket(plain)
    stalled.sendall(slow_clients.request_of(kind, "/", host="forum.example"))
    return stalled


@needs_nginx
def test_nginx_as_shipped_keeps_no_log_of_readers(machine, tmp_path):
    """Debian's own settings log every request with its internet address; the forum itself need not run for that."""
    with running_nginx(machine, tmp_path) as (plain, secure):
        assert machine.ask("/", port=plain)[0] == 301
        assert read_through_proxy(secure)[0] == 502
    assert (tmp_path / "access.log").read_text() == ""


@needs_nginx
def test_nginx_as_shipped_serves_readers_and_withstands_stalled_clients(machine, tmp_path):
    with machine.service("web"):
        assert until(lambda: machine.ask("/healthz")[0] == 200, 60)
        with running_nginx(machine, tmp_path) as (plain, secure):
            status, headers = machine.ask("/", port=plain)
            assert (status, headers["Location"], headers["Server"]) == (301, "https://forum.example/", "nginx")
            status, headers = read_through_proxy(secure)
            assert (status, headers["Strict-Transport-Security"]) == (200, "max-age=63072000")
            # what a client claims about itself does not get through
            forged = {"X-Forwarded-Proto": "http", "X_Forwarded_Proto": "http", "X-Forwarded-For": "192.0.2.1"}
            assert read_through_proxy(secure, **forged)[0] == 200
            held = []
            try:
                for kind, count in slow_clients.LOAD.items():
                    held += [stall_through_proxy(kind, secure, number) for number in range(count // 4)]
                    assert read_through_proxy(secure)[0] == 200
            finally:
                for stalled in held:
                    stalled.close()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
@pytest.mark.parametrize("name", ["web", "worker"])
def test_systemd_accepts_the_unit(name, tmp_path):
    text = (DEPLOY / f"two-way-street-{name}.service").read_text()
    # paths of a machine that is set up, as this one is not
    text = text.replace("/srv/two-way-street/.venv/bin/python", "/bin/true").replace(
        "/srv/two-way-street", str(tmp_path)
    )
    unit = tmp_path / f"two-way-street-{name}.service"
    unit.write_text(text)
    ran = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    complaints = [line for line in ran.stderr.splitlines() if unit.name in line]
    assert complaints == []


def test_every_shipped_setting_is_read(machine):
    known = "".join(
        Path(ROOT / path).read_text() for path in ("forum/settings.py", "forum/env.py", "forum/web_server.py")
    )
    known += (ROOT / "forum/management/commands/run_web.py").read_text()
    assert [name for name in machine.web if f'"{name}"' not in known] == []
