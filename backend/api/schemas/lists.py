"""Query parameters of a list: filters, order and page."""

from typing import Annotated, Any

from annotated_types import Ge, Le
from fastapi import Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from backend.api.schemas.fields import (
    ANY_TEXT,
    WITHOUT_NUL,
    Day,
    Instant,
    Int64,
    WantedTag,
    decimal,
)
from backend.models.task import MAX_ID, Priority
from backend.models.zones import ZONES
from backend.queries.sorting import SORT_KEYS

_TERM = f"-?({'|'.join(SORT_KEYS)})"
_TERMS = rf"^(?!.*\b(\w+)\b.*\b\1\b){_TERM}(,{_TERM})*$"  # none twice
_CHOICES = {"true": True, "false": False}


def _choice(value: str) -> bool:
    if value not in _CHOICES:
        raise PydanticCustomError("choice", "must be true or false")
    return _CHOICES[value]


def _terms(value: str) -> tuple[tuple[str, bool], ...]:
    """`due,-priority` as keys, each with whether it is descending."""
    terms = tuple((name.removeprefix("-"), name.startswith("-")) for name in value.split(","))
    keys = [key for key, _ in terms]
    if not set(keys) <= set(SORT_KEYS) or len(set(keys)) < len(keys):
        keys_known = ", ".join(SORT_KEYS)
        message = f"must be keys of {keys_known}, each once, comma-separated, - before it reverses"
        raise PydanticCustomError("sort", message)
    return terms


def _known_zone(value: str) -> str:
    if value not in ZONES:
        raise PydanticCustomError(
            "time_zone",
            "must be an IANA time zone like Europe/Berlin, no offset; in a URL, + is written %2B",
        )
    return value


def _schema(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema(schema)


def _parent(value: str) -> int:
    """0 for `none`: None would mean no filter, and no task has that id."""
    if value == "none":
        return 0
    parent = decimal(value)
    if not 1 <= parent <= MAX_ID:
        raise PydanticCustomError("parent", "must be the id of a task, or none")
    return parent


Choice = Annotated[bool, BeforeValidator(_choice), _schema(type="boolean")]
Limit = Annotated[int, Ge(1), Le(500), BeforeValidator(decimal)]
Cursor = Annotated[
    Annotated[str, StringConstraints(max_length=4096)] | None,
    Field(description="From the `Link` of the page before."),
]
SearchText = Annotated[
    Annotated[str, StringConstraints(max_length=200), WITHOUT_NUL, ANY_TEXT] | None,
    Field(description="Every word, anywhere in title or description, whatever its case."),
]
Zone = Annotated[
    str,
    Strict(),
    AfterValidator(_known_zone),
    Field(json_schema_extra={"format": "time-zone"}),
]
TimeZone = Annotated[
    str,
    AfterValidator(_known_zone),
    Field(
        description="IANA, like `Europe/Berlin`; places `due_at` on a day.",
        json_schema_extra={"format": "time-zone"},
    ),
]
Parent = Annotated[
    Annotated[int, BeforeValidator(_parent)] | None,
    _schema(anyOf=[{"type": "integer", "format": "int64", "minimum": 1}, {"const": "none"}]),
    Field(description="Sub-tasks of this task; `none`: those that are no sub-task."),
]
Sort = Annotated[
    Any,
    BeforeValidator(_terms),
    _schema(type="string", pattern=_TERMS),
    Field(
        description=f"Of {', '.join(SORT_KEYS)}, like `due,-priority`; `-` reverses; null is last, "
        "`id` breaks ties. Without it, `created_at`."
    ),
]


DryRun = Annotated[
    Choice, Query(description="The same answer, and nothing is written; the key is ignored.")
]


class FilterParameters(BaseModel):
    """Which tasks of the collection to select."""

    completed: Choice | None = Field(None, description="Only completed ones, or only open ones.")
    priority: tuple[Priority, ...] = Field((), description="Any of these.")
    tag: tuple[WantedTag, ...] = Field((), description="All of these. Nothing is trimmed.")
    q: SearchText = None
    due_from: Day | None = Field(None, description="First day, inclusive.")
    due_to: Day | None = Field(None, description="Last day, inclusive.")
    time_zone: TimeZone = "UTC"
    updated_since: Instant | None = Field(None, description="Inclusive.")
    completed_since: Instant | None = Field(None, description="Inclusive; open tasks are not in.")
    overdue: Choice | None = Field(
        None, description="Open, and due before now; a day before today in `time_zone`."
    )
    untagged: Choice | None = Field(None, description="`true`: without any tag.")
    without_tag: tuple[WantedTag, ...] = Field((), description="None of these. Nothing is trimmed.")
    parent: Parent = None


class ListParameters(FilterParameters):
    """The query of a list."""

    deleted: Choice = Field(False, description="List the trash.")
    sort: Sort = (("created_at", False),)
    limit: Limit = Field(500, description="Tasks of a page.")
    cursor: Cursor = None
    count: Choice = Field(False, description="Add `X-Total-Count`.")


class Restored(BaseModel):
    """How many tasks were taken out of the trash."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"restored": 3}]})

    restored: Int64 = Field(ge=0)
