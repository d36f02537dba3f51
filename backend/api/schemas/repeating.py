"""When a repeating task is due again."""

from datetime import date
from typing import Annotated, Any

from annotated_types import Ge, Le
from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict

from backend.api.schemas.fields import Utc, decimal
from backend.services.repeating import MAX_OCCURRENCES

_EXAMPLE: list[Any] = [
    {"due_date": "2026-12-01", "due_at": None},
    {"due_date": "2026-12-08", "due_at": None},
]
OccurrenceLimit = Annotated[
    int,
    Ge(1),
    Le(MAX_OCCURRENCES),
    BeforeValidator(decimal),
    Query(description="How many at most; a rule may end before."),
]


class Occurrence(BaseModel):
    """When one of the following tasks would be due."""

    model_config = ConfigDict(json_schema_extra={"examples": _EXAMPLE[:1]})

    due_date: date | None
    due_at: Utc | None


class OccurrencesRead(BaseModel):
    """The dues of the tasks that would follow, each completed on its day; none for other tasks."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": _EXAMPLE}]})

    items: list[Occurrence]
