"""`python -m bench.slow_clients`: measure how long readers wait while stalled connections are open.

python -m bench.slow_clients PORT        measure a forum that runs
python -m bench.slow_clients             start the web server of `make run` on the data of `python -m bench`
"""

import http.client
import socket
import statistics
import sys
import time
from collections.abc import Callable

# The numbers of stalled connections of each kind that the forum must withstand.
LOAD = {"half-sent POST": 200, "idle connection": 600, "half-sent header": 100, "slow reader": 100}
READERS = 30


def open_stalled(kind: str, port: int, path: str = "/") -> socket.socket:
    """Return a stalled connection of one of the kinds in LOAD to this machine's `port`."""
    stalled = socket.socket()
    if kind == "slow reader":
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    stalled.settimeout(10)
    stalled.connect(("127.0.0.1", port))
    stalled.sendall(request_of(kind, path))
    return stalled


def request_of(kind: str, path: str, host: str = "localhost") -> bytes:
    """Return what a stalled client of this kind has sent so far."""
    return {
        "half-sent POST": f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5000\r\n\r\nsource=a",
        "idle connection": "",
        "half-sent header": f"GET {path} HTTP/1.1\r\nHost: {host[:5]}",
        "slow reader": f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n" * 3,
    }[kind].encode()


def wait_of_reader(port: int, path: str = "/") -> float:
    """Return the seconds that a reader with a new connection waits for a page; raises OSError after ten seconds."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise OSError(f"{path} answered {answer.status}")
    return time.perf_counter() - began


def measure(port: int, show: Callable[[str], None] = print) -> None:
    """Print the median and longest wait of readers without stalled connections, then with more and more of them."""
    held: list[socket.socket] = []
    try:
        for kind, count in {"none": 0, **LOAD}.items():
            held += [open_stalled(kind, port) for _ in range(count)]
            waits = [wait_of_reader(port) * 1_000 for _ in range(READERS)]
            shown = f"median {statistics.median(waits):7.1f} ms, longest {max(waits):7.1f} ms"
            show(f"{count:4} × {kind:17} ({len(held):4} open): {shown}")
    finally:
        for stalled in held:
            stalled.close()


def main() -> None:
    """Measure the server on the given port, or start one and measure that."""
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]))
        return
    import os

    from bench.__main__ import DATA
    from bench.server import WebServer
    from forum.embedded_postgres import Server

    os.environ |= {"FORUM_PG_DATA": str(DATA), "DJANGO_SETTINGS_MODULE": "forum.settings", "HTTPS": "0"}
    with Server(DATA), WebServer("forum.wsgi", workers=2, threads=8) as server:
        measure(server.port)


if __name__ == "__main__":
    main()
