"""Trust in three steps instead of a moment; under watch, warned, and a statement that waits to be read."""

from django.db import migrations, models

# Whom a moderator trusted stays trusted; whoever has been here for a week is no newcomer until `reckon_trust` has looked.
CARRY_OVER = """
UPDATE accounts_user SET
    trust = CASE WHEN trusted_at IS NOT NULL THEN 2 WHEN joined_at < now() - interval '7 days' THEN 1 ELSE 0 END,
    trust_set_at = trusted_at
"""
CARRY_BACK = "UPDATE accounts_user SET trusted_at = coalesce(trust_set_at, now()) WHERE trust = 2"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.AddField(
            "user",
            "trust",
            models.PositiveSmallIntegerField(
                choices=[(0, "new"), (1, "member"), (2, "trusted")], default=0, editable=False, verbose_name="trust"
            ),
        ),
        migrations.AddField(
            "user",
            "trust_set_at",
            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="trust set by hand on"),
        ),
        migrations.AddField(
            "user",
            "watched_at",
            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="under watch since"),
        ),
        migrations.AddField(
            "user",
            "warned_at",
            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="warned on"),
        ),
        migrations.AddField("user", "has_statement", models.BooleanField(default=False, editable=False)),
        migrations.RunSQL(CARRY_OVER, CARRY_BACK),
        migrations.RemoveField("user", "trusted_at"),
    ]
