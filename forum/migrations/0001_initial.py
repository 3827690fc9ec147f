"""The tables of forum, and the function that counts rate limits."""

import uuid

import django.contrib.postgres.fields
from django.db import migrations, models

# Looks and counts in one step, so that of two requests at once only one is the last one allowed. Rows are locked in the
# order of their keys, so that two calls do not deadlock. Each statement sees what was committed before it, so a call
# that waited for a row sees its present state. Every call deletes a few expired rows.
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
    FOR subject IN SELECT s->>'key' AS key, s->'rates' AS rates, coalesce((s->>'units')::int, 1) AS units FROM jsonb_array_elements(asked) s ORDER BY 1 LOOP
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
            SELECT known[cardinality(known) - (rate->>0)::int + least(subject.units, (rate->>0)::int)] + make_interval(secs => (rate->>1)::int)
            FROM jsonb_array_elements(subject.rates) rate
        LOOP
            IF nth > at THEN
                wait := greatest(wait, nth - at);
            END IF;
        END LOOP;
    END LOOP;
    IF wait IS NULL THEN
        UPDATE forum_usage u SET moments = (u.moments || array_fill(clock_timestamp(), ARRAY[s.units]))[
                greatest(1, cardinality(u.moments) + s.units + 1 - s.longest):
            ], token = with_token, repeats = 0, used_at = clock_timestamp(), origin = s.origin
        FROM (
            SELECT one->>'key' AS key, coalesce(one->>'origin', '') AS origin, coalesce((one->>'units')::int, 1) AS units,
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


def make_pages(apps, schema_editor):
    """Make one row for each page about the forum; while its text is empty, the text of a template is shown."""
    page = apps.get_model("forum", "Page")
    page.objects.bulk_create(page(name=name) for name in ("about", "contact", "privacy", "terms"))


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="OutboxMessage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=100, verbose_name="kind")),
                ("address", models.EmailField(max_length=254)),
                ("domain", models.CharField(max_length=254, verbose_name="recipient’s domain")),
                ("subject", models.TextField()),
                ("body", models.TextField()),
                ("html", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(verbose_name="written")),
                ("due_at", models.DateTimeField(verbose_name="next attempt")),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("unconfirmed", models.PositiveSmallIntegerField(default=0, verbose_name="attempts without an answer")),
                ("answer", models.CharField(blank=True, default="", max_length=300, verbose_name="last answer")),
                ("failed_at", models.DateTimeField(blank=True, null=True, verbose_name="given up")),
            ],
            options={
                "verbose_name": "mail that may not have arrived",
                "verbose_name_plural": "mails that may not have arrived",
                "indexes": [
                    models.Index(condition=models.Q(("failed_at", None)), fields=["due_at"], name="outbox_due"),
                    models.Index(fields=["created_at"], name="outbox_by_age"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("failed_at", None),
                            models.Q(("address", ""), ("body", ""), ("html", ""), ("subject", "")),
                            _connector="OR",
                        ),
                        name="outbox_failed_without_text",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Page",
            fields=[
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("about", "About"),
                            ("contact", "Contact"),
                            ("privacy", "Privacy"),
                            ("terms", "Terms"),
                        ],
                        editable=False,
                        max_length=10,
                        primary_key=True,
                        serialize=False,
                        verbose_name="page",
                    ),
                ),
                (
                    "text",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Markdown. If you leave the text that comes with the forum as it is, or empty the field, readers see that text, with the numbers and settings that hold at the time.",
                        verbose_name="text",
                    ),
                ),
                ("html", models.TextField(blank=True, default="", editable=False)),
                ("changed_at", models.DateTimeField(editable=False, null=True, verbose_name="changed")),
            ],
            options={
                "verbose_name": "page about the forum",
                "verbose_name_plural": "pages about the forum",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("changed_at", None), ("html", ""), ("text", "")),
                            models.Q(
                                models.Q(("text", ""), _negated=True),
                                models.Q(("html", ""), _negated=True),
                                ("changed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="page_has_html_of_its_text",
                    )
                ],
            },
        ),
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
                ("origin", models.CharField(db_default="", default="", max_length=32)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["used_at"], name="usage_by_age"),
                    models.Index(
                        condition=models.Q(("origin", ""), _negated=True), fields=["origin"], name="usage_by_origin"
                    ),
                ],
            },
        ),
        migrations.RunPython(make_pages, migrations.RunPython.noop),
        migrations.RunSQL(TAKE, "DROP FUNCTION forum_take(jsonb, text)"),
    ]
