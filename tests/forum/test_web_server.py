"""The web server as it is shipped: stalled clients, forged headers, large bodies."""

import contextlib
import http.client
import json
import os
import socket
import threading
import urllib.request
from contextlib import contextmanager

import pytest
from django.core.management.base import CommandError

from bench import slow_clients
from forum import web_server
from forum.processes import Supervisor
from tests.forum.launching import until

pytestmark = pytest.mark.processes
READY_WITHIN = 60


@contextmanager
def running(count=2, threads=8, **environment):
    """The web server with a small application; its port and its supervisor."""
    listener = web_server.listen("127.0.0.1", 0)
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings"} | environment
    children = web_server.processes(listener, count, environment, "tests.forum.small_wsgi_app", threads)
    with listener, Supervisor(children, lambda line: None) as supervisor:
        assert all(child.wait_until_ready(READY_WITHIN) for child in children)
        yield listener.getsockname()[1], supervisor


@pytest.fixture(scope="module")
def port():
    with running() as (port, _supervisor):
        yield port


def ask(port, raw):
    """The head and the body of the answer to the bytes `raw`."""
    with socket.create_connection(("127.0.0.1", port), 10) as link:
        link.sendall(raw)
        answer = link.makefile("rb").read()
    head, _blank, body = answer.partition(b"\r\n\r\n")
    return head.decode(), body


