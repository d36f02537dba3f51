"""The JSON of a task, built by the database, byte for byte as `TaskRead` of the API would write it.

Rows that come to Python only to be text again are most of the cost of a list. Parameter: `address`,
the URL of the owner's tasks with a slash at the end.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.selectable import NamedFromClause

from backend.models.task import Priority


def literal(text: str) -> ColumnElement[Any]:
    """A constant of the statement, which is not sent beside it each time."""
    return literal_column(f"'{text}'")


UTC = literal("UTC")
_FORM = literal('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')


def _number(number: int) -> ColumnElement[Any]:
    return literal_column(str(number))


def _instant(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """RFC 3339 in UTC, always with six digits of a second."""
    return func.to_char(func.timezone(UTC, moment), _FORM)


def _name(priority: ColumnElement[Any]) -> ColumnElement[Any]:
    names = enumerate(Priority)
    return case(*((priority == _number(rank), literal(name)) for rank, name in names))


def shown(task: ReadOnlyColumnCollection[str, Any]) -> list[ColumnElement[Any]]:
    """What a client sees of a row with all of `statements.COLUMNS`, in the order of the JSON."""
    fields: dict[str, ColumnElement[Any]] = {
        "id": task.id,
        "user_id": task.user_id,
        "title": task.title,
        "description": task.description,
        "completed": task.completed,
        "completed_at": _instant(task.completed_at),
        "priority": _name(task.priority),
        "due_date": task.due_date,
        "due_at": _instant(task.due_at),
        "tags": task.tags,
        "order": task.order,
        "repeat": task.repeat,
        "repeat_from": task.repeat_from,
        "repeat_zone": task.repeat_zone,
        "repeat_of": task.repeat_of,
        "parent_id": task.parent_id,
        "revision": task.revision,
        "url": bindparam("address", type_=Text).concat(task.id),
        "created_at": _instant(task.created_at),
        "updated_at": _instant(task.updated_at),
    }
    return [value.label(name) for name, value in fields.items()]


def json_of(task: NamedFromClause) -> ColumnElement[str]:
    """A row of what is `shown` as one JSON object, without spaces."""
    return cast(func.row_to_json(task.table_valued()), Text)
