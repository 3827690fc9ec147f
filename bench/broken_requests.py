"""`python -m bench.broken_requests [NUMBER [SEED]]`: send 10,000 broken requests to all addresses of the forum.

None of them may be answered with 500. The test suite sends 1,000 (tests/forum/test_broken_requests.py).
"""

import contextlib
import io
import logging
import os
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_from_bytes

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

METHODS = ["GET"] * 10 + ["POST"] * 15 + ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "BREW", ""]
NUMBERS = [
    "0",
    "1",
    "-1",
    "1e9",
    "NaN",
    "Infinity",
    "1.5",
    "+1",
    " 1",
    "1_0",
    "0x10",
    "٣",
    "²",
    "99999999999",
    str(2**31),
    str(2**63),
    str(2**64),
    "9" * 40,
    "1" * 5_000,
    "",
]
TEXTS = [
    "",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202e",
    "%",
    "%00",
    "'",
    '"',
    "\\",
    "{}",
    "[]",
    "null",
    "true",
    "../../etc/passwd",
    "[x](<>)",
    "&#" + "1" * 5_000 + ";",
    "a" * 300,
    "a" * 30_000,
    "é" * 3_000,
    "🙂" * 999,
    "\n" * 3_000,
    "on",
    "a@b.c",
    "a@" + "b" * 300 + ".c",
    "2026-13-45",
    "2026-01-01T00:00:00Z",
    "javascript:alert(1)",
    "//a.b",
    "/c/1/",
    "reply:1",
    "edit:99999999999999999999",
    "1:2:3",
    "remove",
    "ban",
]
NAMES = [
    "source",
    "title",
    "text",
    "note",
    "reason",
    "key",
    "place",
    "writer",
    "question",
    "standpoint",
    "asks_1",
    "asks_2",
    "seen",
    "name",
    "email",
    "began",
    "again",
    "sure",
    "act",
    "rule",
    "canned",
    "measure",
    "outcome",
    "action",
    "days",
    "_selected_action",
    "index",
    "confirmed",
    "from_page",
    "item",
    "person",
    "preview",
    "measured",
    "entries",
    "mark",
    "until",
    "since",
    "folded",
    "look",
    "next",
    "login",
    "password",
    "code",
    "display_name",
    "website",
    "comment",
    "warned",
    "listed",
    "level",
    "words",
    "version",
    "before",
    "after",
    "order",
    "q",
    "p",
    "e",
    "o",
    "all",
    "_popup",
    "number",
    "evidence",
    "regulator",
    "profession",
    "method",
    "passage",
    "answer",
    "here",
    "page",
    "list_editable",
]
TYPES = [
    "",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/x-www-form-urlencoded; charset=nonsense",
    "application/json",
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=\xff",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; charset=nonsense; boundary=x",
    "multipart/mixed; boundary=x",
    ";;;=",
    "\xff\xfe",
    'a/b/c; =; x="',
]
HEADERS = [
    "ACCEPT",
    "ACCEPT_LANGUAGE",
    "ACCEPT_ENCODING",
    "REFERER",
    "ORIGIN",
    "IF_NONE_MATCH",
    "IF_MODIFIED_SINCE",
    "RANGE",
    "X_FORWARDED_FOR",
    "X_FORWARDED_PROTO",
    "X_FORWARDED_HOST",
    "HX_REQUEST",
    "HX_CURRENT_URL",
    "HX_TARGET",
    "USER_AGENT",
    "X_REQUESTED_WITH",
    "SEC_FETCH_SITE",
    "CONTENT_ENCODING",
    "EXPECT",
    "FORWARDED",
    "X_CSRFTOKEN",
    "AUTHORIZATION",
]
HEADER_VALUES = [
    "",
    "true",
    "\x00",
    "\xff\xfe",
    "a" * 9_000,
    ",;=,;=",
    "*",
    '"',
    "http://",
    "http://[",
    "https://a.b:99999/",
    "://",
    "text/html;q=x",
    "en;q=9",
    "de-" * 99,
    "bytes=9-1",
    "Thu, 99 Foo 2026 00:00:00 GMT",
    "1.2.3.4, ::1, x",
    "::ffff:1.2.3.4",
    "%E0%80%80",
    "%",
    "http://testserver/\x00",
    "null",
    "same-origin",
    "gzip",
    "=?utf-8?q?x?=",
]
COOKIE_NAMES = ["session", "csrf", "guest", "look", "messages", "sessionid", "", "a b", "language", "$Version", "\xff"]
HOSTS = ["testserver"] * 90 + ["", "a b", "testserver:x", "[::1", "evil.example", "testserver:99999", "\xff"]
CSRF = "x" * 32


