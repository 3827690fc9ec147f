"""Serve the forum over HTTP with waitress: one process on a listening socket that its parent opened.

Waitress reads a whole request before it uses a thread for it, and it buffers output that a slow client has not read
yet. So a stalled connection occupies a socket but no thread. Waitress drops header names with an underscore, which
would otherwise overwrite the real ones (`X_Forwarded_For`). forum/http_protocol.py has what we change of its protocol.
Figures of a comparison are in docs/operations.md.

`manage.py run_web` and `manage.py serve` start it as `python -m forum.web_server FD APPLICATION THREADS`.
"""

import resource
import signal
import socket
import sys
from types import FrameType

from forum.env import port_or_count
from forum.processes import ChildProcess, announce_ready

# Threads of each process that answer requests; each keeps one database connection.
THREADS = 8
# Connections waiting in the kernel until a process takes them.
BACKLOG = 2_048
# Open connections of each process.
MAX_CONNECTIONS = 2_000
# File descriptors of a connection: its socket, and the file that it is sent.
DESCRIPTORS_EACH = 2
# Descriptors for everything that is not a client's connection: database, files, buffers on disk.
RESERVED_DESCRIPTORS = 200
# Seconds without a byte after which a connection is closed: idle, half a request, or a reader that stopped reading.
IDLE_TIMEOUT = 30
# Seconds that a new process may take until it can answer.
READY_TIMEOUT = 60
# Seconds between the signal to stop and the end, in which accepted connections may still send their request.
DRAIN_TIME = 1
# In bytes. A larger body is refused unread. The error page for large forms (forum.errors) reads 1,300,000.
MAX_BODY = 3_000_000
MAX_HEADERS = 65_536
# Bytes of a body kept in memory; a larger body is kept in a temporary file.
BODY_IN_MEMORY = 65_536
# Bytes of output that a client has not read yet; above this limit the thread waits for the client.
MAX_UNREAD = 32_000_000


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket that child processes may inherit; raises OSError if the address cannot be used."""
    family, kind, proto, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Waitress cannot close a connection while its client reads nothing; the kernel can. Connections inherit it.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, IDLE_TIMEOUT * 1_000)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def processes(
    listener: socket.socket,
    count: int,
    environment: dict[str, str],
    application: str = "forum.wsgi",
    threads: int | None = None,
) -> list[ChildProcess]:
    """Return `count` processes that share `listener` and run the WSGI `application` of that module.

    Each has `threads` threads; by default the number in the environment variable THREADS, or THREADS. They are killed
    with their parent, since an orphan would hold the port. Raises CommandError for an invalid environment variable.
    """
    descriptor = listener.fileno()
    threads = threads or port_or_count("THREADS", THREADS)
    command = [sys.executable, "-m", "forum.web_server", str(descriptor), application, str(threads)]
    return [
        ChildProcess(f"Web server {number}", command, environment, [descriptor], signal.SIGKILL)
        for number in range(1, count + 1)
    ]


def raise_descriptor_limit() -> int:
    """Raise the limit of open files as far as allowed and needed; return the possible number of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS * DESCRIPTORS_EACH + RESERVED_DESCRIPTORS
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = allowed
    available = wanted if soft == resource.RLIM_INFINITY else min(wanted, soft)
    return max(100, (available - RESERVED_DESCRIPTORS) // DESCRIPTORS_EACH)


def serve(descriptor: int, application_name: str, threads: int) -> None:
    """Answer requests on the listening socket `descriptor` until SIGTERM, then finish the current requests."""
    import importlib

    import waitress.server

    from forum.http_protocol import Channel

    application = importlib.import_module(application_name).application
    from django.conf import settings

    server = waitress.server.create_server(
        application,
        sockets=[socket.socket(fileno=descriptor)],
        threads=threads,
        backlog=BACKLOG,
        connection_limit=raise_descriptor_limit(),
        asyncore_use_poll=True,
        channel_timeout=IDLE_TIMEOUT,
        cleanup_interval=5,
        max_request_body_size=MAX_BODY,
        max_request_header_size=MAX_HEADERS,
        inbuf_overflow=BODY_IN_MEMORY,
        outbuf_high_watermark=MAX_UNREAD,
        # without a trusted proxy, clients must not set these headers
        clear_untrusted_proxy_headers=not settings.ALLAUTH_TRUSTED_PROXY_COUNT,
        ident="",
    )
    server.channel_class = Channel

    def drain(number: int, frame: FrameType | None) -> None:
        """Accept no more connections; those that were accepted have DRAIN_TIME to send their request."""
        server.accepting = False
        signal.setitimer(signal.ITIMER_REAL, DRAIN_TIME)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, drain)
    signal.signal(signal.SIGALRM, lambda number, frame: sys.exit(0))
    announce_ready()
    # on SystemExit it waits for the working threads and returns
    server.run()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
