"""Every statement on tasks, built once, from `_owned()`; writes take the owner's row first.

Parameters are bound by the service: `owner`, `task_id`, and `new_<column>` for what is written.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Executable,
    Select,
    Table,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    null,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.models.task import task_lists, tasks

Condition = ColumnElement[bool]
Values = Mapping[str, ColumnElement[Any]]

COLUMNS = tuple(column for column in tasks.c if column is not tasks.c.deleted_at)
CONTENT = ("title", "description", "completed", "priority", "due_date", "due_at", "tags", "order")
"""The columns that a client writes; all others follow from them or from the owner's row."""


def _owned(table: Table = tasks) -> Condition:
    """The one root of every query."""
    return table.c.user_id == bindparam("owner", type_=BigInteger)


def _this() -> Condition:
    """The task that is named, in the trash or not."""
    return and_(_owned(), tasks.c.id == bindparam("task_id", type_=BigInteger))


def _this_live() -> Condition:
    return and_(_this(), tasks.c.deleted_at.is_(None))


def _new(column: str) -> ColumnElement[Any]:
    return bindparam(f"new_{column}", type_=tasks.c[column].type)


def bound(values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of what is written."""
    return {f"new_{column}": value for column, value in values.items()}


def _bump_for(task: Condition) -> CTE[Any]:
    """Take the owner's row and next number if the task exists: nothing found, nothing written."""
    found = exists(select(tasks.c.id).where(task).correlate(None))
    statement = (
        update(task_lists)
        .where(_owned(task_lists), found)
        .values(
            revision=task_lists.c.revision + 1,
            changed_at=func.greatest(task_lists.c.changed_at, func.now()),
        )
    )
    return statement.returning(task_lists.c.revision, task_lists.c.changed_at).cte("bump")


def _first_bump() -> CTE[Any]:
    """The same for a create, which may be the owner's first."""
    fresh = upsert(task_lists).values(
        user_id=bindparam("owner", type_=BigInteger), revision=1, changed_at=func.now()
    )
    statement = fresh.on_conflict_do_update(
        index_elements=[task_lists.c.user_id],
        set_={
            "revision": task_lists.c.revision + 1,
            "changed_at": func.greatest(task_lists.c.changed_at, fresh.excluded.changed_at),
        },
    )
    return statement.returning(task_lists.c.revision, task_lists.c.changed_at).cte("bump")


def _changed(task: Condition, bump: CTE[Any], values: Values) -> Executable:
    return (
        update(tasks)
        .where(task)
        .values(revision=bump.c.revision, updated_at=bump.c.changed_at, **values)
        .returning(*COLUMNS)
    )


def _create() -> Executable:
    bump = _first_bump()
    values: dict[str, ColumnElement[Any]] = {
        "user_id": bindparam("owner", type_=BigInteger),
        **{column: _new(column) for column in CONTENT},
        "completed_at": case((_new("completed"), bump.c.changed_at)),
        "revision": bump.c.revision,
        "created_at": bump.c.changed_at,
        "updated_at": bump.c.changed_at,
    }
    return insert(tasks).from_select(list(values), select(*values.values())).returning(*COLUMNS)


def _toggle() -> Executable:
    bump = _bump_for(_this_live())
    values: Values = {
        "completed": ~tasks.c.completed,
        "completed_at": case((tasks.c.completed, null()), else_=bump.c.changed_at),
    }
    return _changed(_this_live(), bump, values)


@cache
def changing(columns: frozenset[str]) -> Executable:
    """The update that writes just these columns of CONTENT; there are 2⁸ at the most."""
    bump = _bump_for(_this_live())
    values: dict[str, ColumnElement[Any]] = {column: _new(column) for column in columns}
    if "completed" in columns:
        kept = func.coalesce(tasks.c.completed_at, bump.c.changed_at)
        values["completed_at"] = case((_new("completed"), kept))
    return _changed(_this_live(), bump, values)


def _trash() -> Executable:
    bump = _bump_for(_this_live())
    return _changed(_this_live(), bump, {"deleted_at": bump.c.changed_at})


def _restore() -> Executable:
    return _changed(_this(), _bump_for(_this()), {"deleted_at": null()})


def _page(*conditions: Condition) -> Select[Any]:
    return (
        select(*COLUMNS)
        .where(_owned(), tasks.c.deleted_at.is_(None), *conditions)
        .order_by(tasks.c.created_at, tasks.c.id)
        .limit(bindparam("count", type_=BigInteger))
    )


def _is_after() -> Condition:
    """Beyond the last task of the page before: its `created_at` and `id`."""
    last = tuple_(
        bindparam("last_created_at", type_=tasks.c.created_at.type),
        bindparam("last_id", type_=BigInteger),
    )
    return tuple_(tasks.c.created_at, tasks.c.id) > last


CREATE = _create()
READ = select(*COLUMNS).where(_this_live())
TOGGLE = _toggle()
TRASH = _trash()
RESTORE = _restore()
FIRST_PAGE = _page()
NEXT_PAGE = _page(_is_after())
