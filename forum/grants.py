"""The database role of the web server, which has the rights that pages need but cannot change append-only tables.

Triggers protect the same tables. The role also protects them against SQL injection. Tables belong to the role that runs
the migrations; the web server signs in as the restricted role. Switching to the role after signing in would not be
safe, because `SELECT set_config('role', 'none', false)` undoes it.
"""

import re

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg2.errors import InsufficientPrivilege

# Tables whose rows may be added and read.
ONLY_GROWS: list[str] = []
# Tables whose rows may only be read.
ONLY_READ = ["django_migrations"]
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
GRANTS = """
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role};
"""
# Every role of PostgreSQL may make temporary tables and large objects by default, and could fill the disk with them.
# The owner of the database can take away the first right, and only a superuser the second.
LARGE_OBJECTS = ["lo_create(oid)", "lo_creat(integer)", "lo_from_bytea(oid, bytea)"]
NOT_FOR_EVERYBODY = [
    "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
    f"REVOKE EXECUTE ON FUNCTION {', '.join(LARGE_OBJECTS)} FROM PUBLIC",
]
# Two concurrent calls would change the same rows of the catalogue, and PostgreSQL would refuse one of them. The number
# of the lock is arbitrary.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(727001)"


class NotAllowed(CommandError):  # noqa: N818  (its text is shown to people)
    """Raised when the role cannot be created or given rights; `str()` is a sentence that says what to do."""


def register_append_only(table: str) -> None:
    """Register a table whose rows the web server's role may add and read, but neither change nor delete."""
    ONLY_GROWS.append(table)


@transaction.atomic
def grant(role: str) -> None:
    """Create the `role` if it does not exist, and give it its rights. Runs after every migration, for new tables.

    The role may sign in, but has no password until an administrator sets one. Raises NotAllowed if the current role may
    not do this, or if the name has other characters than small letters, digits and underscores.
    """
    if not NAME.fullmatch(role):
        raise NotAllowed(f"WEB_ROLE is {role!r}; a role has small letters, digits and underscores.")
    name = connection.ops.quote_name(role)
    try:
        with connection.cursor() as cursor:
            cursor.execute(ONE_AT_A_TIME)
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {name} LOGIN")
            # the first existing schema of the search path, where tables are created and found
            cursor.execute("SELECT current_schema()")
            schema = connection.ops.quote_name(cursor.fetchone()[0])
            cursor.execute(GRANTS.format(role=name, schema=schema))
            cursor.execute("SELECT current_database()")
            database = connection.ops.quote_name(cursor.fetchone()[0])
            for statement in NOT_FOR_EVERYBODY:
                _revoke_if_allowed(cursor, statement.format(database=database))
            # not all tables exist if migrations are applied in part or were reversed
            present = set(connection.introspection.table_names(cursor))
            for tables, rights in ((ONLY_GROWS, "UPDATE, DELETE"), (ONLY_READ, "INSERT, UPDATE, DELETE")):
                for table in present.intersection(tables):
                    cursor.execute(f"REVOKE {rights} ON {connection.ops.quote_name(table)} FROM {name}")
    except ProgrammingError as fault:
        raise NotAllowed(
            f"The role {role} could not be given its rights ({str(fault).strip().splitlines()[0]}). Let the role that "
            "migrates make roles, or make it by hand, or leave WEB_ROLE empty."
        ) from fault


def _revoke_if_allowed(cursor: CursorWrapper, statement: str) -> None:
    """Run the statement, or leave it to the administrator if the current role may not do this.

    docs/operations.md has the statement, and `manage.py check --deploy` names what is missing.
    """
    try:
        with transaction.atomic():
            cursor.execute(statement)
    except ProgrammingError as fault:
        if not isinstance(fault.__cause__, InsufficientPrivilege):
            raise


def may_everybody_make_large_objects() -> bool:
    """Return whether every role may make large objects in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_or(has_function_privilege('public', f, 'EXECUTE')) FROM unnest(%s) f", [LARGE_OBJECTS]
        )
        return bool(cursor.fetchone()[0])


def after_migrating(sender: object, **options: object) -> None:
    """Create the table of the database cache and update the rights of WEB_ROLE (receives post_migrate)."""
    call_command("createcachetable", verbosity=0)
    if settings.WEB_ROLE:
        grant(settings.WEB_ROLE)
