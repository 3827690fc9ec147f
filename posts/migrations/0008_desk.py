"""What the desk begins with: rules, reasons at hand, an item for each comment that waits already; and that nobody
decides an appeal against a decision of their own where there is somebody else."""

from pathlib import Path

from django.db import migrations
from django.db.models import Q
from django.utils import timezone

RULES = Path(__file__).parents[1] / "seed" / "rules.md"
REASONS = {
    "Fits the rules": "It keeps to the rules, and stays.",
    "Unkind to a person": "It is unkind to somebody rather than about what they said. You are welcome to say it in another way.",
    "Somebody could be recognised": "It tells details by which somebody could be recognised. Please tell it without them.",
    "Off topic": "It is not about what this thread is about.",
    "Advertising": "It advertises something.",
    "Advice that could harm": "It gives advice that could harm somebody who follows it.",
}
OTHERS = """
CREATE FUNCTION posts_appeal_by_somebody_else() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.decided_by_id IS NOT NULL AND (
        NEW.person_id = NEW.decided_by_id
        OR EXISTS (SELECT 1 FROM posts_logentry e WHERE e.id = NEW.entry_id AND e.moderator_id = NEW.decided_by_id)
    ) AND EXISTS (
        SELECT 1 FROM accounts_user u
        WHERE u.id <> NEW.decided_by_id AND u.is_staff AND u.is_active
            AND (u.suspended_at IS NULL OR u.suspended_until <= now())
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
NO_OTHERS = """
DROP TRIGGER posts_appeal_by_somebody_else ON posts_appeal;
DROP FUNCTION posts_appeal_by_somebody_else();
"""


def begin(apps, schema_editor):
    """Rules and reasons where there are none; and the comments that wait."""
    rules, reasons = apps.get_model("posts", "Rules"), apps.get_model("posts", "CannedReason")
    comments, cases = apps.get_model("posts", "Comment"), apps.get_model("posts", "Case")
    now = timezone.now()
    if not rules.objects.exists():
        rules.objects.create(text=RULES.read_text(encoding="utf-8"), published_at=now)
    if not reasons.objects.exists():
        reasons.objects.bulk_create(reasons(title=title, text=text) for title, text in REASONS.items())
    waiting = comments.objects.filter(
        Q(held_at__isnull=False) | Q(hidden_at__isnull=False), removed_at=None, deleted_at=None, cases=None
    )
    found = waiting.order_by("pk").values_list("pk", "is_guest", "held_at", "hidden_at").iterator(chunk_size=2_000)
    cases.objects.bulk_create(
        (
            cases(comment_id=pk, kind=5, why=["guest" if is_guest else "hold"], opened_at=held_at or hidden_at)
            for pk, is_guest, held_at, hidden_at in found
        ),
        batch_size=2_000,
    )


class Migration(migrations.Migration):
    dependencies = [("posts", "0007_moderation")]
    operations = [
        migrations.RunSQL(OTHERS, NO_OTHERS),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
