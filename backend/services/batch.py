"""Many operations at once: all of them, or none and which ones are wrong."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.errors import (
    AppError,
    Conflict,
    FieldError,
    IdempotencyKeyReused,
    InvalidRequest,
    Misplaced,
    Overloaded,
    PreconditionFailed,
    TaskNotFound,
)
from backend.queries import batch as queries
from backend.queries.batch_operations import ASKED, MISPLACED, NULLABLE, UNCOMPUTED, UNSEEN
from backend.queries.lists import SEPARATOR
from backend.queries.search import FOLDED, fold
from backend.queries.statement import BatchRow, Statement
from backend.services.fingerprints import digest, told
from backend.services.of_owner import OwnerService
from backend.services.repeating import computed_all, require_next

MAX_OPERATIONS = 100
STATUSES = {"create": 201, "update": 200, "delete": 204, "restore": 200}
"""What each kind of operation answers."""

_FAILURES: dict[str, type[AppError]] = {
    "404": TaskNotFound,
    "409": Conflict,
    "412": PreconditionFailed,
    str(MISPLACED): Misplaced,
}
_NOTHING = "Nothing was written: `errors` names each operation that failed."


@dataclass(frozen=True)
class Operation:
    """A create, update, delete or restore.

    `values`: columns of CONTENT; all of them in a create. `revision`: what the task must have.
    """

    kind: str
    task_id: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    revision: int | None = None


@dataclass(frozen=True)
class Result:
    """A status, and the task as JSON, empty for one that is deleted."""

    status: int
    task: str


@dataclass(frozen=True)
class Batch:
    """What each operation came to, and whether it is the answer of an earlier batch."""

    results: list[Result]
    is_replay: bool = False


class BatchService(OwnerService):
    """Runs the operations of one owner, in one round trip however many they are."""

    def run(
        self, operations: Sequence[Operation], key: str | None = None, *, dry_run: bool = False
    ) -> Batch:
        """All, or none. `dry_run` writes nothing; a key makes it repeatable for 24 hours.

        Raises InvalidRequest for a task that is named twice, the error of the first operation that
        fails with all of them in `errors`, and IdempotencyKeyReused.
        """
        _require_distinct(operations)
        require_next({_content(number, one): one.values for number, one in enumerate(operations)})
        parameters = {**_arrays(operations), "dry_run": dry_run}
        if key is None:
            return _done(operations, self._send(queries.BATCH, parameters))
        fingerprint = _fingerprint(operations)
        parameters |= {"key": key, "fingerprint": fingerprint}
        row = self._send(queries.BATCH_ONCE, parameters)
        if row.json is None and row.first_fingerprint is None and not _failed(row):
            # Another request took the key while this one waited.
            row = self._send(queries.BATCH_ONCE, parameters)
        if row.first_fingerprint is None:
            return _done(operations, row)
        if row.first_fingerprint != fingerprint or row.first_answer is None:
            raise IdempotencyKeyReused
        return Batch(_results(operations, row.first_answer), is_replay=True)

    def _send(self, statement: Statement[BatchRow], parameters: dict[str, Any]) -> BatchRow:
        """Once, and again with what follows the repeating tasks that are completed."""
        row = self._session.one(statement, **parameters)
        while _is_early(row) and not _failed(row):
            for number, values in computed_all(row.seeds.split(SEPARATOR) if row.seeds else []):
                for name, value in values.items():
                    parameters[f"op_{name}"][number] = value
            row = self._session.one(statement, **parameters)
        return row


def _require_distinct(operations: Sequence[Operation]) -> None:
    times = Counter(one.task_id for one in operations if one.task_id is not None)
    errors = tuple(
        FieldError(f"{_place(number)}.id", "must be another task: each only once", "repeated")
        for number, one in enumerate(operations)
        if one.task_id is not None and times[one.task_id] > 1
    )
    if errors:
        raise InvalidRequest(errors=errors)


def _place(number: int) -> str:
    return f"body.operations.{number}"


def _content(number: int, operation: Operation) -> str:
    return f"{_place(number)}.{'task' if operation.kind == 'create' else 'changes'}"


def _arrays(operations: Sequence[Operation]) -> dict[str, list[Any]]:
    """A value of each operation for each of ASKED."""
    rows = [_row(number, one) for number, one in enumerate(operations)]
    return {f"op_{name}": [row.get(name) for row in rows] for name in ASKED}


def _row(number: int, operation: Operation) -> dict[str, Any]:
    values = dict(operation.values)
    sets = {f"sets_{name}": name in values for name in NULLABLE}
    folded = {FOLDED[name]: fold(values[name]) for name in values.keys() & FOLDED.keys()}
    if "tags" in values:
        values["tags"] = array_text(values["tags"])
    return {
        "number": number,
        "kind": operation.kind,
        "task_id": operation.task_id,
        "expected": operation.revision,
        **{f"new_{name}": value for name, value in {**values, **folded}.items()},
        **sets,
    }


def array_text(tags: Sequence[str]) -> str:
    """An array as PostgreSQL reads it: rows of different lengths have no common array."""
    quoted = (tag.replace("\\", "\\\\").replace('"', '\\"') for tag in tags)
    return "{" + ",".join(f'"{tag}"' for tag in quoted) + "}"


def _is_early(row: BatchRow) -> bool:
    """Whether something is to be computed first, or was not in the snapshot."""
    return not {str(UNCOMPUTED), str(UNSEEN)}.isdisjoint((row.outcomes or "").split(","))


def _failed(row: BatchRow) -> list[tuple[int, type[AppError]]]:
    outcomes = row.outcomes.split(",") if row.outcomes else []
    return [(n, _FAILURES[outcome]) for n, outcome in enumerate(outcomes) if outcome in _FAILURES]


def _done(operations: Sequence[Operation], row: BatchRow) -> Batch:
    if failures := _failed(row):
        errors = (FieldError(_place(n), error.detail, error.code) for n, error in failures)
        raise failures[0][1](_NOTHING, errors=tuple(errors))
    if row.json is None:
        raise Overloaded  # the key was lost twice
    return Batch(_results(operations, row.json))


def _results(operations: Sequence[Operation], answer: str) -> list[Result]:
    texts = answer.split(SEPARATOR)
    return [Result(STATUSES[one.kind], text) for one, text in zip(operations, texts, strict=True)]


def _fingerprint(operations: Sequence[Operation]) -> str:
    """The same for the same operations, however they were spelled; never that of a create."""
    asked = [
        {**vars(one), "values": told(one.values) if one.kind == "create" else one.values}
        for one in operations
    ]
    return digest(["batch", asked])
