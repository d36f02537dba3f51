"""Where the statements of one request run: for one owner, within one deadline."""

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlmodel import Session

from backend.database.guard import approved
from backend.database.retries import Attempts
from backend.observability.tracing import is_traced, statement_span
from backend.queries.names import name_of
from backend.queries.statement import Row, Statement

_UNWATCHED: AbstractContextManager[None] = nullcontext()


def _rows(
    attempts: Attempts, session: Session, statement: Statement[Row], parameters: dict[str, Any]
) -> list[Row]:
    sql = approved(statement)
    watch = statement_span(name_of(statement)) if is_traced.get() else _UNWATCHED
    with watch:
        rows = attempts.make(
            lambda connection: connection.rows_of(sql, parameters),
            session,
            is_repeatable=statement.is_repeatable,
        )
    return [statement.row(*row) for row in rows]


class OwnedSession:
    """A session whose statements are all about one owner, bound once for every service.

    Each statement is a transaction of its own, and its connection goes back before anything else
    is done with the rows (specs/decisions).
    """

    def __init__(self, session: Session, owner: int, address: str, attempts: Attempts) -> None:
        """`address` begins the `url` of each of the owner's tasks, which ends in its id."""
        self.owner = owner
        self._session = session
        self._address = address
        self._attempts = attempts

    @property
    def has_repeated(self) -> bool:
        """Whether a statement was sent more than once: then it may have met its own work."""
        return self._attempts.has_repeated

    def all(self, statement: Statement[Row], **parameters: Any) -> list[Row]:
        """All rows. Raises DatabaseUnavailable, TimedOut, Overloaded, NotMigrated or Conflict."""
        parameters |= {"owner": self.owner, "address": self._address}
        return _rows(self._attempts, self._session, statement, parameters)

    def one(self, statement: Statement[Row], **parameters: Any) -> Row:
        """The one row of a statement that always answers with one; raises as `all`."""
        [row] = self.all(statement, **parameters)
        return row


class OperatorSession:
    """A session of an operator's command, which repeats nothing."""

    def __init__(self, session: Session, timeout: float = 60.0) -> None:
        """`timeout`: seconds that a statement may take, where the login's role has no limit."""
        self._session = session
        self._timeout = timeout

    def of_owner(self, owner: int, address: str = "") -> OwnedSession:
        """For a statement about this owner: the time begins now."""
        return OwnedSession(self._session, owner, address, self._attempts())

    def survey(self, statement: Statement[Row], **parameters: Any) -> list[Row]:
        """All rows of a statement that names no owner (`queries/purge.py`, `queries/refill.py`)."""
        return _rows(self._attempts(), self._session, statement, parameters)

    def _attempts(self) -> Attempts:
        return Attempts(until=time.monotonic() + self._timeout)
