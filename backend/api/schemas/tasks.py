"""A task as clients send and receive it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from backend.api.schemas.fields import (
    Day,
    Description,
    Flag,
    Instant,
    Int64,
    ParentId,
    Repeat,
    SortKey,
    StrictUserId,
    Tags,
    Title,
    Utc,
)
from backend.api.schemas.lists import Zone
from backend.models.task import Priority
from backend.services.fingerprints import LATER_FIELDS

EXAMPLE: dict[str, Any] = {
    "id": 12,
    "user_id": 1,
    "title": "Buy milk",
    "description": None,
    "completed": False,
    "completed_at": None,
    "priority": "none",
    "due_date": None,
    "due_at": None,
    "tags": [],
    "order": None,
    "repeat": None,
    "repeat_from": "due",
    "repeat_zone": None,
    "repeat_of": None,
    "parent_id": None,
    "revision": 40,
    "url": "http://localhost:8000/api/1/tasks/12",
    "created_at": "2026-11-21T07:45:33.258970Z",
    "updated_at": "2026-11-21T07:45:33.258970Z",
}

_BOTH_DUE: dict[str, Any] = {
    "not": {
        "required": ["due_date", "due_at"],
        "properties": {"due_date": {"type": "string"}, "due_at": {"type": "string"}},
    }
}
RepeatFrom = Literal["due", "completion"]
_BIG: dict[str, Any] = {"type": "integer", "format": "int64"}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}


def _ignored(schema: dict[str, Any], also: str = "") -> Any:
    """Accepted and ignored, so that clients can send back what they read."""
    kinds: Any = {"type": [schema["type"], also]} if also else {}
    extra: dict[str, Any] = {**schema, **kinds, "readOnly": True}
    return Field(None, exclude=True, json_schema_extra=extra)


def _absent() -> None:
    """No default in the schema: a field that is absent keeps its value."""


class _Writable(BaseModel):
    """What all bodies share: unknown fields are errors, read-only fields are ignored."""

    model_config = ConfigDict(extra="forbid")

    id: Any = _ignored(_BIG)
    revision: Any = _ignored(_BIG)
    url: Any = _ignored({"type": "string", "format": "uri"})
    completed_at: Any = _ignored(_MOMENT, "null")
    repeat_of: Any = _ignored(_BIG, "null")
    created_at: Any = _ignored(_MOMENT)
    updated_at: Any = _ignored(_MOMENT)

    @field_validator("due_at", check_fields=False)
    @classmethod
    def _is_due_once(cls, due_at: datetime | None, info: ValidationInfo) -> datetime | None:
        if due_at is not None and info.data.get("due_date") is not None:
            raise PydanticCustomError("two_dues", "due_at and due_date exclude each other")
        return due_at


class TaskContent(_Writable):
    """A whole task: fields that are left out take their defaults."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"title": "Buy milk", "tags": ["home"], "due_date": "2026-11-24"}],
            **_BOTH_DUE,
        }
    )

    user_id: Any = _ignored(_BIG)
    title: Title
    description: Description | None = None
    completed: Flag = False
    priority: Priority = Priority.NONE
    due_date: Day | None = Field(None, description="Due on this day; excludes `due_at`.")
    due_at: Instant | None = Field(None, description="Due at this instant; excludes `due_date`.")
    tags: Tags = Field([], description="Trimmed; doubles are dropped, the order is kept.")
    order: SortKey | None = Field(
        None,
        description="The client's own sort key, of 64 bits. JavaScript's `JSON` is exact up to "
        "2⁵³ only (`docs/front-end.md`).",
    )
    repeat: Repeat | None = Field(
        None, description="An RFC 5545 rule; completing the task makes the next one."
    )
    repeat_from: RepeatFrom = Field("due", description="What the next one is counted from.")
    repeat_zone: Zone | None = Field(
        None, description="IANA: on whose wall clock the task repeats; null is UTC."
    )
    parent_id: ParentId | None = Field(
        None, description="Makes it a sub-task of this task, which is none itself."
    )


class TaskReplacement(TaskContent):
    """A whole task: what is left out takes its default, but for what 1.0.0 did not have.

    That keeps its value, so that a client of before can send back what it read.
    """

    repeat: Repeat | None = Field(default_factory=_absent)
    repeat_from: RepeatFrom = Field(default_factory=lambda: "due")
    repeat_zone: Zone | None = Field(default_factory=_absent)
    parent_id: ParentId | None = Field(default_factory=_absent)

    def content(self) -> dict[str, Any]:
        """The values to write."""
        return self.model_dump(exclude=LATER_FIELDS.keys() - self.model_fields_set)


class OwnedTaskContent(TaskContent):
    """A whole task that names its owner, for the flat surface."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_id": 1, "title": "Buy milk"}], **_BOTH_DUE}
    )

    user_id: StrictUserId = Field(exclude=True)


class TaskPatch(_Writable):
    """A merge patch (RFC 7396): absent keeps, null resets to the default."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"priority": "high", "due_date": None}], **_BOTH_DUE}
    )

    user_id: Any = _ignored(_BIG)
    title: Title = Field(default_factory=str, description="Cannot be null.")
    description: Description | None = Field(default_factory=_absent)
    completed: Flag | None = Field(default_factory=_absent)
    priority: Priority | None = Field(default_factory=_absent)
    due_date: Day | None = Field(default_factory=_absent)
    due_at: Instant | None = Field(default_factory=_absent)
    tags: Tags | None = Field(default_factory=_absent)
    order: SortKey | None = Field(default_factory=_absent)
    repeat: Repeat | None = Field(default_factory=_absent)
    repeat_from: RepeatFrom | None = Field(default_factory=_absent)
    repeat_zone: Zone | None = Field(default_factory=_absent)
    parent_id: ParentId | None = Field(default_factory=_absent)

    def changes(self) -> dict[str, Any]:
        """The values that were sent, with null replaced by the default."""
        sent = self.model_dump(exclude_unset=True)
        return {
            name: TaskContent.model_fields[name].get_default() if value is None else value
            for name, value in sent.items()
        }


class Completion(BaseModel):
    """Sets completion. `{}` toggles it, like no body at all: some clients cannot send none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"completed": True}]})

    completed: Flag = Field(default_factory=bool)

    @property
    def toggles(self) -> bool:
        return not self.model_fields_set


READ_ONLY: Any = Field(json_schema_extra={"readOnly": True})
ReadOnlyInt64 = Annotated[int, Field(json_schema_extra={"format": "int64", "readOnly": True})]


class TaskRead(BaseModel):
    """A task as it is stored. Times are UTC (RFC 3339)."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: ReadOnlyInt64
    user_id: ReadOnlyInt64
    title: str
    description: str | None
    completed: bool
    completed_at: Utc | None = READ_ONLY
    priority: Priority
    due_date: date | None
    due_at: Utc | None
    tags: list[str]
    order: Int64 | None = Field(
        description="The client's own sort key: JavaScript reads it exactly up to 2⁵³ only."
    )
    repeat: str | None = Field(description="An RFC 5545 rule, in one spelling.")
    repeat_from: RepeatFrom
    repeat_zone: str | None
    repeat_of: Int64 | None = Field(
        description="The task that this one followed; it may not be there any more.",
        json_schema_extra={"readOnly": True},
    )
    parent_id: Int64 | None
    revision: ReadOnlyInt64 = Field(
        description="The owner's counter at the last change; the ETag of the task."
    )
    url: str = Field(
        description="Where the task is, always on the primary surface.",
        json_schema_extra={"format": "uri", "readOnly": True},
    )
    created_at: Utc = READ_ONLY
    updated_at: Utc = READ_ONLY
