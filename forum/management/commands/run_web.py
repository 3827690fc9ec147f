"""`manage.py run_web`: the web server of a production machine."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from forum import web_server
from forum.env import env, port_or_count
from forum.processes import ChildProcess, GaveUp, StopRequested, Supervisor, announce_ready, stop_on_signals


class Command(BaseCommand):
    """Serve HTTP on HOST:PORT with WORKERS processes of THREADS threads; SIGHUP replaces them one after another."""

    help = (
        "Serves the forum over HTTP until it is stopped. SIGHUP starts new processes with the present code "
        "before it stops the old ones, so that no connection is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add no options: HOST and PORT in the environment say where to listen."""

    def handle(self, **options: Any) -> None:
        """Open the socket, start the processes, and restart those that end."""
        host, port = env.str("HOST", "127.0.0.1"), port_or_count("PORT", 8000)
        try:
            listener = web_server.listen(host, port)
        except (OSError, UnicodeError) as error:
            raise CommandError(
                f"Nothing can listen on {host}:{port} ({getattr(error, 'strerror', None) or error}). "
                "Stop what listens there, or set HOST and PORT to another address."
            ) from None
        children = web_server.processes(listener, port_or_count("WORKERS", 2), {})
        self.reload_requested = False
        with listener, stop_on_signals((signal.SIGINT, signal.SIGTERM)):
            signal.signal(signal.SIGHUP, self._request_reload)
            try:
                with Supervisor(children, self.stderr.write) as supervisor:
                    for child in children:
                        if not child.wait_until_ready(web_server.READY_TIMEOUT):
                            raise GaveUp(child.name)
                    announce_ready()
                    supervisor.run(self._reload_if_requested)
            except StopRequested:
                pass
            except GaveUp as error:
                raise CommandError(f"{error} keeps ending; its last lines are above.") from None

    def _request_reload(self, number: int, frame: object) -> None:
        self.reload_requested = True

    def _reload_if_requested(self, supervisor: Supervisor) -> None:
        if not self.reload_requested:
            return
        self.reload_requested = False
        for child in list(supervisor.services):
            if isinstance(child, ChildProcess) and not supervisor.replace(child, web_server.READY_TIMEOUT):
                self.stderr.write(f"{child.name} did not start anew; the processes that ran before go on.")
                return
        self.stdout.write("Reloaded.")
