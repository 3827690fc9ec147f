"""`manage.py serve`: from an empty database to the forum in the browser; what `make run` runs."""

import contextlib
import ipaddress
import os
import signal
import socket
import sys
import time

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

from forum import collected, grants
from forum.child import Child
from forum.database import Server
from forum.env import BASE_DIR, env

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(Exception):  # noqa: N818  (a request, not a fault)
    """Somebody asked us to stop."""


# seconds
LOOKS_EVERY = 0.5
_asked_to_stop = []


class Command(BaseCommand):
    """Brings the forum up and serves it until Ctrl-C; everything it starts ends with it, even on kill -9."""

    help = "Starts PostgreSQL, migrates, plants the seed thread, collects static files and serves the forum."
    requires_system_checks = []

    def handle(self, **options):
        host, port, workers = env.str("HOST", "127.0.0.1"), _number("PORT", 8000), _number("WORKERS", 2)
        _check_port_is_free(host, port)
        for number in STOPS:
            # ignored on purpose, as by nohup, stays ignored
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _stop)
        with contextlib.ExitStack() as stack:
            stack.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
            sys.unraisablehook = _unless_stop
            try:
                if settings.PG_IS_EMBEDDED:
                    self.say("Starting PostgreSQL ...")
                    stack.enter_context(Server(settings.PG_DATA))
                self.prepare()
                self.serve(host, port, workers)
            except Stop:
                self.say("\nStopping ...")
            finally:
                connections.close_all()
        self.say("Stopped. Everything written is kept.")

    def say(self, line, **options):
        """One plain line, at once."""
        self.stdout.write(line, **options)
        self.stdout.flush()

    def prepare(self):
        """The database up to date, the seed thread planted, the static files collected."""
        try:
            connections[DEFAULT_DB_ALIAS].ensure_connection()
        except OperationalError as fault:
            where = connections[DEFAULT_DB_ALIAS].settings_dict
            raise CommandError(
                f"The database at {where['HOST'] or 'the local socket'}:{where['PORT'] or 5432} could not be reached "
                f"({_first_line(fault, where['PASSWORD'])}). Check DATABASE_URL, or leave it out for an embedded one."
            ) from None
        self.migrate()
        call_command("createcachetable", verbosity=0)
        if settings.WEB_ROLE:
            try:
                grants.grant(settings.WEB_ROLE)
            except grants.NotAllowed as fault:
                raise CommandError(str(fault)) from fault
        call_command("plant_thread", stdout=self.stdout)
        if collected.is_stale():
            self.say("Collecting static files ...")
            call_command("collectstatic", interactive=False, verbosity=0)
            collected.remember()

    def migrate(self):
        """Applies what is missing, with a bar."""
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        total = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if not total:
            return
        bar = _Bar(self.stdout, "Preparing the database", total)
        # call_command and not the executor alone: permissions and groups are made after it
        call_command("migrate", interactive=False, verbosity=1, stdout=bar)
        bar.finish()

    def serve(self, host, port, workers):
        """Runs granian and the worker as children and waits for granian."""
        environment = {"DJANGO_SETTINGS_MODULE": "forum.settings", "AS_WEB_ROLE": "1"}
        if "HTTPS" not in os.environ and env.str("HTTPS", "") == "" and _is_loopback(host):
            environment["HTTPS"] = "0"
        if "ALLOWED_HOSTS" not in os.environ and env.str("ALLOWED_HOSTS", "") == "" and host not in ("0.0.0.0", "::"):  # noqa: S104
            environment["ALLOWED_HOSTS"] = ",".join([*settings.ALLOWED_HOSTS, host])
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
            "--workers", str(workers), "--blocking-threads", "4", "--backlog", "512", "--log-level", "warning",
            "--respawn-failed-workers", "--workers-kill-timeout", "3", "forum.wsgi:application",
        ]  # fmt: skip
        _check_stop()
        # the worker reads the same settings; mails have the same links
        worker = [sys.executable, str(BASE_DIR / "manage.py"), "work"]
        with Child(worker, environment) as worker, Child(command, environment) as web:
            self.say(_welcome(host, port))
            while (code := web.code) is None:
                _check_stop()
                if worker.revive():
                    self.stderr.write("The worker ended by itself and was started again; its last lines stand above.")
                time.sleep(LOOKS_EVERY)
        if code:
            raise CommandError(f"The web server ended by itself with code {code}; its last lines stand above.")


class _Bar:
    """A progress bar fed with migrate's output: each line that tells of an applied migration is one step."""

    def __init__(self, out, label, total):
        self.out, self.label, self.total, self.done = out, label, total, 0
        self.live = sys.stdout.isatty()
        self.draw()

    def write(self, text):
        """Counts the steps in `text`; keeps the rest to itself."""
        steps = text.count(" OK")
        if steps:
            self.done += steps
            self.draw()

    def flush(self):
        """For call_command, which treats us as a stream."""

    def isatty(self):
        """Not a terminal: migrate shall not colour its lines."""
        return False

    def draw(self):
        """The bar on a terminal; elsewhere only its beginning."""
        filled = 24 * self.done // self.total
        line = f"{self.label} [{'#' * filled}{'.' * (24 - filled)}] {self.done}/{self.total}"
        if self.live:
            self.out.write(f"\r{line}", ending="")
            self.out.flush()
        elif not self.done:
            self.out.write(f"{self.label}: {self.total} steps")

    def finish(self):
        """Ends the line."""
        if self.live:
            self.out.write("")


def _number(name, default):
    """The positive whole number in the environment variable `name`."""
    text = env.str(name, "") or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise CommandError(f"{name} is {text!r}; it has to be a whole number from 1 to 65535.")
    return int(text)


def _check_port_is_free(host, port):
    """Said before the slow work begins."""
    try:
        family, kind, proto, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as fault:
        raise CommandError(
            f"Nothing can listen on {host}:{port} ({getattr(fault, 'strerror', None) or fault}). "
            f"Stop what listens there, or choose another: PORT={port + 1 if port < 65_535 else 8000} make run"
        ) from None


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _welcome(host, port):
    shown = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host  # noqa: S104
    return (
        f"\nThe forum is at http://{shown}:{port}/\n"
        "To become a moderator:  make moderator EMAIL=you@example.org  (in a second terminal)\n"
        "Ctrl-C stops everything.\n"
    )


def _first_line(fault, password):
    line = (str(fault).strip().splitlines() or ["no reason given"])[0]
    return line.replace(password, "***") if password else line


def _stop(number, frame):
    # a second Ctrl-C must not interrupt the orderly end
    for each in STOPS:
        signal.signal(each, lambda number, frame: None)
    _asked_to_stop.append(number)
    raise Stop


def _unless_stop(unraisable):
    """What Python does with an exception that it has to drop, unless that is a Stop: `_check_stop` raises it again."""
    if not isinstance(unraisable.exc_value, Stop):
        sys.__unraisablehook__(unraisable)


def _check_stop():
    """Raises Stop if it was raised before and got lost: Python drops what is raised inside a callback of its own."""
    if _asked_to_stop:
        raise Stop
