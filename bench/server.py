"""The real web server on loopback, one keep-alive connection to it, and the CPU time its processes took."""

import contextlib
import http.client
from pathlib import Path

from forum import web_server
from forum.processes import Supervisor

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
    """The web server as `make run` starts it, for the WSGI application of a module, with a port of its own."""

    def __init__(self, application: str, workers: int = 1, threads: int = 1, **environment: object) -> None:
        self.application, self.workers = application, workers
        self.environment = {"HTTPS": "0", "HTTPS_REDIRECT": "0", "LIMITS": "0", "THREADS": str(threads)}
        self.environment |= {name: str(value) for name, value in environment.items()}

    def __enter__(self) -> "WebServer":
        self.listener = web_server.listen("127.0.0.1", 0)
        self.port = self.listener.getsockname()[1]
        children = web_server.processes(self.listener, self.workers, self.environment, self.application)
        self.supervisor = Supervisor(children, print)
        self.supervisor.__enter__()
        for child in children:
            if not child.wait_until_ready(READY_WITHIN):
                raise SystemExit("The web server did not start; its last lines are above.")
        return self

    def __exit__(self, *exception: object) -> None:
        self.supervisor.stop()
        self.listener.close()

    def client(self):
        """A connection of its own."""
        return Client(self.port)

    def cpu_ms(self):
        """CPU time of its processes so far."""
        return sum(cpu_ms(child.process.pid) for child in self.supervisor.services)


class Client:
    """One keep-alive connection; `ask` raises RuntimeError for an answer that was not expected."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, path, *, expect=200, method="GET", body=None, **headers):
        """(bytes, headers) of the answer; `headers` with _ for -. `expect` None takes any answer but an error."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, {"Accept-Encoding": "gzip"} | named)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != (expect or answer.status) or answer.status >= 500:
            raise RuntimeError(f"{method} {path}: {answer.status} instead of {expect}: {content[:300]!r}")
        return content, answer.headers
