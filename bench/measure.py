"""The kinds of requests that are measured, and functions that measure one kind on one thread."""

import gzip
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPMessage
from typing import Any
from urllib.parse import urlencode

import django.test
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.models import F
from django.middleware.csrf import _get_new_csrf_string
from django.utils import timezone

from accounts.models import User
from bench import empty_page
from bench.server import Client, WebServer
from forum import pagination
from forum.models import Usage
from posts.models import Comment, Helpful, Reading, Thread
from posts.reading import orders

LONGEST = 4.0
# the kind of the unit U
EMPTY = "member, empty page (U)"
TEXT = "Somebody stayed although I had been unkind the week before, and it was said aloud. " * 7


@dataclass
class Figures:
    """Figures per request: CPU of web server and PostgreSQL in ms, queries and their ms, bytes plain and as sent."""

    cpu: float = 0
    postgres: float = 0
    queries: int = 0
    database: float = 0
    plain: int = 0
    sent: int = 0


@dataclass
class Kind:
    """A kind of request: its address, the person's cookies, and whether the page must be rendered each time (`cold`).

    `post` returns the fields of a form for a number, `expect` is the expected status.
    """

    name: str
    path: str
    cookies: dict = field(default_factory=dict)
    headers: dict = field(default_factory=dict)
    cold: bool = False
    expect: int | None = 200
    post: Callable[[int], dict[str, str]] | None = None

    def ask(self, client: Client, number: int) -> tuple[bytes, HTTPMessage]:
        """Send one request; return the body and headers of the answer. `number` makes the fields of a form unique."""
        headers = dict(self.headers)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.post:
            body = urlencode(self.post(number))
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return client.ask(self.path, method="POST", body=body, expect=self.expect, **headers)
        return client.ask(self.path, expect=self.expect, **headers)


def member_of(thread: Thread, person: User) -> dict[str, str]:
    """Return the cookies of a member who has comments, marks and unread comments in `thread`."""
    rows = list(Comment.objects.filter(thread=thread, depth=1).order_by("id")[:60])
    for row in rows[::3]:
        if row.author_id != person.pk:
            Helpful.objects.get_or_create(person=person, comment=row, defaults={"at": timezone.now()})
    Comment.objects.filter(pk__in=[row.pk for row in rows[1::10]]).update(author=person)
    fresh = Comment.objects.filter(thread=thread).order_by("-published_at").values_list("published_at", flat=True)[30]
    now = timezone.now()
    place = {"new_since": fresh, "seen_until": thread.last_activity_at, "seen_at": now}
    Reading.objects.update_or_create(person=person, thread=thread, defaults=place)
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return {"session": session.session_key or "", "csrf": _get_new_csrf_string()}


