"""A WSGI application for tests of the web server: it answers with what arrived, and needs no database."""

import io
import json
import os
import sys


def application(environ, start_response):
    """Answer with the process id and the request as JSON.

    `/large` is larger than a socket buffer, `/stream` has no length, and `/file` and `/large-file` use the server's
    wrapper of files.
    """
    body = environ["wsgi.input"].read()
    seen = {name: value for name, value in environ.items() if isinstance(value, str)}
    answer = json.dumps({"pid": os.getpid(), "environ": seen, "body": len(body)}).encode()
    if environ["PATH_INFO"] == "/large":
        answer = b"x" * 2_000_000
    if environ["PATH_INFO"] == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter([b"one", b"two"])
    if environ["PATH_INFO"] == "/file":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
        return environ.get("wsgi.file_wrapper", lambda file: file)(io.BytesIO(b"abc"))
    if environ["PATH_INFO"] == "/large-file":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](open(sys.executable, "rb"))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]
