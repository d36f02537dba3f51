"""The tasks of one owner."""

import hashlib
import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, RowMapping
from sqlmodel import Session

from backend.errors import (
    DatabaseUnavailable,
    IdempotencyKeyReused,
    PreconditionFailed,
    TaskNotFound,
)
from backend.services import cursor, lists, sorting, statements
from backend.services.attempts import Attempts
from backend.services.filters import Filters
from backend.services.search import FOLDED, fold
from backend.services.sorting import Sort

Row = Mapping[Any, Any]
"""A task: the columns of `statements.COLUMNS` by name."""

Revisions = Collection[int] | None
"""Those that the client accepts or has; None is any."""


@dataclass(frozen=True)
class ListQuery:
    """What a list is asked for. `known` are the revisions that the client has (If-None-Match)."""

    filters: Filters
    sort: Sort
    limit: int
    cursor: str | None = None
    count: bool = False
    known: Revisions = ()


@dataclass(frozen=True)
class Page:
    """Tasks in order, where the next page begins, the number of all, and the list's revision."""

    rows: Sequence[Row]
    next_cursor: str | None
    total: int | None
    revision: int


@dataclass(frozen=True)
class Created:
    """A task, and whether it is the answer of an earlier create with the same key."""

    row: Row
    replayed: bool = False


class TaskService:
    """Reads and writes the tasks of the owner it is born with, one round trip a method.

    Methods that name a task raise TaskNotFound if the owner has no such task out of the trash, and
    PreconditionFailed if the task's revision is not one of those that the client accepts.
    """

    def __init__(self, session: Session, owner: int, timeout: float = 4.0) -> None:
        """`timeout` in seconds is for all of the request's work in the database, from now on."""
        self._owner = owner
        self._attempts = Attempts(session, time.monotonic() + timeout)

    def create(self, values: Mapping[str, Any], key: str | None = None) -> Created:
        """Store a task with all of `statements.CONTENT`; repeatable for 24 hours if a key is given.

        Raises IdempotencyKeyReused if the key was used for other values.
        """
        if key is None:
            return Created(self._all(statements.CREATE, repeatable=False, **_bound(values))[0])
        fingerprint = _fingerprint(values)
        bounds = _bound(values) | {"key": key, "fingerprint": fingerprint}
        answer = self._all(statements.CREATE_ONCE, **bounds)[0]
        if answer["id"] is None and answer["first_task_id"] is None:  # lost the race to the key
            answer = self._all(statements.CREATE_ONCE, **bounds)[0]
        if answer["id"] is not None:
            return Created(answer)
        if answer["first_fingerprint"] != fingerprint:
            raise IdempotencyKeyReused
        return Created(self._first_answer(values, answer), replayed=True)

    def read(self, task_id: int) -> Row:
        rows = self._all(statements.READ, task_id=task_id)
        if not rows:
            raise TaskNotFound
        return rows[0]

    def change(self, task_id: int, values: Mapping[str, Any], expected: Revisions = None) -> Row:
        """Write these columns of `statements.CONTENT`; all of them replace the task. Repeatable."""
        statement = statements.changing(frozenset(values))
        return self._write(statement, task_id, expected, **_bound(values))

    def toggle(self, task_id: int, expected: Revisions = None) -> Row:
        """Flip completion. Not repeatable: each call flips, unless a revision is expected."""
        repeatable = expected is not None
        return self._write(statements.TOGGLE, task_id, expected, repeatable=repeatable)

    def trash(self, task_id: int, expected: Revisions = None) -> Row:
        return self._write(statements.TRASH, task_id, expected)

    def restore(self, task_id: int, expected: Revisions = None) -> Row:
        """Take a task out of the trash; one that is not in it stays as it is. Repeatable."""
        return self._write(statements.RESTORE, task_id, expected)

    def trash_all(self, filters: Filters) -> None:
        """Trash what matches, in one statement. Repeatable."""
        self._all(lists.trashing(filters.active()), **filters.bounds())

    def page(self, query: ListQuery) -> Page:
        """A page; without tasks if the client has the list as it is. Raises InvalidCursor."""
        identity = f"{self._owner} {query.filters} {query.sort}"
        last = None
        if query.cursor is not None:
            last = sorting.parsed(query.sort, cursor.decode(identity, query.cursor))
        found = self._all(_page_statement(query, last), **_page_bounds(query, last))
        rows = [row for row in found if row["id"] is not None]
        page, following = rows[: query.limit], None
        if len(rows) > query.limit:
            following = cursor.encode(identity, sorting.position(query.sort, page[-1]))
        return Page(page, following, found[0]["total"], found[0]["list_revision"])

    def _first_answer(self, values: Mapping[str, Any], first: Row) -> Row:
        """The task as it was created: what was sent, and what is kept of the key's first use."""
        created_at = first["first_created_at"]
        return {
            **values,
            "user_id": self._owner,
            "id": first["first_task_id"],
            "completed_at": created_at if values["completed"] else None,
            "revision": first["first_revision"],
            "created_at": created_at,
            "updated_at": created_at,
        }

    def _write(
        self,
        statement: Executable,
        task_id: int,
        expected: Revisions,
        *,
        repeatable: bool = True,
        **bounds: Any,
    ) -> Row:
        revisions = None if expected is None else list(expected)
        bounds |= {"task_id": task_id, "revisions": revisions}
        answer = self._all(statement, repeatable=repeatable, **bounds)[0]
        if answer["id"] is not None:
            return answer
        if self._attempts.has_repeated and (expected is not None or statement is statements.TRASH):
            raise DatabaseUnavailable  # what is in its way may be its own first attempt
        raise PreconditionFailed if answer["found"] and expected is not None else TaskNotFound

    def _all(
        self, statement: Executable, *, repeatable: bool = True, **parameters: Any
    ) -> Sequence[RowMapping]:
        """The rows of a statement for this owner; a repeatable one survives a lost connection."""
        bounds = {"owner": self._owner, **parameters}
        return self._attempts.make(
            lambda session: session.execute(statement, bounds).mappings().all(),
            repeatable=repeatable,
        )


def _bound(values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of what is written, with what the search compares."""
    folded = {FOLDED[column]: fold(values[column]) for column in values.keys() & FOLDED.keys()}
    return {f"new_{column}": value for column, value in {**values, **folded}.items()}


def _fingerprint(values: Mapping[str, Any]) -> str:
    """The same for the same content, however it was spelled."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _page_statement(query: ListQuery, last: Sequence[Any] | None) -> Executable:
    nulls = tuple(value is None for value in last[:-1]) if last else None
    return lists.page(query.filters.active(), query.sort, nulls, query.count)


def _page_bounds(query: ListQuery, last: Sequence[Any] | None) -> dict[str, Any]:
    """One task more than the page holds tells whether there is a next one."""
    return {
        **query.filters.bounds(),
        **(sorting.bounds(last) if last else {}),
        "count": query.limit + 1,
        "known": list(query.known or ()),
        "knows_any": query.known is None,
    }
