"""A task as it stands in a file: what a client sees, its UID, and those of the tasks that it names.

They come with the page: by the primary key, and only where a task names another.
"""

from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from backend.models.task import tasks
from backend.queries.ownership import owned
from backend.queries.rendering import UTC, literal, shown

_DIGITS = literal("YYYYMMDDHH24MISSUS")
_Columns = ReadOnlyColumnCollection[str, Any]


def exported(task: _Columns) -> list[ColumnElement[Any]]:
    """The fields of a row with all of COLUMNS, and `uid`."""
    return [
        *shown(task),
        _uid(task).label("uid"),
        _uid_of(task.parent_id, "parent").label("parent_uid"),
        _uid_of(task.repeat_of, "before").label("repeat_of_uid"),
    ]


def _uid(task: _Columns) -> ColumnElement[Any]:
    """That of a task that was made here follows from what never changes
    (`services/transfer/uids.py`).
    """
    made = func.to_char(func.timezone(UTC, task.created_at), _DIGITS)
    own: ColumnElement[Any] = cast(task.id, Text)
    for part in (literal("."), cast(task.user_id, Text), literal("."), made):
        own = own.concat(part)
    return func.coalesce(task.uid, own.concat(literal("@tasks.invalid")))


def _uid_of(task_id: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """That of another task of the owner, in the trash or not; null for none."""
    other = tasks.alias(name)
    found = select(_uid(other.c)).where(owned(other), other.c.id == task_id)
    return found.correlate_except(other).scalar_subquery()
