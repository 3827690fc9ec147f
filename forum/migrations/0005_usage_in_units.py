"""One act may count as several: `units` of a subject, for limits of size."""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("forum.migrations.0002_origin").TAKE


def replaced(text, *pairs):
    """Replace each first with its second, which must be there once."""
    for old, new in pairs:
        if text.count(old) != 1:
            raise ValueError(f"{text.count(old)} times: {old}")
        text = text.replace(old, new)
    return text


# As before, but an act takes as many places as it has units, or all places of a rate that has fewer.
TAKE = replaced(
    BEFORE,
    (
        "SELECT s->>'key' AS key, s->'rates' AS rates FROM",
        "SELECT s->>'key' AS key, s->'rates' AS rates, coalesce((s->>'units')::int, 1) AS units FROM",
    ),
    (
        "SELECT known[cardinality(known) - (rate->>0)::int + 1] +",
        "SELECT known[cardinality(known) - (rate->>0)::int + least(subject.units, (rate->>0)::int)] +",
    ),
    (
        "(u.moments || clock_timestamp())[\n                greatest(1, cardinality(u.moments) + 2 - s.longest):",
        "(u.moments || array_fill(clock_timestamp(), ARRAY[s.units]))[\n"
        "                greatest(1, cardinality(u.moments) + s.units + 1 - s.longest):",
    ),
    (
        "coalesce(one->>'origin', '') AS origin,",
        "coalesce(one->>'origin', '') AS origin, coalesce((one->>'units')::int, 1) AS units,",
    ),
)


class Migration(migrations.Migration):
    dependencies = [("forum", "0004_heartbeat")]
    operations = [migrations.RunSQL(TAKE, BEFORE)]
