"""The change feed: its parameters and its pages."""

from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from fastapi import Header, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from backend.api.schemas.fields import Int64, decimal
from backend.api.schemas.lists import Limit
from backend.api.schemas.tasks import EXAMPLE, TaskRead
from backend.models.task import MAX_ID

_STONE: dict[str, Any] = {"id": 2, "deleted": True, "revision": 41}
Revision = Annotated[
    int,
    Ge(0),
    Le(MAX_ID),
    BeforeValidator(decimal),
    WithJsonSchema({"type": "integer", "format": "int64", "minimum": 0, "maximum": MAX_ID}),
]


class ChangeParameters(BaseModel):
    """Where to read the feed from."""

    since: Revision = Field(
        0, description="The `revision` of the answer before; 0 is the first sync."
    )
    began: Revision | None = Field(
        None, description="Of a first sync of several pages: from the `Link`, not of your own."
    )
    limit: Limit = Field(500, description="Items of a page.")


def _position(value: object) -> object:
    """Browsers send an empty `Last-Event-ID` when they have none."""
    return None if value == "" else value


Since = Annotated[
    Revision | None,
    Query(description="Resume after this revision; without it, begin now. 0 is a first sync."),
]
LastEventId = Annotated[
    Revision | None,
    BeforeValidator(_position),
    Header(alias="Last-Event-ID", description="The same, of a stream that ended; it counts first."),
]


class Deleted(BaseModel):
    """A task in the trash."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STONE]})

    id: Int64
    deleted: Literal[True]
    revision: Int64


class ChangesRead(BaseModel):
    """A page of the feed, in the order of the changes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [EXAMPLE, _STONE], "revision": 41, "has_more": False}]
        }
    )

    items: list[TaskRead | Deleted]
    revision: Int64 = Field(
        description="The `since` of the next request; while there is more, follow `Link` instead."
    )
    has_more: bool = Field(description="Whether `Link` has the next page.")
