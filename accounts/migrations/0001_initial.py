"""The tables of accounts."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.validators


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                (
                    "display_name",
                    models.CharField(
                        error_messages={"unique": "Somebody already uses this name or one that looks like it."},
                        max_length=40,
                        validators=[accounts.validators.validate_display_name],
                        verbose_name="display name",
                    ),
                ),
                ("name_key", models.CharField(editable=False, max_length=160, unique=True)),
                ("is_staff", models.BooleanField(default=False, verbose_name="may enter the admin")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "joined_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="joined"),
                ),
                (
                    "trust",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "new"), (1, "member"), (2, "trusted")],
                        default=0,
                        editable=False,
                        verbose_name="trust",
                    ),
                ),
                (
                    "trust_set_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="trust set by hand on"),
                ),
                (
                    "watched_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="under watch since"),
                ),
                ("warned_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="warned on")),
                ("has_statement", models.BooleanField(default=False, editable=False)),
                (
                    "suspended_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="suspended on"),
                ),
                (
                    "suspended_until",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="suspended until"),
                ),
                ("language", models.CharField(blank=True, default="", editable=False, max_length=10)),
                (
                    "time_zone",
                    models.CharField(blank=True, default="", max_length=64, verbose_name="time zone"),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
        migrations.CreateModel(
            name="HeldName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_key", models.CharField(max_length=160, unique=True)),
                ("held_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held_names",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UserSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("session_key", models.CharField(max_length=40, unique=True)),
                ("browser", models.CharField(blank=True, max_length=20)),
                ("system", models.CharField(blank=True, max_length=20)),
                ("began_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="user_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "profession",
                    models.CharField(
                        help_text="As readers will see it: “Psychologist”.", max_length=80, verbose_name="profession"
                    ),
                ),
                (
                    "regulator",
                    models.CharField(
                        help_text="Whose register was looked at.", max_length=120, verbose_name="regulator"
                    ),
                ),
                (
                    "region",
                    models.CharField(
                        help_text="Such as GB, or US-MD for Maryland.", max_length=40, verbose_name="country or state"
                    ),
                ),
                ("method", models.CharField(max_length=200, verbose_name="how it was checked")),
                ("checked_at", models.DateTimeField(verbose_name="checked")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                (
                    "checked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="checked by",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verifications",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "clinician’s verification",
                "verbose_name_plural": "clinicians’ verifications",
            },
        ),
        migrations.CreateModel(
            name="VerificationRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("profession", models.CharField(max_length=80, verbose_name="profession")),
                ("regulator", models.CharField(max_length=120, verbose_name="regulator")),
                ("region", models.CharField(max_length=40, verbose_name="country or state")),
                ("number", models.CharField(blank=True, max_length=60, verbose_name="registration number")),
                ("evidence", models.TextField(blank=True, verbose_name="what else helps to find you")),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "waiting for a moderator"),
                            ("granted", "verified"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="",
                        max_length=9,
                        verbose_name="outcome",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verification_requests",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "request for verification",
                "verbose_name_plural": "requests for verification",
            },
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["-joined_at", "-id"], name="user_joined"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower("email"), name="text_pattern_ops"
                ),
                name="user_email_prefix",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(condition=models.Q(("is_staff", True)), fields=["-joined_at", "-id"], name="user_staff"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("suspended_at__isnull", False)), fields=["-joined_at", "-id"], name="user_suspended"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"), name="user_email_unique_without_case"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("suspended_until", None), ("suspended_at__isnull", False), _connector="OR"),
                name="user_suspended_until_needs_suspended_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("checked_at"))), name="verification_expires_after_check"
            ),
        ),
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.CheckConstraint(
                condition=models.Q(("method", ""), _negated=True), name="verification_has_method"
            ),
        ),
        migrations.AddConstraint(
            model_name="verificationrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("outcome", "")), fields=("person",), name="verification_request_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="verificationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("outcome", "")),
                    models.Q(
                        models.Q(("outcome", ""), _negated=True),
                        ("decided_at__isnull", False),
                        ("evidence", ""),
                        ("number", ""),
                    ),
                    _connector="OR",
                ),
                name="verification_request_erased_when_decided",
            ),
        ),
    ]
