"""Guests, earlier versions withheld from readers, and the owner's choices."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("posts", "0004_draft"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GuestComment",
            fields=[
                (
                    "comment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="guest",
                        serialize=False,
                        to="posts.comment",
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("written_at", models.DateTimeField(verbose_name="written")),
            ],
        ),
        migrations.CreateModel(
            name="SiteChoices",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "guests_may_comment",
                    models.BooleanField(
                        default=True,
                        help_text="Without an account, under a name of their own. Each of these comments waits for a moderator’s review.",
                        verbose_name="Guests may comment",
                    ),
                ),
            ],
            options={
                "verbose_name": "choices for the site",
                "verbose_name_plural": "choices for the site",
            },
        ),
        migrations.AddField(
            model_name="comment",
            name="is_guest",
            field=models.BooleanField(default=False, editable=False, verbose_name="guest"),
        ),
        migrations.AddField(
            model_name="revision",
            name="withheld_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="withheld"),
        ),
        migrations.AlterField(
            model_name="logentry",
            name="act",
            field=models.CharField(
                choices=[
                    ("hold", "held for review"),
                    ("approve", "approved"),
                    ("remove", "removed"),
                    ("restore", "restored"),
                    ("lock", "locked"),
                    ("unlock", "unlocked"),
                    ("pin", "pinned"),
                    ("unpin", "unpinned"),
                    ("suspend", "suspended"),
                    ("unsuspend", "ended the suspension of"),
                    ("trust", "trusted"),
                    ("untrust", "no longer trusted"),
                    ("verify", "verified as a clinician"),
                    ("revoke", "revoked the verification of"),
                    ("withhold", "withheld an earlier version of"),
                    ("show_again", "showed an earlier version again of"),
                ],
                max_length=12,
                verbose_name="act",
            ),
        ),
        AddConstraintNotValid(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_guest", False), ("author", None), _connector="OR"),
                name="comment_guest_has_no_account",
            ),
        ),
        migrations.AddIndex(
            model_name="guestcomment",
            index=models.Index(
                django.db.models.functions.text.Lower("email"),
                condition=models.Q(("email", ""), _negated=True),
                name="guest_comment_email",
            ),
        ),
        migrations.AddIndex(
            model_name="guestcomment",
            index=models.Index(
                condition=models.Q(("email", ""), _negated=True), fields=["written_at"], name="guest_comment_by_age"
            ),
        ),
        migrations.AddConstraint(
            model_name="sitechoices",
            constraint=models.CheckConstraint(condition=models.Q(("pk", 1)), name="site_choices_are_one_row"),
        ),
        migrations.RunSQL("INSERT INTO posts_sitechoices (id, guests_may_comment) VALUES (1, true)", "SELECT 1"),
    ]
