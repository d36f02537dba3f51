"""The tasks of one owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, RowMapping
from sqlmodel import Session

from backend.errors import TaskNotFound
from backend.services import cursor, statements
from backend.services.faults import translated

Row = RowMapping
"""A task as the database returned it: the columns of `statements.COLUMNS` by name."""


@dataclass(frozen=True)
class Page:
    """Tasks in order, and where the next page begins, if there is one."""

    rows: Sequence[Row]
    next_cursor: str | None


class TaskService:
    """Reads and writes the tasks of the owner it is born with, one round trip a method.

    Methods that name a task raise TaskNotFound if the owner has no such task out of the trash.
    """

    def __init__(self, session: Session, owner: int) -> None:
        self._session = session
        self._owner = owner

    def create(self, values: Mapping[str, Any]) -> Row:
        """Store a task with all of `statements.CONTENT`. Not repeatable: each call makes one."""
        return self._one(statements.CREATE, **statements.bound(values))

    def read(self, task_id: int) -> Row:
        return self._one(statements.READ, task_id=task_id)

    def change(self, task_id: int, values: Mapping[str, Any]) -> Row:
        """Write these columns of `statements.CONTENT`; all of them replace the task. Repeatable."""
        statement = statements.changing(frozenset(values))
        return self._one(statement, task_id=task_id, **statements.bound(values))

    def toggle(self, task_id: int) -> Row:
        """Flip completion. Not repeatable: each call flips."""
        return self._one(statements.TOGGLE, task_id=task_id)

    def trash(self, task_id: int) -> Row:
        return self._one(statements.TRASH, task_id=task_id)

    def restore(self, task_id: int) -> Row:
        """Take a task out of the trash; one that is not in it stays as it is. Repeatable."""
        return self._one(statements.RESTORE, task_id=task_id)

    def page(self, limit: int, after: str | None = None) -> Page:
        """At most `limit` tasks, oldest first, after the cursor; raises InvalidCursor."""
        query = f"{self._owner} created_at"
        statement, bounds = statements.FIRST_PAGE, {}
        if after is not None:
            last_created_at, last_id = cursor.decode(query, after)
            statement, bounds = (
                statements.NEXT_PAGE,
                {"last_created_at": last_created_at, "last_id": last_id},
            )
        rows = self._all(statement, count=limit + 1, **bounds)
        if len(rows) <= limit:
            return Page(rows, None)
        last = rows[limit - 1]
        return Page(rows[:limit], cursor.encode(query, last["created_at"], last["id"]))

    def _one(self, statement: Executable, **parameters: Any) -> Row:
        rows = self._all(statement, **parameters)
        if not rows:
            raise TaskNotFound
        return rows[0]

    def _all(self, statement: Executable, **parameters: Any) -> Sequence[Row]:
        """Execute for this owner, and give the connection back in this very thread.

        A connection held until the response is sent deadlocks the pool: who waits for it holds the
        thread that the response waits for (specs/001-backend-task-api/research.md, 8).
        """
        with translated(), self._session.begin():
            result = self._session.execute(statement, {"owner": self._owner, **parameters})
            return result.mappings().all()
