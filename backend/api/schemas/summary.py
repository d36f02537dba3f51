"""The numbers of a list."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from backend.api.schemas.lists import TimeZone

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
    """Where today is."""

    time_zone: TimeZone = "UTC"


class OpenByPriority(BaseModel):
    """Open tasks of each priority."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE["by_priority"]]})

    none: int
    low: int
    medium: int
    high: int


class OpenOfTag(BaseModel):
    """Open tasks with a tag."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE["by_tag"][0]]})

    tag: str
    open: int


class SummaryRead(BaseModel):
    """How many tasks there are of each kind."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    open: int
    completed: int
    overdue: int = Field(description="Open, and due before now.")
    due_today: int = Field(description="Open, and due on this day; they may be overdue, too.")
    trash: int
    by_priority: OpenByPriority
    by_tag: list[OpenOfTag] = Field(
        description="Tags of live tasks, those with the most open ones first; 1,000 at most."
    )
    revision: int
