"""The tables of posts, the guards of the audit log and of appeals, and the first rows."""

from pathlib import Path

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

from forum import markup
from posts.models.rules import rendered

# Files that the first rules are read from.
RULES = Path(__file__).parents[1] / "seed" / "rules.md"
# Titles of the rules whose decisions the public log shows as numbers only.
IN_NUMBERS = ["Leave other people’s lives to them", "Risk"]
# Reasons that moderators can choose from: title, rule, text.
REASONS = [
    ("Fits the rules", "", "It keeps to the rules, and stays."),
    (
        "Unkind to a person",
        "Be kind",
        "It is unkind to somebody rather than about what they said. You are welcome to say it in another way.",
    ),
    (
        "Somebody could be recognised",
        "Leave other people’s lives to them",
        "It tells details by which somebody could be recognised. Please tell it without them.",
    ),
    ("Off topic", "Your own words, about this", "It is not about what this thread is about."),
    ("Advertising", "Your own words, about this", "It advertises something."),
    (
        "Advice that could harm",
        "No advice that could harm",
        "It gives advice that could harm somebody who follows it.",
    ),
]
# The audit log is append-only: the database refuses to change, delete or truncate its rows.
APPEND_ONLY_LOG = """
CREATE FUNCTION posts_logentry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the moderation log is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER posts_logentry_no_change BEFORE UPDATE OR DELETE ON posts_logentry
    FOR EACH ROW EXECUTE FUNCTION posts_logentry_is_append_only();
CREATE TRIGGER posts_logentry_no_truncate BEFORE TRUNCATE ON posts_logentry
    FOR EACH STATEMENT EXECUTE FUNCTION posts_logentry_is_append_only();
"""
NO_APPEND_ONLY_LOG = """
DROP TRIGGER posts_logentry_no_truncate ON posts_logentry;
DROP TRIGGER posts_logentry_no_change ON posts_logentry;
DROP FUNCTION posts_logentry_is_append_only();
"""
# An appeal is decided by a moderator who neither made the decision, nor flagged what the forum then hid, nor is concerned
# by it, where there is another one.
APPEAL_BY_ANOTHER = """
CREATE FUNCTION posts_appeal_by_somebody_else() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.decided_by_id IS NOT NULL AND (
        NEW.person_id = NEW.decided_by_id
        OR EXISTS (
            SELECT 1 FROM posts_logentry e LEFT JOIN posts_comment c ON c.id = e.comment_id
            WHERE e.id = NEW.entry_id AND (
                NEW.decided_by_id IN (e.moderator_id, e.person_id, c.author_id)
                OR (e.moderator_id IS NULL AND EXISTS (
                    SELECT 1 FROM posts_flag f
                    WHERE f.comment_id = e.comment_id AND f.person_id = NEW.decided_by_id
                        AND (f.decided_at IS NULL OR f.decided_at >= e.at)
                ))
            )
        )
    ) AND EXISTS (
        SELECT 1 FROM accounts_user u
        WHERE u.id <> NEW.decided_by_id AND u.is_staff AND u.is_active
            AND (u.suspended_at IS NULL OR u.suspended_until <= now())
            AND EXISTS (SELECT 1 FROM mfa_authenticator f WHERE f.user_id = u.id AND f.type IN ('totp', 'webauthn'))
            AND (u.is_superuser OR EXISTS (
                SELECT 1 FROM auth_permission n JOIN django_content_type t ON t.id = n.content_type_id
                WHERE n.codename = 'moderate_comment' AND t.app_label = 'posts' AND (
                    EXISTS (
                        SELECT 1 FROM accounts_user_user_permissions o
                        WHERE o.permission_id = n.id AND o.user_id = u.id
                    ) OR EXISTS (
                        SELECT 1 FROM accounts_user_groups g
                        JOIN auth_group_permissions p ON p.group_id = g.group_id
                        WHERE g.user_id = u.id AND p.permission_id = n.id
                    )
                )
            ))
    ) THEN
        RAISE EXCEPTION 'an appeal is decided by somebody else than the one who decided first'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_decided_by_somebody_else';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posts_appeal_by_somebody_else BEFORE INSERT OR UPDATE ON posts_appeal
    FOR EACH ROW EXECUTE FUNCTION posts_appeal_by_somebody_else();
"""
NO_APPEAL_BY_ANOTHER = """
DROP TRIGGER posts_appeal_by_somebody_else ON posts_appeal;
DROP FUNCTION posts_appeal_by_somebody_else();
"""


