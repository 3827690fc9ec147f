"""A WSGI application that sends a file's bytes, compressed already, and does nothing else: no page can cost less."""

import os
from pathlib import Path

BODY = Path(os.environ["BENCH_BODY"]).read_bytes()
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Encoding", "gzip"),
    ("Content-Length", str(len(BODY))),
]


def application(environ, start_response):
    """Sends BODY."""
    start_response("200 OK", HEADERS)
    return [BODY]
