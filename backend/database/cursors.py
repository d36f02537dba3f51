"""The driver's connection and cursor of the service: they execute what the guard has seen.

Text reaches the database through a cursor, whichever way it comes: `exec_driver_sql`,
`raw_connection`, `connection.connection.cursor()`, `COPY`. So the last check is here.
"""

from collections.abc import Mapping
from typing import Any

from psycopg2.extensions import connection, cursor

from backend.database.clauses import RefusedStatementError
from backend.database.compiled import Compiled
from backend.database.prepared import PreparedStatements

PING = "SELECT 1"
"""The one text that needs no statement: SQLAlchemy's ping of an idle connection."""


def _refuse(*_: Any, **__: Any) -> Any:
    raise RefusedStatementError("SQL that no statement of the service was compiled to was refused")


_execute, _cursor_of = cursor.execute, connection.cursor


class GuardedCursor(cursor):
    """Executes the SQL that is in `approved`, once."""

    approved: str | None = None

    def execute(self, query: Any, vars: Any = None) -> None:
        if query not in (self.approved, PING):
            _refuse()
        self.approved = None
        _execute(self, query, vars)

    executemany = callproc = copy_expert = copy_from = copy_to = _refuse


class GuardedConnection(connection):
    """Gives guarded cursors only, once SQLAlchemy has asked the server what it is."""

    is_guarded = False
    prepared: PreparedStatements

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        if self.is_guarded:
            options["cursor_factory"] = GuardedCursor
        return _cursor_of(self, *arguments, **options)

    def rows_of(self, approved: Compiled, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of what the guard has approved; raises what the driver raises."""
        cursor = _cursor_of(self)
        try:
            self.prepared.execute(approved, given, _execute, cursor)
            return cursor.fetchall()
        finally:
            cursor.close()
