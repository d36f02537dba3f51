"""Counts of a list."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from backend.api.schemas.fields import Int64
from backend.api.schemas.lists import Parent, TimeZone

_EXAMPLE: dict[str, Any] = {
    "open": 3,
    "completed": 1,
    "overdue": 1,
    "due_today": 2,
    "trash": 4,
    "by_priority": {"none": 2, "low": 0, "medium": 0, "high": 1},
    "by_tag": [{"tag": "home", "open": 2}, {"tag": "work", "open": 0}],
    "revision": 40,
}


class SummaryParameters(BaseModel):
    """The time zone of today, and which tasks to count."""

    time_zone: TimeZone = "UTC"
    parent: Parent = None


class OpenByPriority(BaseModel):
    """Open tasks of each priority."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE["by_priority"]]})

    none: Int64
    low: Int64
    medium: Int64
    high: Int64


class OpenOfTag(BaseModel):
    """Open tasks with a tag."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE["by_tag"][0]]})

    tag: str
    open: Int64


class SummaryRead(BaseModel):
    """How many tasks of each kind there are."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    open: Int64
    completed: Int64
    overdue: Int64 = Field(description="Open, and due before now.")
    due_today: Int64 = Field(description="Open, and due on this day; they may be overdue, too.")
    trash: Int64
    by_priority: OpenByPriority
    by_tag: list[OpenOfTag] = Field(
        description="Tags of live tasks, those with the most open ones first; 1,000 at most."
    )
    revision: Int64
