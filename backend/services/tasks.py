"""One task of one owner: the verbs that name it, and its creation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.database.execution import OwnedSession
from backend.errors import (
    DatabaseUnavailable,
    IdempotencyKeyReused,
    PreconditionFailed,
    TaskNotFound,
)
from backend.queries import idempotency
from backend.queries import tasks as queries
from backend.queries.search import FOLDED, fold
from backend.queries.statement import KeyedRow, TaskRow, WriteRow
from backend.services.entity_tags import EntityTags
from backend.services.fingerprints import fingerprint

Answer = TaskRow | WriteRow | KeyedRow
"""A task as `json`, with its `revision` and its `url`."""


@dataclass(frozen=True)
class Created:
    """A task, and whether it is the answer of an earlier create with the same key."""

    task: Answer
    is_replay: bool = False


class TaskService:
    """Reads and writes single tasks, one round trip a method.

    Methods that name a task raise TaskNotFound if the owner has no such task out of the trash, and
    PreconditionFailed if `if_match` does not list the task's revision.
    """

    def __init__(self, session: OwnedSession) -> None:
        self._session = session
        self.owner = session.owner

    def create(self, values: Mapping[str, Any], key: str | None = None) -> Created:
        """Store a task with all columns of CONTENT; repeatable for 24 hours if a key is given.

        Raises IdempotencyKeyReused if the key was used for other values.
        """
        if key is None:
            return Created(self._session.one(queries.CREATE, **_parameters(values)))
        content = fingerprint(values)
        parameters = _parameters(values) | {"key": key, "fingerprint": content}
        answer = self._session.one(idempotency.CREATE_ONCE, **parameters)
        if answer.json is None:  # another request took the key while this one waited
            answer = self._session.one(idempotency.CREATE_ONCE, **parameters)
        if answer.first_fingerprint is None:
            return Created(answer)
        if answer.first_fingerprint != content:
            raise IdempotencyKeyReused
        return Created(answer, is_replay=True)

    def read(self, task_id: int) -> Answer:
        answers = self._session.all(queries.READ, task_id=task_id)
        if not answers:
            raise TaskNotFound
        return answers[0]

    def change(
        self, task_id: int, values: Mapping[str, Any], if_match: EntityTags | None = None
    ) -> Answer:
        """Write these columns of CONTENT; all of them replace the task. Repeatable."""
        written = {f"writes_{column}": column in values for column in queries.CONTENT}
        content = {**dict.fromkeys(queries.CONTENT), **values}
        return self._write(queries.CHANGE, task_id, if_match, **_parameters(content), **written)

    def toggle(self, task_id: int, if_match: EntityTags | None = None) -> Answer:
        """Flip completion. Not repeatable: each call flips, unless it has a condition."""
        return self._write(queries.TOGGLE, task_id, if_match)

    def trash(self, task_id: int, if_match: EntityTags | None = None) -> Answer:
        return self._write(queries.TRASH, task_id, if_match)

    def restore(self, task_id: int, if_match: EntityTags | None = None) -> Answer:
        """Take a task out of the trash; one that is not in it stays as it is. Repeatable."""
        return self._write(queries.RESTORE, task_id, if_match)

    def _write(
        self, write: queries.Write, task_id: int, if_match: EntityTags | None, **parameters: Any
    ) -> Answer:
        is_conditional = if_match is not None and not if_match.is_any
        statement = write.if_match if is_conditional else write.always
        revisions = list(if_match.revisions) if if_match is not None else []
        parameters |= {"task_id": task_id, "revisions": revisions}
        answer = self._session.one(statement, **parameters)
        while answer.is_stale:  # until others are done, or the deadline has come
            answer = self._session.one(statement, **parameters)
        if answer.json is not None:
            return answer
        if self._session.has_repeated and (is_conditional or write.hides_task):
            raise DatabaseUnavailable  # what is in its way may be its own first attempt
        raise PreconditionFailed if is_conditional and answer.found else TaskNotFound


def _parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is written, with what the search compares."""
    folded = {FOLDED[column]: fold(values[column]) for column in values.keys() & FOLDED.keys()}
    return {f"new_{column}": value for column, value in {**values, **folded}.items()}
