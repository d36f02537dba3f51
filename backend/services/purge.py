"""Removing for good: old trash and expired keys, owner by owner, in bounded batches."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Executable
from sqlmodel import Session

from backend.database.faults import translated
from backend.queries.purge import EXPIRED_KEYS, OLD_TASKS, REMOVE_KEYS, REMOVE_TASKS


class Purge:
    """Removes what was trashed before a moment, and keys that have expired. Safe to repeat."""

    batch = 1000
    """Tasks or keys that one statement removes at the most."""

    def __init__(self, session: Session, before: datetime) -> None:
        self._session = session
        self._before = before

    def old_tasks(self) -> dict[int, int]:
        """How many tasks of which owner would go."""
        return dict(self._rows(OLD_TASKS))

    def expired_keys(self) -> dict[int, int]:
        """How many keys of which owner would go."""
        return dict(self._rows(EXPIRED_KEYS))

    def remove_tasks(self, owner: int) -> Iterator[int]:
        """Remove an owner's old tasks; yields the number after each batch."""
        return self._batches(REMOVE_TASKS, owner)

    def remove_keys(self, owner: int) -> Iterator[int]:
        """Remove an owner's expired keys; yields the number after each batch."""
        return self._batches(REMOVE_KEYS, owner)

    def _batches(self, statement: Executable, owner: int) -> Iterator[int]:
        while removed := len(self._rows(statement, owner=owner, batch=self.batch)):
            yield removed

    def _rows(self, statement: Executable, **parameters: Any) -> list[Any]:
        with translated(), self._session.begin():
            result = self._session.execute(statement, {"before": self._before, **parameters})
            return [tuple(row) for row in result.all()]
