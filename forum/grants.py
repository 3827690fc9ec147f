"""A database role for the web server, which may do all that the pages need, and nothing to what must not be changed.

Triggers guard the same tables; a role holds against whoever finds a way to speak SQL through a page. Tables belong to
the role that migrates; the web server signs in as the other one. (To take it on after signing in would be no guard: one
`SELECT set_config('role', 'none', false)` leads back.)
"""

import re

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection, transaction

# Rows of these may be added and read.
ONLY_GROWS: list[str] = []
# Rows of these may be read.
ONLY_READ = ["django_migrations"]
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
GRANTS = """
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role};
"""
# Two of us at once would change the same rows of the catalogue, which the database refuses to one of them. Any number.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(727001)"


class NotAllowed(CommandError):  # noqa: N818  (its text is shown to people)
    """The role cannot be made or given rights; `str()` says what to do. Commands print it as one sentence."""


def register_append_only(table: str) -> None:
    """Add a table of an app whose rows the web server's role may add and read, but neither change nor delete."""
    ONLY_GROWS.append(table)


@transaction.atomic
def grant(role):
    """Makes the `role` if there is none and gives it its rights; again and again, because tables come.

    It may sign in, but has no password until somebody gives it one. Raises NotAllowed where the role that migrates may
    not do so, or the name is not a plain one.
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
            # where tables are made and found: the first schema of the search path that there is
            cursor.execute("SELECT current_schema()")
            schema = connection.ops.quote_name(cursor.fetchone()[0])
            cursor.execute(GRANTS.format(role=name, schema=schema))
            # of a database that is migrated in part, or back, not all are there
            present = set(connection.introspection.table_names(cursor))
            for tables, rights in ((ONLY_GROWS, "UPDATE, DELETE"), (ONLY_READ, "INSERT, UPDATE, DELETE")):
                for table in present.intersection(tables):
                    cursor.execute(f"REVOKE {rights} ON {connection.ops.quote_name(table)} FROM {name}")
    except ProgrammingError as fault:
        raise NotAllowed(
            f"The role {role} could not be given its rights ({str(fault).strip().splitlines()[0]}). Let the role that "
            "migrates make roles, or make it by hand, or leave WEB_ROLE empty."
        ) from fault


def after_migrating(sender: object, **options: object) -> None:
    """Make the table of the database cache and bring the rights of WEB_ROLE up to date (receives post_migrate)."""
    call_command("createcachetable", verbosity=0)
    if settings.WEB_ROLE:
        grant(settings.WEB_ROLE)
