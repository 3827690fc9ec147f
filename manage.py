#!/usr/bin/env python
"""The forum's commands. Without DATABASE_URL one that needs the database joins the embedded server or starts it."""

import os
import sys

# These need no database, or (serve) own it.
WITHOUT_DATABASE = {
    "check", "collectstatic", "compilemessages", "diffsettings", "help", "makemessages", "makemigrations", "serve",
    "test",
}  # fmt: skip


def main(argv):
    """Runs one command; what is wrong with the machine or its settings is told in one sentence, with exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forum.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import ManagementUtility
        from django.db import OperationalError
    except ImportError:
        sys.exit("The forum's packages are not installed here: run `make run`, or use .venv/bin/python.")

    from forum.database import DatabaseProblem, ensure

    class Commands(ManagementUtility):
        def fetch_command(self, subcommand):
            """The command, with its database running; an unknown one ends here."""
            command = super().fetch_command(subcommand)
            needs_none = self.argv[1] in WITHOUT_DATABASE or {"-h", "--help"} & set(self.argv)
            if settings.PG_IS_EMBEDDED and not needs_none:
                ensure(settings.PG_DATA)
            return command

    try:
        Commands(argv).execute()
    except (DatabaseProblem, ImproperlyConfigured) as fault:
        if "--traceback" in argv:
            raise
        sys.exit(str(fault))
    except OperationalError as fault:
        if "--traceback" in argv:
            raise
        sys.exit(f"The database could not be reached: {str(fault).strip().splitlines()[0]}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv)
