"""The database role of the web server: it may do what pages need, and cannot change the log."""

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from forum import deployment_checks, grants
from posts.models import Case, LogEntry
from posts.moderation import actions, decisions, flags, undo
from tests.factories import moderator, person, reply, thread
from tests.posts.writing.test_concurrency import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def web_role(settings):
    """This connection has taken on the web server's role, until the test ends."""
    settings.WEB_ROLE = f"web_{connection.settings_dict['NAME']}"
    # as a migration does it, and twice
    call_command("migrate", verbosity=0)
    grants.grant(settings.WEB_ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {connection.ops.quote_name(settings.WEB_ROLE)}")
        yield cursor
        cursor.execute("RESET ROLE")


def refused(cursor, statement):
    """What the database says against this statement."""
    with pytest.raises(ProgrammingError) as fault, transaction.atomic():
        cursor.execute(statement)
    return str(fault.value)


def test_web_role_can_do_what_members_and_moderators_do(web_role):
    mod, bob = moderator(), person("Bob")
    comment = reply(thread().opening, bob)
    flags.flag(comment=comment, person=person(), reason="unkind")
    case = Case.objects.get(comment=comment)
    entry = decisions.decide(
        moderator=mod, case=case, seen=case.version, act="remove", sanction="warn", reason="Unkind."
    )
    undo.undo(moderator=mod, entry=entry, reason="It was not.")
    comment.refresh_from_db()
    assert comment.is_published


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posts_logentry SET reason = 'another'",
        "DELETE FROM posts_logentry",
        "TRUNCATE posts_logentry CASCADE",
        "ALTER TABLE posts_logentry DISABLE TRIGGER ALL",
        "DROP TRIGGER posts_logentry_no_change ON posts_logentry",
        "DELETE FROM django_migrations",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "SELECT lo_create(0)",
    ],
)
def test_web_role_cannot_change_log_or_its_triggers(web_role, statement):
    actions.lock(moderator=moderator(), thread=thread(), reason="Enough.")
    said = refused(web_role, statement)
    assert "permission denied" in said or "must be owner" in said
    assert LogEntry.objects.count() == 1


def test_web_role_can_use_tables_of_later_releases(settings):
    settings.WEB_ROLE = f"web_{connection.settings_dict['NAME']}"
    grants.grant(settings.WEB_ROLE)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (id serial)")
        cursor.execute(f"SET LOCAL ROLE {connection.ops.quote_name(settings.WEB_ROLE)}")
        cursor.execute("INSERT INTO later DEFAULT VALUES")
        cursor.execute("RESET ROLE")


def test_grants_are_in_schema_of_tables():
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere")
        cursor.execute("SET LOCAL search_path TO missing, elsewhere")
        cursor.execute("CREATE TABLE a_table (id serial)")
        grants.grant("web_elsewhere")
        cursor.execute("SET LOCAL ROLE web_elsewhere")
        cursor.execute("INSERT INTO a_table DEFAULT VALUES")
        cursor.execute("RESET ROLE")


@pytest.mark.django_db(transaction=True)
def test_concurrent_migrations_grant_rights_one_after_another():
    role = f"web_{connection.settings_dict['NAME']}_at_once"
    assert at_once([role] * 4, lambda name: grants.grant(name) or "done") == ["done"] * 4
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {connection.ops.quote_name(role)}")
        cursor.execute(f"DROP ROLE {connection.ops.quote_name(role)}")


def test_web_role_can_only_insert_into_append_only_tables():
    with connection.cursor() as cursor:
        # before UPDATE or DELETE of a row, as a guard does: bits of tgtype
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgtype & 26 = 26")
        assert {name for (name,) in cursor.fetchall()} == set(grants.ONLY_GROWS)


def test_partly_migrated_database_has_grants(settings):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE posts_logentry RENAME TO posts_logentry_elsewhere")
        grants.grant("web_in_part")
        cursor.execute("ALTER TABLE posts_logentry_elsewhere RENAME TO posts_logentry")


@pytest.mark.parametrize("name", ["", "web of", 'a"b', "Web", "a" * 64])
def test_invalid_name_of_role_is_refused_in_one_sentence(name):
    with pytest.raises(grants.NotAllowed, match="small letters"):
        grants.grant(name)


def test_missing_right_to_create_roles_is_reported_with_advice():
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE powerless NOLOGIN")
        cursor.execute("SET LOCAL ROLE powerless")
        with pytest.raises(grants.NotAllowed, match="leave WEB_ROLE empty"), transaction.atomic():
            grants.grant("another")
        cursor.execute("RESET ROLE")


def test_check_names_right_to_make_large_objects(settings):
    settings.PG_IS_EMBEDDED = False

    def found():
        return [each.id for each in deployment_checks.check_services(None)]

    with connection.cursor() as cursor:
        for function in grants.LARGE_OBJECTS:
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO PUBLIC")
            assert "forum.W012" in found()
            cursor.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
            cursor.execute(f"REVOKE EXECUTE ON FUNCTION {', '.join(grants.LARGE_OBJECTS)} FROM PUBLIC")
            assert "forum.W012" not in found()


@pytest.mark.django_db(transaction=False)
def test_owner_who_is_no_superuser_migrates_twice_on_a_hardened_server(settings):
    """Such a role can neither revoke the rights of everybody nor is it stopped by that."""
    settings.WEB_ROLE = f"web_{connection.settings_dict['NAME']}"
    grants.grant(settings.WEB_ROLE)
    with connection.cursor() as cursor:
        cursor.execute("REVOKE EXECUTE ON FUNCTION lo_create(oid) FROM PUBLIC")
        cursor.execute("CREATE ROLE migrating CREATEROLE")
        cursor.execute(f"GRANT {connection.ops.quote_name(settings.WEB_ROLE)} TO migrating WITH ADMIN OPTION")
        cursor.execute("CREATE SCHEMA owned AUTHORIZATION migrating")
        cursor.execute("SET LOCAL search_path = owned")
        cursor.execute("SET LOCAL ROLE migrating")
        try:
            for _twice in range(2):
                grants.grant(settings.WEB_ROLE)
        finally:
            cursor.execute("RESET ROLE")
