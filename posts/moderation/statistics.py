"""What happened at the desk, month by month, in numbers: for the owner, and for everybody."""

import json
from datetime import UTC, datetime

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

MONTHS = 12
KEPT_SECONDS = 60 * 60
# the name in the cache: another one with each change of the rows' shape
NAME = "figures-2"
# how many of the log's entries were taken back since, whenever that was
TAKEN_BACK = "count(*) FILTER (WHERE EXISTS (SELECT 1 FROM posts_logentry u WHERE u.undoes_id = e.id))"
# Each month's acts of the log, by act, by moderators and by the forum itself; an index by time answers.
ACTS = f"""
SELECT date_trunc('month', at) AS month, act, count(*), count(*) FILTER (WHERE moderator_id IS NULL), {TAKEN_BACK}
FROM posts_logentry e WHERE at >= %(since)s GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC
"""  # noqa: S608  (nothing of it comes from outside)
# Each month's items: how many came, how many were decided, and in how many hours half and nine tenths of them were.
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
"""  # noqa: S608  (nothing of it comes from outside)


# All four at once, each as an array of arrays.
ALL = f"""
SELECT
    (SELECT coalesce(json_agg(json_build_array(a, b, c, d, e)), '[]') FROM ({ACTS}) q(a, b, c, d, e)),
    (SELECT coalesce(json_agg(json_build_array(a, b, c, d, e)), '[]') FROM ({CASES}) q(a, b, c, d, e)),
    (SELECT coalesce(json_agg(json_build_array(a, b, c, d)), '[]') FROM ({REASONS}) q(a, b, c, d)),
    (SELECT coalesce(json_agg(json_build_array(a, b, c, d)), '[]') FROM ({RULES}) q(a, b, c, d))
"""  # noqa: S608  (nothing of it comes from outside)


def by_month():
    """{"acts", "cases", "flags", "rules": rows} of the last MONTHS, the latest month first.

    acts: (month, act, number, of these automatic, taken back since); cases: (month, arrived, decided, hours for half of
    them, for nine tenths); flags: (month, reason, number, agreed); rules: (month, rule, decisions, taken back). Counted
    at most once in KEPT_SECONDS, by one query.
    """
    found = cache.get(NAME)
    if found is None:
        found = dict(zip(("acts", "cases", "flags", "rules"), _counted(), strict=True))
        if any(found.values()):
            # of nothing, the first is not to wait for an hour
            cache.set(NAME, found, KEPT_SECONDS)
    return found


def in_order(rows):
    """Rows of one kind, each with its month first, from the earliest month to the latest; None stands for each month
    between of which there is nothing to tell."""
    found = {month.year * 12 + month.month - 1: row for month, *row in rows}
    months = range(min(found), max(found) + 1) if found else ()
    return [(datetime(each // 12, each % 12 + 1, 1, tzinfo=UTC), found.get(each)) for each in months]


def _counted():
    now = timezone.now()
    # this month is the last of them
    first = now.year * 12 + now.month - MONTHS
    since = datetime(first // 12, first % 12 + 1, 1, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(ALL, {"since": since})
        tables = [json.loads(told) if isinstance(told, str) else told for told in cursor.fetchone()]
    return [[(datetime.fromisoformat(month), *rest) for month, *rest in rows] for rows in tables]