def kinds(thread: Thread, person: User, writer: User, size: int) -> list[Kind]:
    """Return the kinds of requests on `thread`, which has `size` comments; `writer` replies, `person` reads."""
    address = thread.get_absolute_url()
    cookies = member_of(thread, person)
    writes = member_of(thread, writer)
    opening = thread.opening
    roots = Comment.objects.filter(parent=opening, is_shown=True)
    middle = roots.filter(pk__gte=(opening.pk + size // 2)).order_by("id").first()
    helpful = roots.order_by(F("helpful_count").desc(), "id")[len(roots) // 2 if opening.below_count < 5_000 else 100]
    branch = roots.order_by("-below_count").first()
    deep = Comment.objects.filter(thread=thread, depth__gte=5, is_shown=True).order_by("id").first()
    if middle is None or branch is None or deep is None:
        raise ValueError("The thread is too short to be measured.")
    thread.refresh_from_db()
    since = pagination.microseconds(thread.last_activity_at)
    position = orders.ORDERS["helpful"].position_of(helpful)

    def reply(number: int) -> dict[str, str]:
        return {"source": f"{TEXT} {number}", "key": f"bench{number}", "csrfmiddlewaretoken": writes["csrf"]}

    htmx = {"HX_Request": "true"}
    return [
        Kind(EMPTY, empty_page.ADDRESS, cookies),
        Kind("visitor, first page, cold", address, cold=True),
        Kind("visitor, first page, warm", address),
        Kind("visitor, deep, cold", f"{address}?after={middle.pk}", cold=True),
        Kind("visitor, newest, cold", f"{address}?order=newest", cold=True),
        Kind("visitor, helpful, cold", f"{address}?order=helpful", cold=True),
        Kind("visitor, helpful deep, cold", f"{address}?order=helpful&after={position}", cold=True),
        Kind("visitor, question, cold", f"{address}?q=1", cold=True),
        Kind("visitor, branch, cold", f"/c/{branch.pk}/branch/", cold=True),
        Kind("member, first page, kept", address, cookies),
        Kind("member, first page, cold", address, cookies, cold=True),
        Kind("member, branch, kept", f"/c/{branch.pk}/branch/", cookies),
        Kind("permalink", f"/c/{deep.pk}/", expect=302),
        Kind("poll that finds nothing", f"/arrivals/{thread.pk}/?since={since}", expect=304),
        Kind("reply, plain form", f"/c/{deep.pk}/reply/", writes, expect=302, post=reply),
        Kind("reply, htmx", f"/c/{deep.pk}/reply/", writes, htmx, post=reply),
    ]


_numbers = iter(range(int(time.time() * 1_000), 10**18))


def cost_of(
    kind: Kind, thread: Thread, server: WebServer, postmaster_cpu: Callable[[], float], count: int | None = None
) -> Figures:
    """Return the figures of `kind` on the running `server`, after two requests that warm it up.

    At least `count` requests (by default 40) are sent; without `count` more, for LONGEST seconds, at most 800. After
    three times LONGEST the measurement ends in any case.
    """
    client, figures = server.client(), Figures()
    for _warming in range(2):
        content, headers = _once(kind, thread, client)
    figures.sent = len(content)
    zipped = headers.get("Content-Encoding") == "gzip"
    figures.plain = len(gzip.decompress(content)) if zipped else len(content)
    began, before, before_pg = time.perf_counter(), server.cpu_ms(), postmaster_cpu()
    bumping = done = 0
    while done < (count or 40) or (count is None and time.perf_counter() - began < LONGEST and done < 800):
        if time.perf_counter() - began > 3 * LONGEST:
            break
        if kind.cold:
            bumping += 1
        _once(kind, thread, client)
        done += 1
    figures.cpu = (server.cpu_ms() - before) / done
    figures.postgres = (postmaster_cpu() - before_pg) / done
    return figures


def _once(kind: Kind, thread: Thread, client: Client) -> tuple[bytes, HTTPMessage]:
    if kind.cold:
        Thread.objects.filter(pk=thread.pk).update(version=F("version") + 1)
    return kind.ask(client, next(_numbers))


def count_queries(
    kind: Kind, thread: Thread, test_client: django.test.Client
) -> tuple[int, float, list[tuple[str, Sequence | None]]]:
    """Return (number of queries, their ms, [(SQL, parameters)]) of one request of `kind` in this process."""
    taken = []

    def listen(
        execute: Callable[..., Any], sql: str, params: Sequence | None, many: bool, context: dict[str, Any]
    ) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            taken.append((time.perf_counter() - began, sql, params))

    for name, value in kind.cookies.items():
        test_client.cookies[name] = value
    headers = {name.replace("_", "-"): value for name, value in kind.headers.items()}
    if kind.cold:
        Thread.objects.filter(pk=thread.pk).update(version=F("version") + 1)
    for _twice in range(1 if kind.cold else 2):
        taken.clear()
        # rate limits are on in this process, and one person writes twice in a row
        Usage.objects.all().delete()
        with connection.execute_wrapper(listen):
            if kind.post:
                test_client.post(kind.path, kind.post(next(_numbers)), headers=headers)
            else:
                test_client.get(kind.path, headers=headers)
    return len(taken), 1_000 * sum(time for time, _sql, _params in taken), [(sql, params) for _t, sql, params in taken]
