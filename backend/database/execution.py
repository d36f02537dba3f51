"""Where the statements of one request run: for one owner, within one deadline."""

from typing import Any

from sqlmodel import Session

from backend.database.retries import Attempts
from backend.queries.statement import Row, Statement


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
        bound = {"owner": self.owner, "address": self._address, **parameters}
        rows = self._attempts.make(
            lambda connection: connection.execute(statement.executable, bound).all(),
            self._session,
            is_repeatable=statement.is_repeatable,
        )
        return [statement.row(*row) for row in rows]

    def one(self, statement: Statement[Row], **parameters: Any) -> Row:
        """The one row of a statement that always answers with one; raises as `all`."""
        [row] = self.all(statement, **parameters)
        return row


class OperatorSession:
    """A session of an operator's command, which has no deadline and repeats nothing."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_owner(self, owner: int) -> OwnedSession:
        """For statements about this owner."""
        return OwnedSession(self._session, owner, "", Attempts())

    def survey(self, statement: Statement[Row], **parameters: Any) -> list[Row]:
        """All rows of the one kind of statement that names no owner (`queries/purge.py`)."""
        rows = Attempts().make(
            lambda connection: connection.execute(statement.executable, parameters).all(),
            self._session,
            is_repeatable=statement.is_repeatable,
        )
        return [statement.row(*row) for row in rows]
