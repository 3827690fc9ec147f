"""PostgreSQL for a laptop and for the tests: our own small launcher around ordinary server binaries.

Standard library only, and nothing happens at import: `make run` uses it before anything else works.
"""

from forum.embedded_postgres.location import WEB_ROLE, DatabaseProblem, connection
from forum.embedded_postgres.server import Server, ensure, throw_away

__all__ = ["WEB_ROLE", "DatabaseProblem", "Server", "connection", "ensure", "throw_away"]
