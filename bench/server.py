"""The real web server on loopback, a client with one keep-alive connection, and the CPU time of processes."""

import contextlib
import http.client
from pathlib import Path

from forum import web_server
from forum.processes import ChildProcess, Supervisor

READY_WITHIN = 30


def children_of(pid: int) -> list[int]:
    """Return the ids of the processes whose parent is `pid`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def cpu_ms(pid: int) -> float:
    """Return the CPU time of all threads of process `pid` and its children so far, in milliseconds (Linux only)."""
    total = 0
    for each in (pid, *children_of(pid)):
        for task in Path(f"/proc/{each}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(task.read_text().split()[0])
    return total / 1e6


class WebServer:
    """The web server as `make run` starts it, for the WSGI application of a module, on a free port."""

    def __init__(self, application: str, workers: int = 1, threads: int = 1, **environment: object) -> None:
        self.application, self.workers, self.threads = application, workers, threads
        self.environment = {"HTTPS": "0", "HTTPS_REDIRECT": "0", "LIMITS": "0"}
        self.environment |= {name: str(value) for name, value in environment.items()}

    def __enter__(self) -> "WebServer":
        self.listener = web_server.listen("127.0.0.1", 0)
        self.port = self.listener.getsockname()[1]
        children = web_server.processes(self.listener, self.workers, self.environment, self.application, self.threads)
        self.supervisor = Supervisor(children, print)
        self.supervisor.__enter__()
        for child in children:
            if not child.wait_until_ready(READY_WITHIN):
                raise SystemExit("The web server did not start; its last lines are above.")
        return self

    def __exit__(self, *exception: object) -> None:
        self.supervisor.stop()
        self.listener.close()

    def client(self) -> "Client":
        """Return a client with a new connection."""
        return Client(self.port)

    def cpu_ms(self) -> float:
        """Return the CPU time of the server's processes so far, in milliseconds."""
        children = [child for child in self.supervisor.services if isinstance(child, ChildProcess)]
        return sum(cpu_ms(child.process.pid) for child in children if child.process is not None)


class Client:
    """A client with one keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(
        self, path: str, *, expect: int | None = 200, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[bytes, http.client.HTTPMessage]:
        """Send a request and return (body, headers) of the answer; names in `headers` have _ in place of -.

        Raises RuntimeError for a status from 500 on, and for a status other than `expect` unless that is None.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, {"Accept-Encoding": "gzip"} | named)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != (expect or answer.status) or answer.status >= 500:
            raise RuntimeError(f"{method} {path}: {answer.status} instead of {expect}: {content[:300]!r}")
        return content, answer.headers
