"""Numbers about moderation for each month, for the owner and for the public page."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from posts.models import Flag, LogEntry

MONTHS = 12
KEPT_SECONDS = 60 * 60
# the cache key; change it when the shape of the rows changes
NAME = "figures-2"
# how many of the log entries were undone since, at any time
TAKEN_BACK = "count(*) FILTER (WHERE EXISTS (SELECT 1 FROM posts_logentry u WHERE u.undoes_id = e.id))"
# The actions of each month in the log, in all and automatic ones. Uses the index on the time.
ACTS = f"""
SELECT date_trunc('month', at) AS month, act, count(*), count(*) FILTER (WHERE moderator_id IS NULL), {TAKEN_BACK}
FROM posts_logentry e WHERE at >= %(since)s GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC
"""  # noqa: S608  (has no user input in it)
# The cases of each month: opened, decided, and within how many hours half and nine tenths of them were decided.
CASES = """
SELECT month, sum(arrived), sum(decided), max(half), max(nine_tenths) FROM (
    SELECT date_trunc('month', opened_at) AS month, count(*) AS arrived, 0 AS decided, NULL::float AS half,
        NULL::float AS nine_tenths
    FROM posts_case WHERE opened_at >= %(since)s GROUP BY 1
    UNION ALL
    SELECT date_trunc('month', closed_at), 0, count(*),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - opened_at)) / 3600,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - opened_at)) / 3600
    FROM posts_case WHERE closed_at >= %(since)s AND closed_by_id IS NOT NULL GROUP BY 1
) both_sides GROUP BY 1 ORDER BY 1 DESC
"""
REASONS = """
SELECT date_trunc('month', flagged_at) AS month, reason, count(*), count(*) FILTER (WHERE outcome = 'agreed')
FROM posts_flag WHERE flagged_at >= %(since)s GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC
"""
RULES = f"""
SELECT date_trunc('month', at) AS month, rule, count(*), {TAKEN_BACK}
FROM posts_logentry e WHERE at >= %(since)s AND rule <> '' GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC
"""  # noqa: S608  (has no user input in it)


# All four in one query, each as an array of arrays.
ALL = f"""
SELECT
    (SELECT coalesce(json_agg(json_build_array(a, b, c, d, e)), '[]') FROM ({ACTS}) q(a, b, c, d, e)),
    (SELECT coalesce(json_agg(json_build_array(a, b, c, d, e)), '[]') FROM ({CASES}) q(a, b, c, d, e)),
    (SELECT coalesce(json_agg(json_build_array(a, b, c, d)), '[]') FROM ({REASONS}) q(a, b, c, d)),
    (SELECT coalesce(json_agg(json_build_array(a, b, c, d)), '[]') FROM ({RULES}) q(a, b, c, d))
"""  # noqa: S608  (has no user input in it)


def by_month() -> dict[str, list[tuple]]:
    """Return {"acts", "cases", "flags", "rules": rows} of the last MONTHS, latest month first.

    - acts: (month, action, number, automatic ones, undone since)
    - cases: (month, opened, decided, hours until half were decided, hours until nine tenths were)
    - flags: (month, reason, number, agreed)
    - rules: (month, rule, decisions, undone since)

    The result is cached for KEPT_SECONDS, and takes one query otherwise.
    """
    found = cache.get(NAME)
    if found is None:
        found = dict(zip(("acts", "cases", "flags", "rules"), _counted(), strict=True))
        if any(found.values()):
            # an empty result is not cached, so that the first entry appears at once
            cache.set(NAME, found, KEPT_SECONDS)
    return found


def in_order(rows: list[tuple]) -> list[tuple[datetime, list | None]]:
    """Return (month, row) from the earliest month to the latest, for rows of one kind that begin with their month.

    Months in between that have no row get None.
    """
    found = {month.year * 12 + month.month - 1: row for month, *row in rows}
    months = range(min(found), max(found) + 1) if found else ()
    return [(datetime(each // 12, each % 12 + 1, 1, tzinfo=UTC), found.get(each)) for each in months]


@dataclass(frozen=True)
class StatisticsTable:
    """Numbers by month: title, names of the columns, and for each row its month and the (name, value) of its cells."""

    title: str
    heads: list[str]
    rows: list[tuple[datetime, list[tuple[str, Any]]]]


def table_of_cases(rows: Iterable[tuple]) -> StatisticsTable:
    """Return the table of the rows "cases" of `by_month`."""
    heads = [_("Came"), _("Decided"), _("Half within (hours)"), _("Nine of ten within (hours)")]
    told = [(month, came, decided, _hours(half), _hours(nine)) for month, came, decided, half, nine in rows]
    return _table(_("What came, and how long it took"), heads, told)


def table_of_acts(rows: Iterable[tuple]) -> StatisticsTable:
    """Return the table of the rows "acts" of `by_month`."""
    heads, label = [_("Act"), _("Times"), _("By the forum itself"), _("Reversed")], dict(LogEntry.Act.choices)
    return _table(_("What was done"), heads, [(month, label.get(act, act), *rest) for month, act, *rest in rows])


def table_of_flags(rows: Iterable[tuple]) -> StatisticsTable:
    """Return the table of the rows "flags" of `by_month`."""
    heads, label = [_("Reason"), _("Flags"), _("Moderators agreed")], dict(Flag.Reason.choices)
    told = [(month, label.get(reason, reason), *rest) for month, reason, *rest in rows]
    return _table(_("What readers flagged"), heads, told)


def table_of_rules(rows: Iterable[tuple]) -> StatisticsTable:
    """Return the table of the rows "rules" of `by_month`."""
    return _table(_("By rule"), [_("Rule"), _("Decisions"), _("Reversed")], rows)


def _table(title: str, heads: list[str], rows: Iterable[tuple]) -> StatisticsTable:
    told = [(month, list(zip(heads, cells, strict=True))) for month, *cells in rows]
    return StatisticsTable(title, [_("Month"), *heads], told)


def _hours(number: float | None) -> str:
    return "–" if number is None else number_format(number, 1)


def _counted() -> list[list[tuple]]:
    now = timezone.now()
    # the current month is the last one
    first = now.year * 12 + now.month - MONTHS
    since = datetime(first // 12, first % 12 + 1, 1, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(ALL, {"since": since})
        tables = [json.loads(told) if isinstance(told, str) else told for told in cursor.fetchone()]
    return [[(datetime.fromisoformat(month), *rest) for month, *rest in rows] for rows in tables]
