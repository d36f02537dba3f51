"""The owner's row: taken first by every write, in the same statement, for number and time."""

from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Double,
    Select,
    cast,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from backend.models.task import task_lists
from backend.queries.ownership import Condition, owned, owner

_NOW = func.greatest(task_lists.c.changed_at, func.now())
"""The owner's clock, which never runs backwards."""

_ONE: ColumnElement[Any] = literal_column("1")
_SECONDS = func.date_part(literal_column("'epoch'"), func.now(), type_=Double)
_MICROSECONDS = cast(_SECONDS * literal_column("1000000"), BigInteger)
"""Since 1970, by the database's clock.

Numbers follow it, so one that was given before a backup was restored, or before a failover lost a
write, is not given again to other content. It stays below 2⁵³ until the year 2255.
"""


@cache
def _is_owners() -> Condition:
    return owned(task_lists)


def bump(condition: Condition, by: ColumnElement[Any] = _ONE, **more: Any) -> CTE[Any]:
    """Take the owner's row and its next numbers if the condition holds; else write nothing.

    The last of `by` numbers is answered; all of them are beyond every number before.
    """
    statement = (
        update(task_lists)
        .where(_is_owners(), condition)
        .values(revision=following(task_lists.c.revision, by), changed_at=_NOW, **more)
    )
    return statement.returning(task_lists.c.revision, task_lists.c.changed_at).cte("bump")


def expire() -> CTE[Any]:
    """Take the owner's row and its next number, below which no cursor is good any more."""
    number = following(task_lists.c.revision, _ONE)
    statement = update(task_lists).where(owned(task_lists))
    statement = statement.values(revision=number, horizon=number, changed_at=_NOW)
    return statement.returning(task_lists.c.revision).cte("expired")


def following(last: ColumnElement[Any], by: ColumnElement[Any]) -> ColumnElement[Any]:
    """The last of the next `by` numbers after this one, as `bump` would give it."""
    return func.greatest(last + by, _MICROSECONDS)


def first_bump(condition: Condition | None = None, by: ColumnElement[Any] = _ONE) -> CTE[Any]:
    """The same for a create, which may be the owner's first write."""
    fresh: Select[Any] = select(
        owner().label("user_id"),
        _MICROSECONDS.label("revision"),
        cast(func.now(), DateTime(timezone=True)).label("changed_at"),
    )
    if condition is not None:
        fresh = fresh.where(condition)
    statement = insert(task_lists).from_select(["user_id", "revision", "changed_at"], fresh)
    new = statement.excluded
    upsert = statement.on_conflict_do_update(
        index_elements=[task_lists.c.user_id],
        set_={
            "revision": func.greatest(task_lists.c.revision + by, new.revision),
            "changed_at": func.greatest(task_lists.c.changed_at, new.changed_at),
        },
    )
    return upsert.returning(task_lists.c.revision, task_lists.c.changed_at).cte("bump")