def add_first_rows(apps, schema_editor):
    """Add the site's settings, the first rules, and the reasons that moderators can choose from."""
    apps.get_model("posts", "SiteChoices").objects.create(pk=1, guests_may_comment=True)
    text = RULES.read_text(encoding="utf-8")
    apps.get_model("posts", "Rules").objects.create(
        text=text,
        rendered=rendered(text),
        renderer=markup.VERSION,
        in_numbers="\n".join(IN_NUMBERS),
        published_at=timezone.now(),
    )
    reason = apps.get_model("posts", "CannedReason")
    reason.objects.bulk_create(reason(title=title, rule=rule, text=text) for title, rule, text in REASONS)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CannedReason",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=80, unique=True, verbose_name="title")),
                ("text", models.TextField(help_text="What the author will read.", verbose_name="text")),
                (
                    "rule",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="The title of the rule that it goes with.",
                        max_length=200,
                        verbose_name="rule",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved reason",
                "verbose_name_plural": "saved reasons",
                "ordering": ["title"],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.TextField(db_collation="C", editable=False, unique=True)),
                ("depth", models.PositiveSmallIntegerField(editable=False)),
                ("byline", models.CharField(blank=True, max_length=80, verbose_name="name shown")),
                (
                    "standpoint",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Prefer not to say"),
                            ("clinician", "Clinician"),
                            ("patient", "Patient or former patient"),
                            ("both", "Clinician and patient"),
                            ("other", "Neither"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="standpoint",
                    ),
                ),
                ("is_guest", models.BooleanField(default=False, editable=False, verbose_name="guest")),
                ("is_sample", models.BooleanField(default=False, editable=False, verbose_name="sample")),
                ("source", models.TextField(verbose_name="text")),
                ("html", models.TextField(editable=False)),
                ("renderer", models.PositiveSmallIntegerField(editable=False)),
                ("key", models.CharField(blank=True, editable=False, max_length=40, null=True)),
                ("created_at", models.DateTimeField(editable=False, verbose_name="written")),
                ("published_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="published")),
                ("edited_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="edited")),
                ("held_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="held")),
                ("hidden_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="hidden")),
                ("removed_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="removed")),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="deleted")),
                (
                    "locked_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="branch locked"),
                ),
                ("reply_count", models.PositiveIntegerField(default=0, editable=False)),
                ("below_count", models.PositiveIntegerField(default=0, editable=False)),
                ("helpful_count", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "is_shown",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Q(
                            models.Q(
                                ("deleted_at", None), ("held_at", None), ("hidden_at", None), ("removed_at", None)
                            ),
                            ("reply_count__gt", 0),
                            _connector="OR",
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replies",
                        to="posts.comment",
                    ),
                ),
                (
                    "verification",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.verification",
                    ),
                ),
            ],
            options={
                "verbose_name": "comment",
                "verbose_name_plural": "comments",
                "permissions": [("moderate_comment", "Can moderate: comments, threads and people")],
            },
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                ("text", models.CharField(max_length=300, verbose_name="question")),
                (
                    "asks",
                    models.CharField(
                        choices=[
                            ("clinicians", "Clinicians"),
                            ("patients", "Readers who have been in therapy"),
                            ("everybody", "Everybody"),
                        ],
                        default="everybody",
                        max_length=12,
                        verbose_name="whom it asks",
                    ),
                ),
                ("comment_count", models.PositiveIntegerField(default=0, editable=False)),
                ("answer_count", models.PositiveIntegerField(default=0, editable=False)),
            ],
            options={
                "verbose_name": "question",
                "verbose_name_plural": "questions",
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="LogEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "act",
                    models.CharField(
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
                            ("unsuspend", "suspension ended"),
                            ("trust", "trusted"),
                            ("untrust", "no longer trusted"),
                            ("verify", "verified as a clinician"),
                            ("refuse", "verification refused"),
                            ("revoke", "verification revoked"),
                            ("withhold", "earlier version withheld"),
                            ("show_again", "earlier version shown again"),
                            ("keep", "looked at and kept"),
                            ("hide", "hidden until reviewed"),
                            ("edit_out", "passage taken out"),
                            ("lock_branch", "branch locked"),
                            ("open_branch", "branch opened"),
                            ("warn", "warned"),
                            ("watch", "put under watch"),
                            ("unwatch", "no longer under watch"),
                            ("ban", "banned"),
                            ("look", "looked for other accounts"),
                            ("undo", "decision reversed"),
                            ("reopen", "decision reversed, to be decided again"),
                            ("uphold", "upheld on appeal"),
                            ("change", "changed on appeal"),
                            ("reverse", "reversed on appeal"),
                            ("annotate", "note on an entry"),
                        ],
                        max_length=12,
                        verbose_name="act",
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                ("rule", models.CharField(blank=True, max_length=200, verbose_name="rule")),
                ("before", models.JSONField(null=True)),
                ("until", models.DateTimeField(null=True, verbose_name="until")),
                ("is_confidential", models.BooleanField(default=False)),
                (
                    "comment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="log_entries",
                        to="posts.comment",
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="posts.logentry",
                        verbose_name="adds to",
                    ),
                ),
                (
                    "moderator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="moderator",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="log_entries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "part_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="posts.logentry",
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="posts.logentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "entry of the moderation log",
                "verbose_name_plural": "entries of the moderation log",
            },
        ),
        migrations.CreateModel(
            name="Appeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(verbose_name="text")),
                ("made_at", models.DateTimeField(verbose_name="when")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "waiting"),
                            ("upheld", "the decision stands"),
                            ("changed", "the decision was changed"),
                            ("reversed", "the decision was reversed"),
                        ],
                        default="",
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="appeal by",
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="appeal", to="posts.logentry"
                    ),
                ),
            ],
            options={
                "verbose_name": "appeal",
                "verbose_name_plural": "appeals",
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(verbose_name="note")),
                ("noted_at", models.DateTimeField(verbose_name="when")),
                (
                    "comment",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="posts.comment"
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "note of a moderator",
                "verbose_name_plural": "notes of moderators",
            },
        ),
        migrations.AddField(
            model_name="comment",
            name="question",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="posts.question",
            ),
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("source", models.TextField(verbose_name="text")),
                ("replaced_at", models.DateTimeField(verbose_name="replaced")),
                ("withheld_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="withheld")),
                ("taken_out", models.TextField(blank=True, editable=False, verbose_name="what a moderator took out")),
                ("headings", models.JSONField(blank=True, default=list, editable=False)),
                (
                    "comment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="revisions", to="posts.comment"
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="replaced by",
                    ),
                ),
            ],
            options={
                "verbose_name": "revision",
                "verbose_name_plural": "revisions",
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Rules",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "text",
                    models.TextField(
                        help_text="Markdown. Each line that begins with ## begins a rule.", verbose_name="text"
                    ),
                ),
                ("rendered", models.JSONField(editable=False)),
                ("renderer", models.PositiveSmallIntegerField(editable=False)),
                (
                    "in_numbers",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Titles, one per line. The public log shows decisions under these rules only as monthly numbers.",
                        verbose_name="told in numbers only",
                    ),
                ),
                ("published_at", models.DateTimeField(verbose_name="published")),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="published by",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of the rules",
                "verbose_name_plural": "community rules",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rendered", []), _negated=True), name="rules_are_rendered"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="logentry",
            name="rules",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="posts.rules",
            ),
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
                (
                    "visitors_may_flag",
                    models.BooleanField(
                        default=True,
                        help_text="Without an account. Flags of visitors never hide a comment by themselves.",
                        verbose_name="Visitors may flag",
                    ),
                ),
                (
                    "hide_at",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="A member’s flag weighs 2, a trusted member’s 3; so 10 is as much as five ordinary members. All flags of newcomers and visitors together weigh 1, and one member alone hides nothing; a moderator’s flag does.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="Flags hide a comment from this weight on",
                    ),
                ),
                (
                    "first_held",
                    models.PositiveSmallIntegerField(
                        default=2, verbose_name="How many first comments of a new member are held"
                    ),
                ),
                (
                    "links_let_through",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="A comment with more is held for review.",
                        verbose_name="Links in a comment that are let through",
                    ),
                ),
            ],
            options={
                "verbose_name": "choices for the site",
                "verbose_name_plural": "choices for the site",
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="site_choices_are_one_row")],
            },
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("slug", models.SlugField(blank=True, max_length=80, verbose_name="slug")),
                ("source_url", models.URLField(blank=True, max_length=500, verbose_name="first published at")),
                ("source_date", models.DateField(blank=True, null=True, verbose_name="first published on")),
                ("planting_key", models.CharField(blank=True, editable=False, max_length=60, null=True, unique=True)),
                ("created_at", models.DateTimeField(editable=False, verbose_name="started")),
                ("last_activity_at", models.DateTimeField(editable=False, verbose_name="last activity")),
                ("pinned_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="pinned")),
                ("locked_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="locked")),
                ("withdrawn_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="withdrawn")),
                ("comment_count", models.PositiveIntegerField(default=0, editable=False, verbose_name="comments")),
                (
                    "clinician_count",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="comments by clinicians"),
                ),
                ("version", models.PositiveBigIntegerField(default=0, editable=False)),
                ("marks_shown_at", models.DateTimeField(editable=False, null=True)),
                ("marks_due_at", models.DateTimeField(editable=False, null=True)),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="threads",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="started by",
                    ),
                ),
            ],
            options={
                "verbose_name": "thread",
                "verbose_name_plural": "threads",
            },
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("new_since", models.DateTimeField()),
                ("seen_until", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("visits", models.PositiveIntegerField(default=1)),
                (
                    "folded",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="readings", to="posts.thread"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="question",
            name="thread",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="questions", to="posts.thread"
            ),
        ),
        migrations.AddField(
            model_name="logentry",
            name="thread",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="log_entries", to="posts.thread"
            ),
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=30)),
                ("fields", models.JSONField()),
                ("key", models.CharField(blank=True, max_length=40)),
                ("saved_at", models.DateTimeField()),
                (
                    "comment",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="posts.comment"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="posts.thread"
                    ),
                ),
            ],
            options={
                "verbose_name": "draft",
                "verbose_name_plural": "drafts",
            },
        ),
        migrations.AddField(
            model_name="comment",
            name="thread",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="posts.thread"
            ),
        ),
        migrations.CreateModel(
            name="WatchedWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phrase", models.CharField(max_length=80, verbose_name="word or phrase")),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        help_text="A note for moderators, such as “en”; it is looked for in every text.",
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("hold", "hold the comment for review"),
                            ("ask", "ask the author whether they mean it"),
                        ],
                        default="hold",
                        max_length=4,
                        verbose_name="what to do",
                    ),
                ),
                (
                    "advice",
                    models.CharField(
                        blank=True,
                        help_text="To an author who is asked: why, and what may be better.",
                        max_length=200,
                        verbose_name="what to say",
                    ),
                ),
            ],
            options={
                "verbose_name": "watched word",
                "verbose_name_plural": "watched words",
                "ordering": ["phrase"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("phrase", ""), _negated=True), name="watched_word_is_a_word"
                    ),
                    models.UniqueConstraint(fields=("phrase", "language"), name="watched_word_once_in_a_language"),
                ],
            },
        ),
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
            options={
                "indexes": [
                    models.Index(
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("email", ""), _negated=True),
                        name="guest_comment_email",
                    ),
                    models.Index(
                        condition=models.Q(("email", ""), _negated=True),
                        fields=["written_at"],
                        name="guest_comment_by_age",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("visitor", models.CharField(blank=True, max_length=32)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unkind", "It is unkind"),
                            ("harassment", "It harasses or threatens somebody"),
                            ("personal", "It tells personal details about somebody"),
                            ("spam", "It is spam or advertising"),
                            ("off_topic", "It is off topic"),
                            ("harm", "Somebody may be at risk of harm"),
                            ("other", "Something else"),
                        ],
                        max_length=12,
                        verbose_name="reason",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("weight", models.FloatField(verbose_name="weight")),
                ("is_by_moderator", models.BooleanField(default=False, editable=False)),
                ("flagged_at", models.DateTimeField(verbose_name="when")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "A moderator will look at it."),
                            ("agreed", "A moderator agreed and did something about it."),
                            ("kept", "A moderator looked at it and kept the comment."),
                            ("gone", "Its author took the comment back."),
                        ],
                        default="",
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "comment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="flags",
                        to="posts.comment",
                        verbose_name="comment",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="flags",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="flagged by",
                    ),
                ),
            ],
            options={
                "verbose_name": "flag",
                "verbose_name_plural": "flags",
                "indexes": [
                    models.Index(fields=["person", "-id"], name="flag_person_latest"),
                    models.Index(fields=["flagged_at"], name="flag_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "")),
                        fields=("comment", "person"),
                        name="flag_one_open_per_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(models.Q(("visitor", ""), _negated=True), ("outcome", "")),
                        fields=("comment", "visitor"),
                        name="flag_one_open_per_visitor",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("person", None), ("visitor", ""), _connector="OR"),
                        name="flag_by_person_or_visitor",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome", ""), ("decided_at__isnull", False), _connector="XOR"),
                        name="flag_decided_has_moment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Helpful",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "comment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="marks",
                        to="posts.comment",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "helpful mark",
                "verbose_name_plural": "helpful marks",
                "indexes": [models.Index(fields=["comment", "-id"], name="helpful_of_comment")],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "comment"), name="helpful_once_per_person_and_comment")
                ],
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "urgent"),
                            (2, "privacy"),
                            (3, "appeals"),
                            (4, "verifications"),
                            (5, "held"),
                            (6, "flagged"),
                        ],
                        verbose_name="kind",
                    ),
                ),
                (
                    "why",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("guest", "written by a guest"),
                                ("first", "one of this member’s first comments"),
                                ("links", "many links"),
                                ("word", "a watched word"),
                                ("watch", "its author is under watch"),
                                ("record", "a good part of its author’s latest comments was removed"),
                                ("spam", "it looks like spam"),
                                ("passage", "a passage that was taken out is back"),
                                ("flag", "flagged by readers"),
                                ("hold", "held by a moderator"),
                                ("moderator", "a moderator wants to look at it"),
                                ("undo", "a decision about it was reversed"),
                                ("appeal", "its author appeals"),
                                ("clinician", "somebody asks to be verified as a clinician"),
                            ],
                            max_length=10,
                        ),
                        size=None,
                        verbose_name="why",
                    ),
                ),
                ("weight", models.FloatField(default=0, verbose_name="weight of its flags")),
                ("version", models.PositiveIntegerField(default=1)),
                ("opened_at", models.DateTimeField(verbose_name="since")),
                ("claimed_at", models.DateTimeField(null=True)),
                (
                    "passed_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "appeal",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="case", to="posts.appeal"
                    ),
                ),
                (
                    "claimed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="claimed by",
                    ),
                ),
                (
                    "verification_request",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="case",
                        to="accounts.verificationrequest",
                    ),
                ),
                (
                    "comment",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="cases", to="posts.comment"
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closed_cases",
                        to="posts.logentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "item of the queue",
                "verbose_name_plural": "queue",
                "indexes": [
                    models.Index(condition=models.Q(("closed_at", None)), fields=["kind", "id"], name="case_queue"),
                    models.Index(fields=["opened_at"], name="case_opened"),
                    models.Index(
                        condition=models.Q(("closed_at__isnull", False)), fields=["closed_at"], name="case_closed"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("appeal", None), ("closed_at", None)),
                        fields=("comment",),
                        name="case_one_open_per_comment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("appeal", None), ("kind", 3), _connector="XOR"),
                        name="case_appeal_is_about_an_appeal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("comment__isnull", False),
                            ("appeal__isnull", False),
                            ("verification_request__isnull", False),
                            _connector="OR",
                        ),
                        name="case_is_about_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("verification_request", None), ("kind", 4), _connector="XOR"),
                        name="case_verification_is_about_a_request",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at", None), ("closed_at__gte", models.F("opened_at")), _connector="OR"
                        ),
                        name="case_closed_after_opened",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="appeal_says_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("outcome", "")),
                    models.Q(
                        models.Q(("outcome", ""), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="appeal_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(("comment__isnull", False), ("person__isnull", False), _connector="OR"),
                name="note_is_about_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="note_says_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.UniqueConstraint(fields=("comment", "number"), name="revision_number_unique_in_comment"),
        ),
        migrations.AddIndex(
            model_name="revision",
            index=models.Index(
                condition=models.Q(("taken_out", ""), _negated=True), fields=["comment"], name="revision_taken_out"
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                condition=models.Q(("pinned_at", None)), fields=["-last_activity_at", "-id"], name="thread_latest"
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(condition=models.Q(("locked_at__isnull", False)), fields=["-id"], name="thread_locked"),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                condition=models.Q(("withdrawn_at__isnull", False)), fields=["-id"], name="thread_withdrawn"
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("title", config="simple"), name="thread_words"
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                condition=models.Q(("pinned_at__isnull", False)), fields=["-pinned_at", "-id"], name="thread_pinned"
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="thread_has_title"
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_activity_at__gte", models.F("created_at"))),
                name="thread_activity_not_before_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.UniqueConstraint(fields=("person", "thread"), name="reading_once_per_person_and_thread"),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(("folded__len__lte", 200)), name="reading_not_too_many_folds"
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.UniqueConstraint(
                fields=("thread", "position"), name="question_position_unique_in_thread"
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__gt", 0)), name="question_position_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="question_has_text"
            ),
        ),
        migrations.AddIndex(
            model_name="logentry",
            index=models.Index(fields=["act", "-id"], name="log_entry_act"),
        ),
        migrations.AddIndex(
            model_name="logentry",
            index=models.Index(fields=["person", "-id"], name="log_entry_person"),
        ),
        migrations.AddIndex(
            model_name="logentry",
            index=models.Index(fields=["at", "act"], name="log_entry_figures"),
        ),
        migrations.AddIndex(
            model_name="logentry",
            index=models.Index(condition=models.Q(("is_confidential", False)), fields=["-id"], name="log_entry_public"),
        ),
        migrations.AddIndex(
            model_name="logentry",
            index=models.Index(
                condition=models.Q(("is_confidential", True)), fields=["at"], name="log_entry_confidential"
            ),
        ),
        migrations.AddConstraint(
            model_name="logentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="log_entry_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="logentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("thread__isnull", False), ("comment__isnull", False), ("person__isnull", False), _connector="OR"
                ),
                name="log_entry_is_about_something",
            ),
        ),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(fields=["person", "-saved_at", "-id"], name="draft_of_person_latest"),
        ),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(fields=["person", "thread"], name="draft_of_person_in_thread"),
        ),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(fields=["saved_at"], name="draft_oldest"),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(fields=("person", "place"), name="draft_one_per_person_and_place"),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("comment", None), ("place", "thread"), ("thread", None)),
                    models.Q(
                        ("comment__isnull", False), ("place__regex", "^(reply|edit):[1-9]"), ("thread__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="draft_place_is_what_it_is_about",
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.LessThanOrEqual(
                        django.db.models.functions.text.Length(
                            django.db.models.functions.comparison.Cast("fields", models.TextField())
                        ),
                        250000,
                    )
                ),
                name="draft_not_too_long",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(fields=["parent", "id"], name="comment_replies"),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(condition=models.Q(("is_shown", True)), fields=["parent", "id"], name="comment_oldest"),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                models.F("parent"),
                django.db.models.expressions.CombinedExpression(models.F("helpful_count"), "*", models.Value(-1)),
                models.F("id"),
                condition=models.Q(("is_shown", True)),
                name="comment_helpful",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                models.F("parent"),
                django.db.models.functions.comparison.Coalesce("question", 0),
                models.F("id"),
                condition=models.Q(("depth", 1), ("is_shown", True)),
                name="comment_answer_oldest",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                models.F("parent"),
                django.db.models.functions.comparison.Coalesce("question", 0),
                django.db.models.expressions.CombinedExpression(models.F("helpful_count"), "*", models.Value(-1)),
                models.F("id"),
                condition=models.Q(("depth", 1), ("is_shown", True)),
                name="comment_answer_helpful",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                condition=models.Q(
                    ("deleted_at", None), ("held_at", None), ("hidden_at", None), ("removed_at", None), ("depth__gt", 0)
                ),
                fields=["thread", "published_at"],
                name="comment_published",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                condition=models.Q(
                    models.Q(("held_at__isnull", False), ("hidden_at__isnull", False), _connector="OR"),
                    ("deleted_at", None),
                    ("removed_at", None),
                ),
                fields=["thread", "author"],
                name="comment_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(fields=["author", "-id"], name="comment_author_latest"),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(condition=models.Q(("held_at__isnull", False)), fields=["-id"], name="comment_held"),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(condition=models.Q(("hidden_at__isnull", False)), fields=["-id"], name="comment_hidden"),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", False)), fields=["-id"], name="comment_removed"
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["-id"], name="comment_deleted"
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("source", config="simple"), name="comment_words"
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("parent", None)), fields=("thread",), name="comment_one_opening_per_thread"
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.UniqueConstraint(fields=("author", "key"), name="comment_key_unique_per_author"),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("author", None)), fields=("key",), name="comment_key_unique_among_guests"
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_guest", False), ("author", None), _connector="OR"),
                name="comment_guest_has_no_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("depth", 0), ("parent", None)),
                    models.Q(("depth__gt", 0), ("parent__isnull", False)),
                    _connector="OR",
                ),
                name="comment_depth_of_opening",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "depth",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.functions.text.Length("path"), "/", models.Value(8)
                            ),
                            "-",
                            models.Value(1),
                        ),
                    )
                ),
                name="comment_path_as_long_as_deep",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("author__isnull", False), models.Q(("byline", ""), _negated=True), _connector="OR"),
                name="comment_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length("source"), 100000),
                    models.Q(
                        ("depth", 0),
                        django.db.models.lookups.LessThanOrEqual(
                            django.db.models.functions.text.Length("source"), 20000
                        ),
                        _connector="OR",
                    ),
                ),
                name="comment_not_too_long",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("deleted_at", None),
                        ("held_at", None),
                        ("hidden_at", None),
                        ("removed_at", None),
                        _negated=True,
                    ),
                    ("published_at__isnull", False),
                    _connector="OR",
                ),
                name="comment_published_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("below_count__gte", models.F("reply_count"))), name="comment_branch_holds_replies"
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("verification", None), ("standpoint__in", ("clinician", "both")), _connector="OR"),
                name="comment_verified_only_as_clinician",
            ),
        ),
        migrations.RunSQL(APPEND_ONLY_LOG, NO_APPEND_ONLY_LOG),
        migrations.RunSQL(APPEAL_BY_ANOTHER, NO_APPEAL_BY_ANOTHER),
        migrations.RunPython(add_first_rows, migrations.RunPython.noop),
    ]
