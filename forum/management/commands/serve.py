"""`manage.py serve`: prepare the database and serve the forum; `make run` runs it."""

import ipaddress
import socket
import sys
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

from forum import grants, static_storage, web_server
from forum.embedded_postgres import Server
from forum.env import BASE_DIR, env, make_var_private, named, port_or_count
from forum.processes import ChildProcess, GaveUp, StopRequested, Supervisor, check_stop, stop_on_signals


class Command(BaseCommand):
    """Start everything the forum needs on this machine and serve it until Ctrl-C; children end with this process."""

    help = "Starts PostgreSQL, migrates, plants the seed thread, collects static files and serves the forum."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        """Prepare, start the web server and the worker, and restart what ends."""
        host, port = env.str("HOST", "127.0.0.1"), port_or_count("PORT", 8000)
        workers = port_or_count("WORKERS", 2)
        make_var_private()
        # opened before the slow work begins, so that a taken port is reported at once
        with self.listen(host, port) as listener, stop_on_signals():
            try:
                with Supervisor([], self.stderr.write) as supervisor:
                    if settings.PG_IS_EMBEDDED:
                        self.say("Starting PostgreSQL ...")
                        supervisor.add(Server(settings.PG_DATA))
                    self.prepare()
                    self.start(supervisor, listener, host, workers)
                    self.say(_welcome(host, port))
                    supervisor.run()
            except StopRequested:
                self.say("\nStopping ...")
            except GaveUp as error:
                raise CommandError(
                    f"{error} keeps ending; its last lines are above. Everything written is kept."
                ) from None
            finally:
                connections.close_all()
        self.say("Stopped. Everything written is kept.")

    def say(self, line: str, **options: Any) -> None:
        """Print one line and flush it."""
        self.stdout.write(line, **options)
        self.stdout.flush()

    def listen(self, host: str, port: int) -> socket.socket:
        """Return the listening socket; raises CommandError with what to do if the port cannot be used."""
        try:
            return web_server.listen(host, port)
        except (OSError, UnicodeError) as error:
            raise CommandError(
                f"Nothing can listen on {host}:{port} ({getattr(error, 'strerror', None) or error}). "
                f"Stop what listens there, or choose another: PORT={port + 1 if port < 65_535 else 8000} make run"
            ) from None

    def prepare(self) -> None:
        """Bring the database up to date, plant the seed thread, and collect static files."""
        try:
            connections[DEFAULT_DB_ALIAS].ensure_connection()
        except OperationalError as error:
            where = connections[DEFAULT_DB_ALIAS].settings_dict
            raise CommandError(
                f"The database at {where['HOST'] or 'the local socket'}:{where['PORT'] or 5432} could not be reached "
                f"({_first_line(error, where['PASSWORD'])}). Check DATABASE_URL, or leave it out for an embedded one."
            ) from None
        self.migrate()
        if settings.WEB_ROLE:
            # needed even without new migrations, because WEB_ROLE may have changed
            grants.grant(settings.WEB_ROLE)
        call_command("plant_thread", stdout=self.stdout)
        if static_storage.is_stale():
            self.say("Collecting static files ...")
            call_command("collectstatic", interactive=False, verbosity=0)
            static_storage.mark_collected()

    def migrate(self) -> None:
        """Apply missing migrations, with a progress bar."""
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        _check_no_earlier_version(executor)
        total = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if not total:
            return
        bar = _Bar(self.stdout, "Preparing the database", total)
        # the command and not just the executor, because it also creates permissions and groups
        call_command("migrate", interactive=False, verbosity=1, stdout=bar)
        bar.finish()

    def start(self, supervisor: Supervisor, listener: socket.socket, host: str, workers: int) -> None:
        """Start the web server and the worker, and wait until the web server is ready."""
        environment = environment_of_children(host)
        if "HTTPS" in environment:
            self.say(
                "HTTPS is off, because only this machine reaches the forum. Behind a proxy that ends TLS, set SITE_URL "
                "and TRUSTED_PROXIES."
            )
        check_stop()
        manage = [sys.executable, "manage.py"]
        # readers can do without it: mails wait in the outbox
        supervisor.add(ChildProcess("Worker", [*manage, "run_worker"], environment), is_essential=False)
        children = web_server.processes(listener, workers, environment)
        for child in children:
            supervisor.add(child)
        for child in children:
            if not child.wait_until_ready(web_server.READY_TIMEOUT):
                raise GaveUp(child.name)


def _check_no_earlier_version(executor: MigrationExecutor) -> None:
    """Raise CommandError if the database has migrations of ours that this version does not know."""
    ours = {app.label for app in apps.get_app_configs() if Path(app.path).parent == BASE_DIR}
    applied = {key for key in executor.loader.applied_migrations if key[0] in ours}
    if applied - set(executor.loader.disk_migrations):
        raise CommandError(
            "The database was made by a version of the forum before 0.1.0, which cannot be upgraded. Move its folder "
            f"({settings.PG_DATA}) away, or give another FORUM_PG_DATA or DATABASE_URL, and start again."
        )


def environment_of_children(host: str) -> dict[str, str]:
    """Return the variables that the children's environment has in addition to ours."""
    environment = {"DJANGO_SETTINGS_MODULE": "forum.settings", "AS_WEB_ROLE": "1"}
    if not env.str("HTTPS", "") and _is_private_trial(host):
        environment["HTTPS"] = "0"
    if not env.str("ALLOWED_HOSTS", "") and host not in ("0.0.0.0", "::"):  # noqa: S104
        environment["ALLOWED_HOSTS"] = ",".join([*settings.ALLOWED_HOSTS, host])
    return environment


def _is_private_trial(host: str) -> bool:
    """Return whether the forum is only tried out on this machine, so that browsers use plain HTTP.

    A proxy that ends TLS may listen on the same machine; then TRUSTED_PROXIES or SITE_URL says so.
    """
    is_behind_proxy = settings.ALLAUTH_TRUSTED_PROXY_COUNT or settings.SITE_URL.startswith("https:")
    return _is_loopback(host) and not is_behind_proxy


class _Bar:
    """A progress bar that reads the output of migrate: each line about an applied migration is one step."""

    def __init__(self, out: Any, label: str, total: int) -> None:
        self.out, self.label, self.total, self.done = out, label, total, 0
        self.live = sys.stdout.isatty()
        self.draw()

    def write(self, text: str) -> None:
        """Count the steps in `text` and drop the text."""
        steps = text.count(" OK")
        if steps:
            self.done += steps
            self.draw()

    def flush(self) -> None:
        """Do nothing; call_command needs a stream."""

    def isatty(self) -> bool:
        """Return False, so that migrate does not colour its lines."""
        return False

    def draw(self) -> None:
        """Draw the bar on a terminal; elsewhere print one line at the beginning."""
        filled = 24 * self.done // self.total
        line = f"{self.label} [{'#' * filled}{'.' * (24 - filled)}] {self.done}/{self.total}"
        if self.live:
            self.out.write(f"\r{line}", ending="")
            self.out.flush()
        elif not self.done:
            self.out.write(f"{self.label}: {self.total} steps")

    def finish(self) -> None:
        """End the line."""
        if self.live:
            self.out.write("")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _welcome(host: str, port: int) -> str:
    return (
        f"\nThe forum is at http://{named(host)}:{port}/\n"
        "To become a moderator:  make moderator EMAIL=you@example.org  (in a second terminal)\n"
        "Ctrl-C stops everything.\n"
    )


def _first_line(error: Exception, password: str) -> str:
    line = (str(error).strip().splitlines() or ["no reason given"])[0]
    return line.replace(password, "***") if password else line
