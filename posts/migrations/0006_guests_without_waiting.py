"""What is said of all comments is checked while the site is read and written in: no lock on them for longer than a
moment. So it is no transaction; what is left of a run that was broken off is made anew."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models

INDEX = "comment_key_unique_among_guests"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("posts", "0005_writing")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}", migrations.RunSQL.noop),
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY {INDEX} ON posts_comment (key) WHERE author_id IS NULL",
                    f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}",
                ),
            ],
            [
                migrations.AddConstraint(
                    model_name="comment",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("author", None)), fields=("key",), name=INDEX
                    ),
                )
            ],
        ),
        ValidateConstraint("comment", "comment_guest_has_no_account"),
    ]
