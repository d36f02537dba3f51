"""A batch of operations, and its results."""

from typing import Annotated, Any, Literal

from annotated_types import Len
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from backend.api.schemas.fields import Flag, StrictRevision, StrictTaskId, StrictUserId
from backend.api.schemas.tasks import EXAMPLE, TaskContent, TaskPatch, TaskRead
from backend.services.batch import MAX_OPERATIONS, Operation

_EXAMPLE: list[Any] = [
    {"op": "create", "task": {"title": "Buy milk"}},
    {"op": "update", "id": 1, "changes": {"title": "Buy bread"}, "revision": 40},
    {"op": "complete", "id": 3, "completed": True},
    {"op": "delete", "id": 2},
    {"op": "restore", "id": 4},
]


def _not_endless(value: object) -> object:
    """Refuse an overlong list before its items are validated."""
    if isinstance(value, list) and len(value) > MAX_OPERATIONS:
        raise PydanticCustomError("too_long", f"must have at most {MAX_OPERATIONS} operations")
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _example(operation: int) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [_EXAMPLE[operation]]})


class Create(_Strict):
    """Makes a task, as POST."""

    model_config = _example(0)

    op: Literal["create"]
    task: TaskContent

    def operation(self) -> Operation:
        return Operation("create", values=self.task.model_dump())


class _OfTask(_Strict):
    """What all operations that name a task have in common."""

    id: StrictTaskId
    revision: StrictRevision = Field(
        default_factory=int, description="Fails with 412 unless the task has this revision."
    )

    @property
    def expected(self) -> int | None:
        return self.revision if "revision" in self.model_fields_set else None


class Update(_OfTask):
    """Changes what is sent, as PATCH."""

    model_config = _example(1)

    op: Literal["update"]
    changes: TaskPatch

    def operation(self) -> Operation:
        return Operation("update", self.id, self.changes.changes(), self.expected)


class Complete(_OfTask):
    """Sets completion; there is no toggle."""

    model_config = _example(2)

    op: Literal["complete"]
    completed: Flag

    def operation(self) -> Operation:
        return Operation("update", self.id, {"completed": self.completed}, self.expected)


class Delete(_OfTask):
    """Moves a task to the trash, as DELETE."""

    model_config = _example(3)

    op: Literal["delete"]

    def operation(self) -> Operation:
        return Operation("delete", self.id, revision=self.expected)


class Restore(_OfTask):
    """Takes a task out of the trash; one that is not in it stays as it is."""

    model_config = _example(4)

    op: Literal["restore"]

    def operation(self) -> Operation:
        return Operation("restore", self.id, revision=self.expected)


AnyOperation = Annotated[Create | Update | Complete | Delete | Restore, Field(discriminator="op")]


class BatchContent(_Strict):
    """1 to 100 operations, each task at most once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"operations": _EXAMPLE}]})

    operations: Annotated[list[AnyOperation], BeforeValidator(_not_endless), Len(1, MAX_OPERATIONS)]

    def asked(self) -> list[Operation]:
        return [one.operation() for one in self.operations]


class OwnedBatchContent(BatchContent):
    """The same with their owner, for the flat surface."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_id": 1, "operations": _EXAMPLE}]}
    )

    user_id: StrictUserId


class ResultRead(BaseModel):
    """The result of one operation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": 201, "task": EXAMPLE}]})

    status: int = Field(description="201 of a create, 204 of a delete, 200 of all others.")
    task: TaskRead | None = Field(None, description="Not there for a delete.")


class BatchRead(BaseModel):
    """One result for each operation, in their order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"results": [{"status": 201, "task": EXAMPLE}, {"status": 204}]}]
        }
    )

    results: list[ResultRead]
