"""When the worker reported for the last time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("forum", "0003_outbox")]
    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
    ]
