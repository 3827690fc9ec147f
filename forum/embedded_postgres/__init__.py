"""A launcher of PostgreSQL servers for laptops and tests, which runs ordinary server binaries.

It uses the standard library only and does nothing at import, because `make run` uses it before anything else works.
"""

from forum.embedded_postgres.location import WEB_ROLE, DatabaseProblem, connection
from forum.embedded_postgres.server import Server, ensure, throw_away

__all__ = ["WEB_ROLE", "DatabaseProblem", "Server", "connection", "ensure", "throw_away"]
