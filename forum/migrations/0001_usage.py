"""When things were done that are limited, and the function that looks and counts in one step."""

import django.contrib.postgres.fields
from django.db import migrations, models

# Rows are taken in the order of their keys, so that no two calls wait for each other. Each statement in here sees what
# was committed before it, so whoever waited for a row looks at it as it is now. A few old rows go with every call.
TAKE = """
CREATE FUNCTION forum_take(asked jsonb, with_token text) RETURNS interval LANGUAGE plpgsql AS $$
DECLARE
    subject record;
    known timestamptz[];
    known_token text;
    at timestamptz;
    nth timestamptz;
    wait interval;
BEGIN
    FOR subject IN SELECT s->>'key' AS key, s->'rates' AS rates FROM jsonb_array_elements(asked) s ORDER BY 1 LOOP
        INSERT INTO forum_usage (key, moments, token, repeats, used_at)
            VALUES (subject.key, '{}', '', 0, clock_timestamp())
            ON CONFLICT (key) DO NOTHING;
        SELECT moments, CASE WHEN repeats < 20 THEN token END INTO known, known_token
            FROM forum_usage WHERE key = subject.key FOR UPDATE;
        IF with_token <> '' AND known_token = with_token THEN
            UPDATE forum_usage SET repeats = repeats + 1 WHERE key = subject.key;
            RETURN NULL;
        END IF;
        at := clock_timestamp();
        FOR nth IN
            SELECT known[cardinality(known) - (rate->>0)::int + 1] + make_interval(secs => (rate->>1)::int)
            FROM jsonb_array_elements(subject.rates) rate
        LOOP
            IF nth > at THEN
                wait := greatest(wait, nth - at);
            END IF;
        END LOOP;
    END LOOP;
    IF wait IS NULL THEN
        UPDATE forum_usage u SET moments = (u.moments || clock_timestamp())[
                greatest(1, cardinality(u.moments) + 2 - s.longest):
            ], token = with_token, repeats = 0, used_at = clock_timestamp()
        FROM (
            SELECT one->>'key' AS key,
                (SELECT max((rate->>0)::int) FROM jsonb_array_elements(one->'rates') rate) AS longest
            FROM jsonb_array_elements(asked) one
        ) s WHERE u.key = s.key;
    END IF;
    DELETE FROM forum_usage WHERE key IN (
        SELECT key FROM forum_usage WHERE used_at < clock_timestamp() - interval '30 days'
        ORDER BY used_at LIMIT 5 FOR UPDATE SKIP LOCKED
    );
    RETURN wait;
END $$
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Usage",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                (
                    "moments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(), default=list, size=None
                    ),
                ),
                ("token", models.TextField(default="")),
                ("repeats", models.PositiveSmallIntegerField(default=0)),
                ("used_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["used_at"], name="usage_by_age")]},
        ),
        migrations.RunSQL(TAKE, "DROP FUNCTION forum_take(jsonb, text)"),
    ]
