"""The owner's row: taken first by every write, in the same statement, for number and time."""

from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    cast,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from backend.models.task import task_lists
from backend.queries.ownership import Condition, owned, owner

_NOW = func.greatest(task_lists.c.changed_at, func.now())
"""The owner's clock, which never runs backwards."""


def bump(condition: Condition, by: ColumnElement[Any] | int = 1, **more: Any) -> CTE[Any]:
    """Take the owner's row and its next numbers if the condition holds; else write nothing."""
    statement = (
        update(task_lists)
        .where(owned(task_lists), condition)
        .values(revision=task_lists.c.revision + by, changed_at=_NOW, **more)
    )
    return statement.returning(task_lists.c.revision, task_lists.c.changed_at).cte("bump")


def first_bump(condition: Condition | None = None) -> CTE[Any]:
    """The same for a create, which may be the owner's first write."""
    fresh: Select[Any] = select(
        owner().label("user_id"),
        cast(literal(1), BigInteger).label("revision"),
        cast(func.now(), DateTime(timezone=True)).label("changed_at"),
    )
    if condition is not None:
        fresh = fresh.where(condition)
    statement = insert(task_lists).from_select(["user_id", "revision", "changed_at"], fresh)
    upsert = statement.on_conflict_do_update(
        index_elements=[task_lists.c.user_id],
        set_={
            "revision": task_lists.c.revision + 1,
            "changed_at": func.greatest(task_lists.c.changed_at, statement.excluded.changed_at),
        },
    )
    return upsert.returning(task_lists.c.revision, task_lists.c.changed_at).cte("bump")
