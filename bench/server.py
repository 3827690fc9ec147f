"""The real web server on loopback, one keep-alive connection to it, and the CPU time its processes took."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from forum.env import BASE_DIR
from forum.lifeline import tied_to_us

READY_WITHIN = 30


def children_of(pid):
    """The processes whose parent is `pid`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def cpu_ms(pid):
    """CPU time of the process `pid` and its children so far, all their threads, in milliseconds (Linux)."""
    total = 0
    for each in (pid, *children_of(pid)):
        for task in Path(f"/proc/{each}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(task.read_text().split()[0])
    return total / 1e6


class WebServer:
    """granian as `make run` starts it, for one WSGI application; ends with the `with` block or with us."""

    def __init__(self, application, workers=1, threads=1, **environment):
        self.application, self.workers, self.threads = application, workers, threads
        self.environment = {name: str(value) for name, value in environment.items()}

    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
            "--workers", str(self.workers), "--blocking-threads", str(self.threads), "--backlog", "512",
            "--log-level", "warning", "--workers-kill-timeout", "3", self.application,
        ]  # fmt: skip
        environment = os.environ | {"HTTPS": "0", "HTTPS_REDIRECT": "0", "LIMITS": "0"} | self.environment
        self.process = subprocess.Popen(
            command, cwd=BASE_DIR, env=environment, start_new_session=True, preexec_fn=tied_to_us()
        )
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return self
            time.sleep(0.05)
        raise SystemExit("The web server did not start; its last lines stand above.")

    def __exit__(self, *exception):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def client(self):
        """A connection of its own."""
        return Client(self.port)

    def cpu_ms(self):
        """CPU time of its processes so far."""
        return cpu_ms(self.process.pid)


class Client:
    """One keep-alive connection; `ask` raises RuntimeError for an answer that was not expected."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, path, *, expect=200, method="GET", body=None, **headers):
        """(bytes, headers) of the answer; `headers` with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, {"Accept-Encoding": "gzip"} | named)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != expect:
            raise RuntimeError(f"{method} {path}: {answer.status} instead of {expect}: {content[:300]!r}")
        return content, answer.headers
