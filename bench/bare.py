"""A WSGI application that sends the compressed bytes of a file, as a lower bound of the cost of a page."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

BODY = Path(os.environ["BENCH_BODY"]).read_bytes()
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Encoding", "gzip"),
    ("Content-Length", str(len(BODY))),
]


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
    """Answer a request with BODY."""
    start_response("200 OK", HEADERS)
    return [BODY]