def addresses(patterns: Iterable["URLPattern | URLResolver"] | None = None, prefix: str = "") -> list[str]:
    """Return one address for each pattern of the URLconf, with {argument} in place of each argument."""
    from django.urls import URLResolver, get_resolver

    found = []
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = str(pattern.pattern)
        route = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)|<(?:\w+:)?(\w+)>", "{argument}", route).strip("^$")
        route = re.sub(r"\\(.)", r"\1", route.replace(r"\Z", ""))
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, prefix + route)
        else:
            found.append(f"/{prefix}{route}")
    return found


class Generator:
    """A generator of broken requests as WSGI environments, the same ones for the same seed.

    `keys` are primary keys of existing rows. `sessions` are session keys of users, so that views that require sign-in
    are reached, too.
    """

    def __init__(self, seed: int, keys: list[int], sessions: list[str]) -> None:
        self.random = random.Random(seed)  # noqa: S311  (not for secrets)
        self.addresses = addresses()
        self.keys, self.sessions = keys, sessions

    def requests(self, number: int) -> Iterator[dict]:
        """Yield `number` environments; every address is used before any is used again."""
        for index in range(number):
            yield self._environ(self.addresses[index % len(self.addresses)])

    def _is(self, chance: float) -> bool:
        return self.random.random() < chance

    def _value(self) -> str:
        kind = self.random.random()
        if kind < 0.3:
            return str(self.random.choice(self.keys))
        return self.random.choice(NUMBERS if kind < 0.6 else TEXTS)

    def _path(self, address: str) -> bytes:
        argument = str(self.random.choice(self.keys)) if self._is(0.6) else self._value()
        path = address.replace("{argument}", argument).encode("utf-8", "surrogatepass")[:4_000]
        if self._is(0.1):
            path += self.random.choice([b"\xff", b"\x00", b"//", b"/..", b"?", b"%", b"\xe0\x80", b"x" * 3_000])
        return path

    def _pairs(self, most: int) -> list[tuple[bytes, bytes]]:
        chosen = [(self.random.choice(NAMES), self._value()) for _n in range(self.random.randrange(most))]
        return [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in chosen]

    def _encoded(self, pairs: list[tuple[bytes, bytes]]) -> bytes:
        text = "&".join(f"{quote_from_bytes(name)}={quote_from_bytes(value)}" for name, value in pairs).encode()
        if self._is(0.15):
            text += self.random.choice([b"&%", b"&%ff=%ff", b"&=", b"&&&", b"&a=%00", b";", b"\xff\xfe", b"&%E0%80=x"])
        return text

    def _multipart(self, pairs: list[tuple[bytes, bytes]]) -> bytes:
        part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        files = [b"", b"", b"", b'; filename="a.txt"', b'; filename="\xff\x00"', b"; filename*=x''%ff"]
        body = b"".join(part % (name, self.random.choice(files), value) for name, value in pairs) + b"--x--\r\n"
        kind = self.random.random()
        if kind < 0.2:
            return body[: self.random.randrange(len(body))]
        if kind < 0.3:
            return body.replace(b"\r\n", b"\n")
        if kind < 0.4:
            broken = (
                b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n'
            )
            return broken + body
        return body

    def _body(self, kind: str) -> bytes:
        if self._is(0.06):
            # more fields, or more bytes, than Django takes
            return b"a=1&" * 1_100 if self._is(0.5) else b"source=" + b"a" * 2_600_000
        pairs = self._pairs(12)
        if kind.startswith("multipart"):
            return self._multipart(pairs * (150 if self._is(0.05) else 1))
        return bytes(self.random.randrange(256) for _n in range(200)) if self._is(0.1) else self._encoded(pairs)

    def _cookies(self) -> str:
        cookies = []
        if self._is(0.7):
            cookies.append(f"csrf={CSRF}")
        if self.sessions and self._is(0.7):
            cookies.append(f"session={self.random.choice(self.sessions)}")
        for _n in range(self.random.randrange(4) if self._is(0.4) else 0):
            value = self.random.choice([*TEXTS, "{}:x:y", "W10:1x:y", "a:b", '"a\\"b"', "=", ";", "\x01", "a" * 8_000])
            cookies.append(f"{self.random.choice(COOKIE_NAMES)}={value}")
        return "; ".join(cookies).encode("utf-8", "replace").decode("latin-1")

    def _environ(self, address: str) -> dict:
        method = self.random.choice(METHODS)
        kind = self.random.choice(TYPES) if self._is(0.25) else self.random.choice([TYPES[1], TYPES[8]])
        body = self._body(kind) if method not in ("GET", "HEAD") or self._is(0.05) else b""
        length = str(len(body))
        if self._is(0.05):
            # HTTP servers refuse anything that is not a number or is too large
            length = self.random.choice(["", "-1", "0", str(len(body) + 9), "9" * 15])
        query = self._encoded(self._pairs(5)) if self._is(0.5) else b""
        if self._is(0.02):
            query += b"&a=" + b"x" * 60_000
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self._path(address).decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": length,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.random.choice(["127.0.0.1", "", "::1", "x", "1.2.3.4:5"]),
            "HTTP_HOST": self.random.choice(HOSTS),
            "HTTP_COOKIE": self._cookies(),
            "HTTP_X_CSRFTOKEN": CSRF,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        for _n in range(self.random.randrange(4)):
            environ[f"HTTP_{self.random.choice(HEADERS)}"] = self.random.choice(HEADER_VALUES)
        return environ


