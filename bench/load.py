"""`python -m bench.load`: measure how long readers wait while 50 people read and 8 write in a thread of 2,000 comments.

Half of the readers are signed in. Each waits a second between two requests. The load comes from the same machine, so
compare runs on one machine instead of absolute figures.
"""

import argparse
import os
import random
import statistics
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from bench.__main__ import DATA
from forum.embedded_postgres import Server

if TYPE_CHECKING:
    from bench.measure import Kind
    from bench.server import WebServer
    from posts.models import Thread

SIZE, READERS, WRITERS, PAUSE = 2_000, 50, 8, 1.0
# Kinds of requests that readers make, chosen at random.
READ = (
    "front page",
    "visitor, first page, warm",
    "member, first page, kept",
    "visitor, newest, cold",
    "visitor, branch, cold",
    "permalink",
    "poll that finds nothing",
)


class Person(threading.Thread):
    """A thread that sends one person's requests until `until`; `waits` collects (kind, seconds, was answered)."""

    def __init__(
        self, server: "WebServer", kinds: list["Kind"], until: float, seed: int, waits: list[tuple[str, float, bool]]
    ) -> None:
        super().__init__()
        self.server, self.kinds, self.until, self.waits = server, kinds, until, waits
        self.dice = random.Random(seed)  # noqa: S311

    def run(self) -> None:
        """Send requests with a pause between them."""
        client = self.server.client()
        time.sleep(self.dice.random() * PAUSE)
        while time.monotonic() < self.until:
            kind, began = self.dice.choice(self.kinds), time.perf_counter()
            try:
                kind.ask(client, time.time_ns())
                answered = True
            except (OSError, RuntimeError):
                client, answered = self.server.client(), False
            self.waits.append((kind.name, time.perf_counter() - began, answered))
            time.sleep(PAUSE)


def people_of(
    thread: "Thread", server: "WebServer", until: float, waits: list[tuple[str, float, bool]]
) -> list[Person]:
    """Return readers and writers; each member has a session of their own."""
    from bench import fill, measure

    members = fill.people()
    persons = []
    for number in range(READERS):
        kinds = measure.kinds(thread, members[number], members[number], SIZE) if number < 2 else None
        if kinds is not None:
            base = kinds
        cookies = measure.member_of(thread, members[number]) if number % 2 else {}
        chosen = [_as(kind, cookies) for kind in base if kind.name in READ]
        chosen.append(measure.Kind("front page", "/", cookies))
        persons.append(Person(server, chosen, until, number, waits))
    for number in range(WRITERS):
        writer = members[READERS + number]
        reply = next(kind for kind in measure.kinds(thread, writer, writer, SIZE) if kind.name == "reply, htmx")
        persons.append(Person(server, [reply], until, READERS + number, waits))
    return persons


def _as(kind: "Kind", cookies: dict[str, str]) -> "Kind":
    """Return a copy of `kind` for the person with these cookies, which does not bypass the cache."""
    from dataclasses import replace

    # a poll may find new comments while others write
    return replace(kind, cookies=cookies, cold=False, expect=None if kind.expect == 304 else kind.expect)


def main() -> None:
    """Make the thread, run the load, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=8, help="threads of each of the two web processes")
    options = parser.parse_args()
    DATA.parent.mkdir(parents=True, exist_ok=True)
    os.environ |= {"FORUM_PG_DATA": str(DATA), "DJANGO_SETTINGS_MODULE": "forum.settings", "HTTPS": "0"}
    with Server(DATA):
        import django

        django.setup()
        from django.core.management import call_command

        from bench import fill
        from bench.server import WebServer

        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        thread = fill.thread_of(SIZE, fill.people(), fill.texts(random.Random(1)))  # noqa: S311
        try:
            with WebServer("forum.wsgi", workers=2, threads=options.threads) as server:
                _run(thread, server, options.seconds)
        finally:
            fill.take_replies_back(thread)


def _run(thread: "Thread", server: "WebServer", seconds: int) -> None:
    from django.db import connection

    waits: list = []
    persons = people_of(thread, server, time.monotonic() + seconds, waits)
    for person in persons:
        person.until = time.monotonic() + seconds
        person.start()
    connections = 0
    while any(person.is_alive() for person in persons):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
            connections = max(connections, cursor.fetchone()[0] - 1)
        time.sleep(1)
    by_kind = defaultdict(list)
    for name, wait, answered in waits:
        if answered:
            by_kind[name].append(1_000 * wait)
    everything = [wait for found in by_kind.values() for wait in found]
    print(f"{READERS} readers and {WRITERS} writers, {seconds} s, {server.cpu_ms() / 1_000 / seconds:.2f} cores used")
    for name, found in [("all requests", everything), *sorted(by_kind.items())]:
        cuts = statistics.quantiles(found, n=100)
        print(
            f"  {name:28} {len(found):6} p50 {cuts[49]:7.1f} ms  p95 {cuts[94]:7.1f} ms  longest {max(found):7.1f} ms"
        )
    failed = sum(not answered for _name, _wait, answered in waits)
    print(f"  not answered: {failed}; database connections of the web server: {connections} at most")


if __name__ == "__main__":
    main()
