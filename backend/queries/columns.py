"""The columns of a task: what clients write, and what is read."""

from typing import Any

from sqlalchemy import ColumnElement, bindparam

from backend.models.task import tasks
from backend.queries.search import FOLDED

CONTENT = (
    *("title", "description", "completed", "priority", "due_date", "due_at", "tags", "order"),
    *("repeat", "repeat_from", "repeat_zone", "parent_id"),
)
"""The columns that a client writes; all others follow from them or from the owner's row."""

_HIDDEN = {"deleted_at", "uid", "repeat_wall", "nested_at", *FOLDED.values()}
COLUMNS = tuple(column for column in tasks.c if column.name not in _HIDDEN)
"""What is read of a task."""


def new_value(column: str) -> ColumnElement[Any]:
    return bindparam(f"new_{column}", type_=tasks.c[column].type)