def seen(port, *headers):
    """What the application finds in its environment for a request with `headers`."""
    lines = ["GET / HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    return json.loads(ask(port, "\r\n".join(lines).encode())[1])["environ"]


def test_readers_are_answered_while_a_thousand_connections_stall():
    """Each kind in turn, and all at once: without them a reader would time out after ten seconds."""
    with running(threads=4) as (port, _supervisor):
        held = []
        try:
            for kind, count in slow_clients.LOAD.items():
                held += [slow_clients.open_stalled(kind, port, "/large") for _ in range(count)]
                for _ in range(3):
                    slow_clients.wait_of_reader(port)
        finally:
            for stalled in held:
                stalled.close()


def test_client_that_asks_for_much_and_reads_nothing_holds_no_thread():
    """The answer is larger than what waitress lets a thread leave behind by default."""
    with running(1, threads=1) as (port, _supervisor), socket.create_connection(("127.0.0.1", port), 10) as link:
        link.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        # the only thread turns to the client and to the readers by turns
        for _ in range(40):
            slow_clients.wait_of_reader(port)


@pytest.mark.parametrize(
    ("forged", "name"),
    [
        ("X_Forwarded_For: 192.0.2.9", "HTTP_X_FORWARDED_FOR"),
        ("X_Forwarded_Proto: https", "HTTP_X_FORWARDED_PROTO"),
        ("Hx_Request: true", "HTTP_HX_REQUEST"),
        ("X-Forwarded_For: 192.0.2.9", "HTTP_X_FORWARDED_FOR"),
    ],
)
def test_header_with_underscore_is_dropped(port, forged, name):
    assert name not in seen(port, forged)


def test_forged_header_with_underscore_does_not_reach_the_genuine_one():
    with running(1, TRUSTED_PROXIES="1") as (port, _supervisor):
        found = seen(port, "X-Forwarded-For: 192.0.2.1", "X_Forwarded_For: 192.0.2.9")
        assert found["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"
        found = seen(port, "X_Forwarded_For: 192.0.2.9", "X-Forwarded-For: 192.0.2.1")
        assert found["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"


def test_without_a_proxy_forwarded_headers_are_dropped(port):
    found = seen(port, "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "Forwarded: for=192.0.2.1")
    assert not {"HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED"} & set(found)


def test_body_that_is_too_large_is_refused(port):
    head, _body = ask(port, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6000000\r\n\r\n")
    assert head.startswith("HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "body", [b"5\r\nhello\r\n0\r\n\r\n", b"0\r\n" + b"a" * 500, b"a" * 500, b"5;" + b"a" * 500, b""]
)
@pytest.mark.parametrize("more", ["", "Expect: 100-continue\r\n", "Content-Length: 5\r\n"])
def test_chunked_body_is_refused_unread(port, body, more):
    """Waitress would search a line without an end again with every read, in the thread that all readers need."""
    head, _body = ask(port, f"POST / HTTP/1.1\r\nHost: a\r\n{more}Transfer-Encoding: chunked\r\n\r\n".encode() + body)
    assert head.startswith("HTTP/1.1 411 ")


@pytest.mark.parametrize(
    ("cookies", "status"),
    [
        ('a=1; session=abc; b="x\\054y"', "200"),
        ("a=" + "x" * 8_000, "200"),
        ("a=" + "x" * 9_000, "431"),
        ('a="' + "\\" * 60 + '"', "431"),
        ('a="' + '\\"' * 60 + '"', "431"),
        ('a="' + "\\" * 30 + "\r\nCookie: " + "\\" * 30 + '"', "431"),
    ],
)
def test_cookies_that_take_long_to_read_are_refused(port, cookies, status):
    head, _body = ask(port, f"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: {cookies}\r\n\r\n".encode())
    assert head.split()[1] == status


@pytest.mark.parametrize(
    "request_line",
    [
        "GET http://[SECRET]/ HTTP/1.1",
        "GET http://[::1/x HTTP/1.1",
        "POST / HTTP/1.1\r\nContent-Length: " + "9" * 5_000,
    ],
)
def test_unreadable_request_is_answered_and_not_logged(request_line, capfd):
    with running(1) as (port, _supervisor):
        head, _body = ask(port, f"{request_line}\r\nHost: a\r\n\r\n".encode())
    assert head.startswith("HTTP/1.1 400 ")
    logged = "".join(capfd.readouterr())
    assert not any(word in logged for word in ("SECRET", "127.0.0.1", "Traceback", "999999"))


@pytest.mark.parametrize("path", ["/", "/large", "/stream", "/file"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_answer_to_head_has_no_body(port, path, version):
    request = f"HEAD {path} HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    head, body = ask(port, request.encode())
    assert (head.split()[1], body) == ("200", b"")
    assert ("Content-Length: " in head) is (path != "/stream")


def test_request_after_head_is_answered_on_the_same_connection(port):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as link:
        for method, path in (("HEAD", "/"), ("GET", "/"), ("HEAD", "/file"), ("GET", "/file")):
            link.request(method, path)
            socket_before = link.sock
            answer = link.getresponse()
            assert (answer.status, bool(answer.read())) == (200, method == "GET")
            assert link.sock is socket_before


def test_of_requests_sent_without_waiting_only_the_first_is_answered(port):
    head, body = ask(port, b"GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n" * 17)
    assert ("Connection: close" in head, body) == (True, b"abc")


def descriptors(child):
    return len(os.listdir(f"/proc/{child.process.pid}/fd"))


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="counts the descriptors that Linux lists")
def test_clients_that_read_nothing_hold_one_file_each_and_are_closed(monkeypatch):
    """Each asks for a file seventeen times at once; waitress would open all of them and never close the connection."""
    monkeypatch.setattr(web_server, "IDLE_TIMEOUT", 1)
    with running(1) as (port, supervisor):
        (child,) = supervisor.services
        before, held = descriptors(child), []
        try:
            for _ in range(60):
                held.append(slow_clients.open_stalled("slow reader", port, "/large-file"))
                held[-1].sendall(slow_clients.request_of("slow reader", "/large-file") * 5)
            for _ in range(3):
                slow_clients.wait_of_reader(port)
            assert descriptors(child) <= before + 60 * web_server.DESCRIPTORS_EACH + 2
            assert until(lambda: descriptors(child) <= before + 2)
        finally:
            for stalled in held:
                stalled.close()


def test_connections_leave_descriptors_for_files_and_database(monkeypatch):
    limits = [(1_024, 2_200)]
    monkeypatch.setattr(web_server.resource, "getrlimit", lambda kind: limits[-1])
    monkeypatch.setattr(web_server.resource, "setrlimit", lambda kind, limit: limits.append(limit))
    assert web_server.raise_descriptor_limit() == 1_000
    assert limits[-1] == (2_200, 2_200)


def test_invalid_number_of_threads_is_one_sentence(monkeypatch):
    monkeypatch.setenv("THREADS", "many")
    with web_server.listen("127.0.0.1", 0) as listener, pytest.raises(CommandError, match="THREADS is 'many'"):
        web_server.processes(listener, 1, {})


def test_no_answer_names_the_software(port):
    assert "waitress" not in ask(port, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")[0].lower()


def test_reload_refuses_no_connection():
    failures, pids, stop = [], set(), threading.Event()

    def read_on(port):
        while not stop.is_set():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                    pids.add(json.load(answer)["pid"])
            except OSError as error:
                failures.append(error)

    with running() as (port, supervisor):
        readers = [threading.Thread(target=read_on, args=[port]) for _ in range(4)]
        for reader in readers:
            reader.start()
        before = {child.process.pid for child in supervisor.services}
        try:
            for child in list(supervisor.services):
                assert supervisor.replace(child, READY_WITHIN)
            after = {child.process.pid for child in supervisor.services}
            assert until(lambda: pids & after)
        finally:
            stop.set()
            for reader in readers:
                reader.join()
        assert failures == []
        assert not before & after


def test_replacement_that_does_not_start_keeps_the_old_process():
    with running(1) as (port, supervisor):
        child = supervisor.services[0]
        child.environment["DJANGO_SETTINGS_MODULE"] = "no.such.settings"
        assert not supervisor.replace(child, READY_WITHIN)
        assert supervisor.services == [child]
        assert slow_clients.wait_of_reader(port) > 0
