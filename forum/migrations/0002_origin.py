"""Where an account wrote from the last time, as a keyed hash: so that a ban is not walked around with a second account.

It goes with the row, thirty days after its last use.
"""

from importlib import import_module

from django.db import migrations, models

BEFORE = import_module("forum.migrations.0001_usage").TAKE
# As before, and it keeps the origin that a subject brings.
TAKE = """
CREATE OR REPLACE FUNCTION forum_take(asked jsonb, with_token text) RETURNS interval LANGUAGE plpgsql AS $$
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
            ], token = with_token, repeats = 0, used_at = clock_timestamp(), origin = s.origin
        FROM (
            SELECT one->>'key' AS key, coalesce(one->>'origin', '') AS origin,
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
    dependencies = [("forum", "0001_usage")]
    operations = [
        migrations.AddField(
            model_name="usage", name="origin", field=models.CharField(default="", max_length=32, db_default="")
        ),
        migrations.AddIndex(
            model_name="usage",
            index=models.Index(condition=~models.Q(origin=""), fields=["origin"], name="usage_by_origin"),
        ),
        migrations.RunSQL(TAKE, BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")),
    ]
