"""The tasks of one owner."""

import hashlib
import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, Row
from sqlmodel import Session

from backend.database.retries import Attempts
from backend.errors import (
    DatabaseUnavailable,
    IdempotencyKeyReused,
    PreconditionFailed,
    TaskNotFound,
)
from backend.queries import cursor, lists, sorting
from backend.queries import tasks as statements
from backend.queries.filters import Filters
from backend.queries.search import FOLDED, fold
from backend.queries.sorting import Sort

Answer = Row[Any]
"""A task as `json`, with its `revision` and its `url`."""

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
    """A JSON array, where the next page begins, the number of all, and the list's revision."""

    json: str
    next_cursor: str | None
    total: int | None
    revision: int


@dataclass(frozen=True)
class Created:
    """A task, and whether it is the answer of an earlier create with the same key."""

    task: Answer
    replayed: bool = False


class TaskService:
    """Reads and writes the tasks of the owner it is born with, one round trip a method.

    Methods that name a task raise TaskNotFound if the owner has no such task out of the trash, and
    PreconditionFailed if the task's revision is not one of those that the client accepts.
    """

    def __init__(self, session: Session, owner: int, address: str, timeout: float = 4.0) -> None:
        """`address` begins the `url` of every task, which ends in its id.

        `timeout` in seconds is for all of the request's work in the database, from now on.
        """
        self._owner = owner
        self._address = address
        self._attempts = Attempts(session, time.monotonic() + timeout)

    def create(self, values: Mapping[str, Any], key: str | None = None) -> Created:
        """Store a task with all of `statements.CONTENT`; repeatable for 24 hours if a key is given.

        Raises IdempotencyKeyReused if the key was used for other values.
        """
        if key is None:
            return Created(self._one(statements.CREATE, repeatable=False, **_bound(values)))
        fingerprint = _fingerprint(values)
        bounds = _bound(values) | {"key": key, "fingerprint": fingerprint}
        answer = self._one(statements.CREATE_ONCE, **bounds)
        if answer.json is None:  # lost the race to the key
            answer = self._one(statements.CREATE_ONCE, **bounds)
        if answer.first_fingerprint is None:
            return Created(answer)
        if answer.first_fingerprint != fingerprint:
            raise IdempotencyKeyReused
        return Created(answer, replayed=True)

    def read(self, task_id: int) -> Answer:
        answers = self._all(statements.READ, task_id=task_id)
        if not answers:
            raise TaskNotFound
        return answers[0]

    def change(self, task_id: int, values: Mapping[str, Any], expected: Revisions = None) -> Answer:
        """Write these columns of `statements.CONTENT`; all of them replace the task. Repeatable."""
        write = statements.changing(frozenset(values))
        return self._write(write, task_id, expected, **_bound(values))

    def toggle(self, task_id: int, expected: Revisions = None) -> Answer:
        """Flip completion. Not repeatable: each call flips, unless a revision is expected."""
        repeatable = expected is not None
        return self._write(statements.TOGGLE, task_id, expected, repeatable=repeatable)

    def trash(self, task_id: int, expected: Revisions = None) -> Answer:
        return self._write(statements.TRASH, task_id, expected)

    def restore(self, task_id: int, expected: Revisions = None) -> Answer:
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
        found = self._one(_page_statement(query, last), **_page_bounds(query, last))
        texts = found.json.split(lists.SEPARATOR) if found.json else []
        page, following = texts[: query.limit], None
        if len(texts) > query.limit:
            position = sorting.position(query.sort, json.loads(page[-1]))
            following = cursor.encode(identity, position)
        return Page(f"[{','.join(page)}]", following, found.total, found.list_revision)

    def _write(
        self,
        write: statements.Write,
        task_id: int,
        expected: Revisions,
        *,
        repeatable: bool = True,
        **bounds: Any,
    ) -> Answer:
        bounds |= {"task_id": task_id, "revisions": list(expected or ())}
        statement = write.always if expected is None else write.if_match
        answers = self._all(statement, repeatable=repeatable, **bounds)
        if answers and answers[0].json is not None:
            return answers[0]
        if self._attempts.has_repeated and (expected is not None or write is statements.TRASH):
            raise DatabaseUnavailable  # what is in its way may be its own first attempt
        is_other = expected is not None and answers[0].found
        raise PreconditionFailed if is_other else TaskNotFound

    def _one(self, statement: Executable, *, repeatable: bool = True, **parameters: Any) -> Answer:
        """The one row of a statement that always answers."""
        return self._all(statement, repeatable=repeatable, **parameters)[0]

    def _all(
        self, statement: Executable, *, repeatable: bool = True, **parameters: Any
    ) -> Sequence[Answer]:
        """The rows of a statement for this owner; a repeatable one survives a lost connection."""
        bounds = {"owner": self._owner, "address": self._address, **parameters}
        return self._attempts.make(
            lambda connection: connection.execute(statement, bounds).all(), repeatable=repeatable
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
    conditional = query.known is None or bool(query.known)
    shape = lists.Shape(query.filters.active(), query.sort, nulls, query.count, conditional)
    return lists.page(shape)


def _page_bounds(query: ListQuery, last: Sequence[Any] | None) -> dict[str, Any]:
    return {
        **query.filters.bounds(),
        **(sorting.bounds(last) if last else {}),
        "limit": query.limit,
        "known": list(query.known or ()),
        "knows_any": query.known is None,
    }
