"""The report of the benchmark: a table of figures, the plans of the queries, and the targets."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection

from bench.measure import EMPTY

if TYPE_CHECKING:
    from bench.measure import Figures

# No node of a plan may read more rows than a page and its counts need.
MOST_ROWS = 700
LARGE = ("posts_comment", "posts_helpful", "posts_reading")


def table(names: list[str], sizes: list[int], figures: dict[tuple[str, int], "Figures"]) -> None:
    """Print a row per kind: CPU for each size, the ratio of largest to smallest, and other figures of the largest."""
    print(
        f"\nCPU of the web server in ms a request, for threads of {', '.join(f'{size:,}' for size in sizes)} comments;"
    )
    print("then, for the largest: ratio to the smallest, CPU of PostgreSQL, queries, their ms, KB plain and as sent\n")
    head = "".join(f"{size:>11,}" for size in sizes)
    print(f"{'':30}{head}{'ratio':>8}{'pg ms':>8}{'queries':>9}{'db ms':>8}{'KB':>8}{'sent':>7}")
    for name in names:
        row = [figures[name, size] for size in sizes]
        last = row[-1]
        cells = "".join(f"{each.cpu:11.2f}" for each in row)
        print(
            f"{name:30}{cells}{last.cpu / row[0].cpu:8.2f}{last.postgres:8.2f}{last.queries:9}{last.database:8.2f}"
            f"{last.plain / 1_000:8.1f}{last.sent / 1_000:7.1f}"
        )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def plans(statements: list[tuple[str, str, Sequence | None]]) -> list[str]:
    """Print and return the nodes of query plans that scan a whole table, read too many rows, or use OFFSET.

    `statements` are (name of the kind, SQL, parameters) for the largest thread.
    """
    found, asked = [], 0
    with connection.cursor() as cursor:
        for name, sql, params in statements:
            # EXPLAIN ANALYZE runs the query, so statements that write are left out
            if not sql.lstrip("\n( ").startswith(("SELECT", "WITH")) or "UPDATE" in sql:
                continue
            asked += 1
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
            answer = cursor.fetchone()[0]
            plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
            for node in _nodes(plan):
                # rows that a filter removes count as read
                rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
                whole = node["Node Type"] == "Seq Scan" and node.get("Relation Name") in (
                    "posts_comment",
                    "posts_helpful",
                )
                if whole or rows > MOST_ROWS or " OFFSET " in sql:
                    found.append(f"{name}: {rows:.0f} rows in a {node['Node Type']}: {' '.join(sql.split())[:160]}")
    print(f"\nEXPLAIN of {asked} queries on the largest thread: {len(found)} against the promise")
    for line in found:
        print(f"  {line}")
    return found


def targets(
    sizes: list[int],
    figures: dict[tuple[str, int], "Figures"],
    bare: float,
    together: list[float],
    plans_found: list[str],
) -> None:
    """Print each target, its figure, and whether it was reached."""
    last, names = sizes[-1], list(dict.fromkeys(name for name, _size in figures))

    def cpu(name: str, size: int = last) -> float:
        return figures[name, size].cpu

    ratios = {name: cpu(name) / cpu(name, sizes[0]) for name in names if not name.startswith("reply")}
    worst = max(ratios, key=ratios.__getitem__)
    cold = max((name for name in names if name.startswith("visitor") and name.endswith("cold")), key=cpu)
    apart, in_one = together
    unit = cpu(EMPTY)
    queries = max(figures[f"reply, {way}", last].queries for way in ("htmx", "plain form"))
    rows = [
        (f"the largest costs ≤ 1.2 × the smallest (worst: {worst})", ratios[worst], 1.2, "×"),
        ("member’s first page with the tree kept ≤ 1.5 U", cpu("member, first page, kept") / unit, 1.5, "U"),
        (f"cold page of 100 comments ≤ 4 U (worst: {cold})", cpu(cold) / unit, 4, "U"),
        ("reply ≤ 2.5 U (htmx)", cpu("reply, htmx") / unit, 2.5, "U"),
        ("reply ≤ 2.5 U (plain form)", cpu("reply, plain form") / unit, 2.5, "U"),
        ("reply ≤ 10 queries", queries, 10, ""),
        ("poll without news ≤ 0.4 U", cpu("poll that finds nothing") / unit, 0.4, "U"),
        (f"visitor’s kept page ≤ 2 × bare ({bare:.3f} ms)", cpu("visitor, first page, warm") / bare, 2, "×"),
        ("reply on the largest ≤ 1.1 × on the smallest", cpu("reply, htmx") / cpu("reply, htmx", sizes[0]), 1.1, "×"),
        ("queries against the promise", len(plans_found), 0, ""),
    ]
    print(f"\nTo reach (U is {unit:.2f} ms)")
    for what, figure, most, name in rows:
        print(f"  {what:75} {figure:8.2f} {name:3} {'reached' if figure <= most else 'MISSED'}")
    share = in_one / apart
    what = f"8 in one thread ≥ 70 % of 8 in 8 threads ({in_one:.0f} and {apart:.0f} replies/s)"
    print(f"  {what:75} {share:8.2f} {'×':3} {'reached' if share >= 0.7 else 'MISSED'}")
