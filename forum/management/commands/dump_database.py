"""`manage.py dump_database FILE`: write a backup of the database that pg_restore reads."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from forum.embedded_postgres import binaries, cluster
from forum.embedded_postgres.location import home_of, server_account


class Command(BaseCommand):
    """Run the pg_dump of the embedded PostgreSQL, or the one in PATH for a server in DATABASE_URL.

    The forum may run meanwhile: the backup is the state of one moment.
    """

    help = "Writes a backup of the database to FILE, in pg_dump's custom format."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file."""
        parser.add_argument("file", type=Path, metavar="FILE", help="the file to write; it must not exist")

    def handle(self, *, file: Path, **options: Any) -> None:
        """Write the backup; raises CommandError, and leaves no file, if that fails."""
        (_psql, *words), environment = DatabaseClient.settings_to_cmd_args_env(
            connection.settings_dict, ["--format=custom", "--no-password"]
        )
        command = [_pg_dump(), *words]
        try:
            # only for the user who runs this, as it holds everything that is in the database
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(
                f"{file} could not be made ({error.strerror}). Name a file that does not exist."
            ) from None
        try:
            with os.fdopen(handle, "wb") as output:
                ran = subprocess.run(
                    command, env=os.environ | (environment or {}), stdout=output, stderr=subprocess.PIPE, check=False
                )
            if ran.returncode:
                raise CommandError(f"There is no backup. {ran.stderr.decode(errors='replace').strip()}")
        except BaseException:
            # also at Ctrl-C
            file.unlink()
            raise
        self.stdout.write(f"The database is in {file}. Restore it with pg_restore, as docs/operations.md says.")


def _pg_dump() -> str:
    """Return the path of pg_dump; raises CommandError if there is none."""
    if settings.PG_IS_EMBEDDED:
        account = server_account()
        folder = binaries.choose(account, cluster.version_of(home_of(settings.PG_DATA, account)))
        found = shutil.which("pg_dump", path=str(folder))
    else:
        found = shutil.which("pg_dump")
    if found is None:
        raise CommandError("pg_dump was not found. Install the client programs of PostgreSQL, of the server's version.")
    return found
