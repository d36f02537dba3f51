"""Permanent removal of old trash and expired keys, owner by owner, in bounded batches."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Self

from backend.database.execution import OperatorSession
from backend.queries import purge
from backend.queries.statement import KeyRow, OwnerCountRow, Statement


class Purge:
    """Removes tasks trashed before a moment, and expired keys. Safe to repeat."""

    batch = 1000
    """Tasks or keys that one statement removes at the most."""

    def __init__(self, session: OperatorSession, before: datetime) -> None:
        self._session = session
        self._before = before

    @classmethod
    def older_than(cls, session: OperatorSession, age: timedelta) -> Self:
        """What has been in the trash for this long, by the database's clock."""
        [row] = session.survey(purge.BEFORE, age=age)
        return cls(session, row.moment)

    def old_tasks(self) -> dict[int, int]:
        """How many tasks of which owners would be removed."""
        return self._survey(purge.OLD_TASKS, before=self._before)

    def expired_keys(self) -> dict[int, int]:
        """How many keys of which owners would be removed."""
        return self._survey(purge.EXPIRED_KEYS)

    def remove_tasks(self, owner: int) -> Iterator[int]:
        """Remove an owner's old tasks; yields the number after each batch."""
        return self._batches(purge.REMOVE_TASKS, owner)

    def remove_keys(self, owner: int) -> Iterator[int]:
        """Remove an owner's expired keys; yields the number after each batch."""
        return self._batches(purge.REMOVE_KEYS, owner)

    def _survey(self, statement: Statement[OwnerCountRow], **parameters: Any) -> dict[int, int]:
        rows = self._session.survey(statement, **parameters)
        return {row.owner: row.number for row in rows}

    def _batches(self, statement: Statement[KeyRow], owner: int) -> Iterator[int]:
        parameters = {"before": self._before, "batch": self.batch}
        while removed := len(self._session.of_owner(owner).all(statement, **parameters)):
            yield removed