def answer(application: Callable, environ: dict) -> int:
    """Send one request to a WSGI application; return the status."""
    said = []
    response = application(environ, lambda status, headers, exc_info=None: said.append(int(status.split()[0])))
    try:
        for _chunk in response:
            pass
    finally:
        getattr(response, "close", lambda: None)()
    return said[0]


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """Roll back the changes of a request, and keep Django from closing the connection meanwhile."""
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections, transaction

    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def described(environ: dict) -> str:
    """Return a line that describes a request, for the report of a failure."""
    body = environ["wsgi.input"].getvalue()
    path = quote(environ["PATH_INFO"].encode("latin-1"))
    return (
        f"{environ['REQUEST_METHOD']} {path[:120]}?{environ['QUERY_STRING'][:120]} {environ['CONTENT_TYPE']!r} "
        f"cookies {environ['HTTP_COOKIE'][:120]!r} body {body[:200]!r}"
    )


def main(number: int, seed: int) -> None:
    """Send `number` requests to the forum on a new database; exit with 1 if any is answered with 500."""
    from forum.embedded_postgres import Server, throw_away

    folder = Path(tempfile.mkdtemp(prefix="two-way-street-broken-")) / "postgres"
    folder.parent.chmod(0o711)
    os.environ |= {"FORUM_PG_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with Server(folder, durable=False):
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from forum.wsgi import application
        from tests.forum.test_broken_requests import fill

        # refusals are expected and counted below
        logging.disable(logging.ERROR)
        call_command("migrate", verbosity=0)
        statuses: Counter[int] = Counter()
        for environ in Generator(seed, *fill()).requests(number):
            with undone():
                status = answer(application, environ)
            statuses[status] += 1
            if status == 500:
                print(described(environ), flush=True)
        connection.close()
    throw_away(folder)
    folder.parent.rmdir()
    print(
        f"{number:,} requests of seed {seed}:", ", ".join(f"{n:,} × {status}" for status, n in sorted(statuses.items()))
    )
    if statuses[500]:
        raise SystemExit(1)


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:3]]
    main(*[*arguments, *[10_000, 1][len(arguments) :]])
