"""Statements that PostgreSQL parses and plans once for a connection, instead of each time.

`PREPARE` and the first `EXECUTE` go together, so each execution is one round trip. A name is a
digest of its text, so whoever prepared it meant the same. What is sent once is sent as text.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from psycopg2 import Error, errorcodes
from psycopg2.extensions import cursor

from backend.database.compiled import Compiled
from backend.observability.incidents import report_once

Send = Callable[..., None]
"""How a cursor executes SQL, with values or without."""

MAX_PREPARED = 64
"""Statements that a connection keeps prepared: some 100 KiB of the server's memory each."""


class Preparing:
    """Whether the connections of one process prepare statements."""

    def __init__(self, *, is_on: bool) -> None:
        self.is_on = is_on

    def give_up(self) -> None:
        """A pooler gives this connection other server connections: text is as good on any."""
        if self.is_on:
            report_once("a pooler is in the way of prepared statements: none from now on")
        self.is_on = False


class PreparedStatements:
    """What one connection has prepared, the least recently used first."""

    def __init__(self, preparing: Preparing) -> None:
        self._preparing = preparing
        self._names: OrderedDict[str, None] = OrderedDict()

    def execute(
        self, statement: Compiled, given: Mapping[str, Any], send: Send, by: cursor
    ) -> None:
        """Send the statement, prepared or as text. Raises what the driver raises."""
        values = statement.values(given)
        statement.uses += 1
        if not self._preparing.is_on or statement.uses == 1:
            send(by, statement.text, values)
            return
        name = statement.name
        is_prepared = name in self._names
        call = by.mogrify(statement.call, values)
        try:
            send(by, call if is_prepared else self._make_room() + statement.preparation + call)
        except Error as error:
            is_known = self._learn(name, error.pgcode)
            if not is_known or not by.connection.autocommit:
                raise
            self.execute(statement, given, send, by)
        self._names[name] = None
        self._names.move_to_end(name)

    def _make_room(self) -> bytes:
        if len(self._names) < MAX_PREPARED:
            return b""
        oldest, _ = self._names.popitem(last=False)
        return f"DEALLOCATE {oldest};".encode()

    def _learn(self, name: str, state: str | None) -> bool:
        """Whether the error tells what is prepared; then nothing else was done."""
        if state == errorcodes.DUPLICATE_PREPARED_STATEMENT:  # its first execution failed
            self._names[name] = None
            return True
        if state == errorcodes.INVALID_SQL_STATEMENT_NAME:
            self._names.clear()
            self._preparing.give_up()
            return True
        return False
