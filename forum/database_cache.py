"""The cache in a table of the database, which all web servers share."""

from datetime import datetime

from django.core.cache.backends.db import DatabaseCache as DjangoDatabaseCache
from django.db import connections
from django.db.backends.utils import CursorWrapper


class DatabaseCache(DjangoDatabaseCache):
    """Django's database cache, which removes expired rows only.

    Django removes a part of all rows when the table is full. These rows are mostly counts of sign-in attempts: anybody
    could fill the table and so remove the counts of others.
    """

    # set by Django, whose stubs lack it
    _table: str

    def _cull(self, db: str, cursor: CursorWrapper, now: datetime, num: int) -> None:
        connection = connections[db]
        table = connection.ops.quote_name(self._table)
        expired = connection.ops.adapt_datetimefield_value(now)
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [expired])  # noqa: S608  (a setting of ours)
