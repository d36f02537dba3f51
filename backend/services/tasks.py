"""One task of one owner: the verbs that name it, and its creation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.errors import (
    DatabaseUnavailable,
    IdempotencyKeyReused,
    Misplaced,
    PreconditionFailed,
    TaskNotFound,
)
from backend.models.occurrences import Due
from backend.queries import idempotency, repeating
from backend.queries import tasks as queries
from backend.queries.columns import CONTENT
from backend.queries.search import FOLDED, fold
from backend.queries.statement import ChildRow, KeyedRow, MoveRow, Statement, TaskRow, WriteRow
from backend.queries.writing import Write
from backend.services.entity_tags import EntityTags
from backend.services.fingerprints import fingerprint
from backend.services.of_owner import OwnerService
from backend.services.repeating import computed, dues, require_next

Answer = TaskRow | WriteRow | KeyedRow | ChildRow | MoveRow
"""A task as `json`, with its `revision` and its `url`."""


@dataclass(frozen=True)
class Created:
    """A task, and whether it is the answer of an earlier create with the same key."""

    task: Answer
    is_replay: bool = False


class TaskService(OwnerService):
    """Reads and writes single tasks, one round trip a method.

    Methods that name a task raise TaskNotFound if the owner has no such task out of the trash, and
    PreconditionFailed if `if_match` does not list the task's revision.
    """

    def create(self, values: Mapping[str, Any], key: str | None = None) -> Created:
        """Store a task with all columns of CONTENT; repeatable for 24 hours if a key is given.

        Raises IdempotencyKeyReused if the key was used for other values.
        """
        require_next({"body": values})
        if key is not None:
            return self._create_once(values, key)
        if values["parent_id"] is None:
            return Created(self._session.one(queries.CREATE, **_parameters(values)))
        while True:
            child = self._session.one(queries.CREATE_CHILD, **_parameters(values))
            if child.json is not None:
                return Created(child)
            if not child.fits:
                raise Misplaced

    def _create_once(self, values: Mapping[str, Any], key: str) -> Created:
        content, is_child = fingerprint(values), values["parent_id"] is not None
        parameters = _parameters(values) | {"key": key, "fingerprint": content}
        statement = idempotency.CREATE_CHILD_ONCE if is_child else idempotency.CREATE_ONCE
        answer = self._session.one(statement, **parameters)
        while answer.json is None and answer.fits:
            # Another request took the key, or changed the parent, while this one waited.
            answer = self._session.one(statement, **parameters)
        if answer.first_fingerprint not in {None, content}:
            raise IdempotencyKeyReused
        if answer.json is None:
            raise Misplaced
        return Created(answer, is_replay=answer.first_fingerprint is not None)

    def read(self, task_id: int) -> Answer:
        answers = self._session.all(queries.READ, task_id=task_id)
        if not answers:
            raise TaskNotFound
        return answers[0]

    def change(
        self, task_id: int, values: Mapping[str, Any], if_match: EntityTags | None = None
    ) -> Answer:
        """Write these columns of CONTENT; all of them replace the task. Repeatable."""
        require_next({"body": values})
        written = {f"writes_{column}": column in values for column in CONTENT}
        content = {**dict.fromkeys(CONTENT), **values}
        nests = values.get("parent_id") is not None
        write = queries.CHANGE_AND_NEST if nests else queries.CHANGE
        return self._write(write, task_id, if_match, **_parameters(content), **written)

    def toggle(self, task_id: int, if_match: EntityTags | None = None) -> Answer:
        """Flip completion. Not repeatable: each call flips, unless it has a condition."""
        return self._write(queries.TOGGLE, task_id, if_match)

    def trash(self, task_id: int, if_match: EntityTags | None = None) -> Answer:
        return self._write(queries.TRASH, task_id, if_match)

    def restore(self, task_id: int, if_match: EntityTags | None = None) -> Answer:
        """Take a task out of the trash; one that is not in it stays as it is. Repeatable."""
        return self._write(queries.RESTORE, task_id, if_match)

    def occurrences(self, task_id: int, limit: int) -> list[Due]:
        """When a repeating task is due again; nothing for any other."""
        row = self._session.one(repeating.SERIES, task_id=task_id)
        if row.seed is None:
            raise TaskNotFound
        return dues(row.seed, limit)

    def _write(
        self, write: Write, task_id: int, if_match: EntityTags | None, **parameters: Any
    ) -> Answer:
        is_conditional = if_match is not None and not if_match.is_any
        revisions = if_match.revisions if if_match is not None else []
        parameters |= {"task_id": task_id, "revisions": revisions}
        answer = self._session.one(_chosen(write, is_conditional), **parameters)
        # Until others are done, or the deadline has come.
        while answer.is_stale or (answer.seed and not answer.is_misplaced):
            answer = self._again(write, answer.seed, is_conditional, parameters)
        if answer.is_misplaced:
            raise Misplaced
        if answer.json is not None:
            return answer
        if self._session.has_repeated and (is_conditional or write.hides_task):
            raise DatabaseUnavailable  # what is in its way may be its own first attempt
        raise PreconditionFailed if is_conditional and answer.found else TaskNotFound

    def _again(
        self, write: Write, seed: str | None, is_conditional: bool, parameters: Any
    ) -> WriteRow:
        """The write once more; for a repeating task that it completes, with what follows."""
        if seed is None or write.repeating is None:
            return self._session.one(_chosen(write, is_conditional), **parameters)
        statement = _chosen(write.repeating, is_conditional)
        return self._session.one(statement, **parameters, **computed(seed))


def _chosen(write: Write, is_conditional: bool) -> Statement[WriteRow]:
    return write.if_match if is_conditional else write.always


def _parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is written, with what the search compares."""
    folded = {FOLDED[column]: fold(values[column]) for column in values.keys() & FOLDED.keys()}
    return {f"new_{column}": value for column, value in {**values, **folded}.items()}
