"""Removing for good: old trash and expired keys, owner by owner, in bounded batches.

The survey is the one look across owners, for the operator alone, and says so to the guard; what
removes names its owner, and what removes tasks takes the owner's row first, as every write does.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Table,
    bindparam,
    delete,
    exists,
    func,
    select,
)
from sqlmodel import Session

from backend.database.faults import translated
from backend.database.guard import ACROSS_OWNERS
from backend.models.task import idempotency_keys, task_lists, tasks
from backend.queries.ownership import owned
from backend.queries.revisions import bump

_OLD = tasks.c.deleted_at < bindparam("before", type_=tasks.c.deleted_at.type)
_EXPIRED = idempotency_keys.c.expires_at <= func.now()


def _count_by_owner(table: Table, condition: ColumnElement[bool]) -> Executable:
    counts = select(table.c.user_id, func.count()).where(condition).group_by(table.c.user_id)
    return counts.order_by(table.c.user_id).execution_options(**{ACROSS_OWNERS: True})


def _limit() -> ColumnElement[Any]:
    return bindparam("batch", type_=BigInteger)


def _remove_tasks() -> Executable:
    """The oldest of the trash; the owner's `horizon` rises to the highest revision that goes.

    Whoever asks for the changes since an earlier one cannot be told of these deletions any more.
    """
    doomed = select(tasks.c.id, tasks.c.revision).where(owned(), _OLD)
    first = doomed.order_by(tasks.c.deleted_at, tasks.c.id).limit(_limit()).cte("doomed")
    highest = select(func.max(first.c.revision)).scalar_subquery()
    taken = bump(exists(select(first.c.id)), horizon=func.greatest(task_lists.c.horizon, highest))
    condition = (owned(), _OLD, tasks.c.id == first.c.id, taken.c.revision.is_not(None))
    return delete(tasks).where(*condition).returning(tasks.c.id)


def _remove_keys() -> Executable:
    keys = idempotency_keys.c
    doomed = select(keys.key).where(owned(idempotency_keys), _EXPIRED).limit(_limit())
    condition = (owned(idempotency_keys), _EXPIRED, keys.key.in_(doomed))
    return delete(idempotency_keys).where(*condition).returning(keys.key)


OLD_TASKS = _count_by_owner(tasks, _OLD)
EXPIRED_KEYS = _count_by_owner(idempotency_keys, _EXPIRED)
REMOVE_TASKS = _remove_tasks()
REMOVE_KEYS = _remove_keys()


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
