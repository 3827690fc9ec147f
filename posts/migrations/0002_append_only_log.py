"""The moderation log can only grow: the database itself refuses to change, delete or truncate its rows."""

from django.db import migrations

GUARD = """
CREATE FUNCTION posts_logentry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the moderation log is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER posts_logentry_no_change BEFORE UPDATE OR DELETE ON posts_logentry
    FOR EACH ROW EXECUTE FUNCTION posts_logentry_is_append_only();
CREATE TRIGGER posts_logentry_no_truncate BEFORE TRUNCATE ON posts_logentry
    FOR EACH STATEMENT EXECUTE FUNCTION posts_logentry_is_append_only();
"""
UNGUARD = """
DROP TRIGGER posts_logentry_no_truncate ON posts_logentry;
DROP TRIGGER posts_logentry_no_change ON posts_logentry;
DROP FUNCTION posts_logentry_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("posts", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
