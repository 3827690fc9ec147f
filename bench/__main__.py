"""`python -m bench`: measure pages of threads with 1,000 to 1,000,000 comments on the real web server.

The threads are kept in var/bench: the first run makes them, which takes minutes, and later runs use them again.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from forum.embedded_postgres import Server
from forum.env import VAR_DIR

if TYPE_CHECKING:
    from bench.measure import Kind
    from bench.server import WebServer
    from posts.models import Thread

DATA = VAR_DIR / "bench" / "postgres"
SIZES = "1000,10000,100000,1000000"
AT_ONCE = 8


def main() -> None:
    """Make the threads, measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--sizes", default=SIZES, help="lengths of the threads, with commas")
    parser.add_argument("--only-fill", action="store_true", help="make the threads and stop")
    options = parser.parse_args()
    sizes = sorted(int(size) for size in options.sizes.split(","))
    DATA.parent.mkdir(parents=True, exist_ok=True)
    os.environ |= {"FORUM_PG_DATA": str(DATA), "DJANGO_SETTINGS_MODULE": "forum.settings", "HTTPS": "0"}
    with Server(DATA) as postgres:
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        threads = _fill(sizes)
        if options.only_fill:
            return
        try:
            _measure(threads, postgres.process.pid if postgres.process else 0)
        finally:
            from bench import fill

            for thread in threads.values():
                fill.take_replies_back(thread)


def _fill(sizes: list[int]) -> dict[int, "Thread"]:
    import random

    from bench import fill

    somebody, pool = fill.people(), None
    threads = {}
    for size in sizes:
        pool = pool or fill.texts(random.Random(1))  # noqa: S311
        threads[size] = fill.thread_of(size, somebody, pool)
    return threads


def _measure(threads: dict[int, "Thread"], postmaster: int) -> None:
    from django.conf import settings
    from django.test import Client

    from bench import measure, report
    from bench.fill import people
    from bench.server import WebServer, cpu_ms

    # requests in this process count queries only
    settings.ALLOWED_HOSTS.append("testserver")
    person, writer = people()[0], people()[AT_ONCE + 1]
    by_size = {size: measure.kinds(thread, person, writer, size) for size, thread in threads.items()}
    names = [kind.name for kind in next(iter(by_size.values()))]
    figures, sql = {}, []
    for fresh, wanted in ((0, True), (1, False)):
        with WebServer("bench.empty_page", KEPT_PAGES_FRESH=fresh) as server:
            for index, name in enumerate(names):
                # all sizes in a row, so that a slow phase of the machine affects them alike
                for size, thread in threads.items():
                    kind = by_size[size][index]
                    if kind.cold == wanted:
                        figures[name, size] = measure.cost_of(kind, thread, server, lambda: cpu_ms(postmaster))
                if names and by_size[sizes_of(threads)[-1]][index].cold == wanted:
                    print(f"  measured: {name}", flush=True)
    for index, name in enumerate(names):
        for size, thread in threads.items():
            count, taken, statements = measure.count_queries(by_size[size][index], thread, Client())
            figures[name, size].queries, figures[name, size].database = count, taken
            if size == sizes_of(threads)[-1]:
                sql += [(name, *statement) for statement in statements]
    bare = _bare(threads, by_size)
    report.table(names, sizes_of(threads), figures)
    plans = report.plans(sql)
    together = _together(threads, by_size)
    report.targets(sizes_of(threads), figures, bare, together, plans)


def sizes_of(threads: dict[int, "Thread"]) -> list[int]:
    """Return the numbers of comments of the threads in ascending order."""
    return sorted(threads)


def _bare(threads: dict[int, "Thread"], by_size: dict[int, list["Kind"]]) -> float:
    """Return the milliseconds of CPU that the server takes to send the bytes of the visitor's page and no more."""
    from bench import measure
    from bench.server import WebServer

    size = sizes_of(threads)[0]
    kind = next(kind for kind in by_size[size] if kind.name == "visitor, first page, warm")
    with WebServer("forum.wsgi") as server:
        body, _headers = kind.ask(server.client(), 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "body"
        path.write_bytes(body)
        with WebServer("bench.bare", BENCH_BODY=path) as server:
            return measure.cost_of(measure.Kind("bare", "/"), threads[size], server, lambda: 0).cpu


def _together(threads: dict[int, "Thread"], by_size: dict[int, list["Kind"]]) -> list[float]:
    """Return the replies per second of eight people in eight threads and in one, with two workers as in `make run`."""
    from bench import measure
    from bench.fill import people
    from bench.server import WebServer
    from posts.writing import comments

    biggest = threads[sizes_of(threads)[-1]]
    somebody = people()[1 : AT_ONCE + 1]
    small = [
        comments.start_thread(author=None, byline="The bench", title=f"A talk of its own, {n}", source=measure.TEXT)
        for n in range(AT_ONCE)
    ]
    rates = []
    places = ([thread.opening.pk for thread in small], [biggest.opening.pk] * AT_ONCE)
    with WebServer("forum.wsgi", workers=2, threads=4) as server:
        for parents in (*places, *places):
            cookies = [measure.member_of(biggest, person) for person in somebody]
            rates.append(_rate(server, parents, cookies))
    # the first round only warms the server up
    return rates[2:]


def _rate(server: "WebServer", parents: list[int], cookies: list[dict[str, str]], seconds: float = 5) -> float:
    """Return the replies per second to `parents`, each by the person with the cookies at the same index."""
    from bench import measure

    done, stop = [0] * AT_ONCE, time.perf_counter() + seconds

    def write(index: int) -> None:
        client = server.client()

        def reply(number: int) -> dict[str, str]:
            key = f"{index}-{number}"
            token = cookies[index]["csrf"]
            return {"source": f"{measure.TEXT} {key}", "key": key, "csrfmiddlewaretoken": token}

        kind = measure.Kind("reply", f"/c/{parents[index]}/reply/", cookies[index], {"HX_Request": "true"}, post=reply)
        while time.perf_counter() < stop:
            kind.ask(client, time.time_ns())
            done[index] += 1

    writers = [threading.Thread(target=write, args=[index]) for index in range(AT_ONCE)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return sum(done) / seconds


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
