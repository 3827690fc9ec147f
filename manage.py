#!/usr/bin/env python
"""Run a management command; without DATABASE_URL, use the embedded PostgreSQL server and start it if necessary."""

import os
import sys

# These need no database or, like serve, start it themselves.
WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "help",
    "makemessages",
    "makemigrations",
    "serve",
    "test",
}
# The forum's files contain codes, comments and keys, so only the user who runs it may read them.
UMASK = 0o077


def main(argv: list[str]) -> None:
    """Run one command; if the machine or its settings cause an error, print one sentence and exit with code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forum.settings")
    os.umask(UMASK)
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import BaseCommand, CommandError, ManagementUtility
        from django.db import OperationalError
    except ImportError:
        sys.exit("The forum's packages are not installed here: run `make run`, or use .venv/bin/python.")

    from forum.embedded_postgres import DatabaseProblem, ensure
    from forum.env import make_var_private

    class Commands(ManagementUtility):
        """Django's commands, for which the embedded database is started if a command needs it."""

        def fetch_command(self, subcommand: str) -> BaseCommand:
            """Return the command, and start the database if the command needs it; exit if the command is unknown."""
            command = super().fetch_command(subcommand)
            needs_none = self.argv[1] in WITHOUT_DATABASE or {"-h", "--help"} & set(self.argv)
            if not needs_none:
                make_var_private()
                if settings.PG_IS_EMBEDDED:
                    ensure(settings.PG_DATA)
            return command

    try:
        Commands(argv).execute()
    except (DatabaseProblem, ImproperlyConfigured, CommandError) as error:
        if "--traceback" in argv:
            raise
        sys.exit(str(error))
    except OperationalError as error:
        if "--traceback" in argv:
            raise
        sys.exit(f"The database could not be reached: {str(error).strip().splitlines()[0]}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv)
