"""The statements on one task, built once. Each write takes the owner's row first.

Parameters are bound by the service: `owner`, `address` (`rendering.py`), `task_id`, `revisions`
(those that the client accepts), `new_<column>` for what is written, `writes_<column>` of a change,
`key` and `fingerprint` of a create. Answered is the task as `json`, with its `revision` and `url`.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    true,
)

from backend.models.task import tasks
from backend.queries import nesting, repeating
from backend.queries.columns import COLUMNS, CONTENT, new_value
from backend.queries.ownership import owner, this, this_live
from backend.queries.rendering import shown
from backend.queries.revisions import bump, first_bump
from backend.queries.search import FOLDED
from backend.queries.statement import ChildRow, Statement, TaskRow
from backend.queries.writing import Change, Values, one_answer, rendered, task_of, write_of


def _replaced(column: str) -> ColumnElement[Any]:
    """The new value if the column is to be written, else the one that it has."""
    is_written = bindparam(f"writes_{column}", type_=Boolean)
    return case((is_written, new_value(column)), else_=tasks.c[column])


def _changed(taken: CTE[Any]) -> Values:
    kept = func.coalesce(tasks.c.completed_at, taken.c.changed_at)
    return {
        **{column: _replaced(column) for column in CONTENT},
        **{folded: _folded(column, folded) for column, folded in FOLDED.items()},
        "completed_at": case((_replaced("completed"), kept)),
    }


def _folded(column: str, folded: str) -> ColumnElement[Any]:
    is_written = bindparam(f"writes_{column}", type_=Boolean)
    return case((is_written, new_value(folded)), else_=tasks.c[folded])


def _now(column: str) -> ColumnElement[Any]:
    return tasks.c[column]


def _new(column: str) -> ColumnElement[Any]:
    """As it is to be: what clients cannot write stays."""
    return _replaced(column) if column in CONTENT else tasks.c[column]


def _toggled(taken: CTE[Any]) -> Values:
    return {
        "completed": ~tasks.c.completed,
        "completed_at": case((tasks.c.completed, null()), else_=taken.c.changed_at),
    }


def insert_task(
    taken: CTE[Any],
    task_id: ColumnElement[Any] | None = None,
    condition: ColumnElement[bool] | None = None,
) -> Any:
    """A task with the number and the time of the owner's row, if the condition holds."""
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        **{column: new_value(column) for column in (*CONTENT, *FOLDED.values())},
        "completed_at": case((new_value("completed"), taken.c.changed_at)),
        "revision": taken.c.revision,
        "created_at": taken.c.changed_at,
        "updated_at": taken.c.changed_at,
    }
    if task_id is not None:
        values["id"] = task_id
    row = select(*values.values())
    if condition is not None:
        row = row.where(condition)
    return insert(tasks).from_select(list(values), row).returning(*COLUMNS)


def _create_child() -> Select[Any]:
    """A sub-task, if its parent can have any."""
    taken = bump(nesting.parent_is_good())
    parent = nesting.touched(taken)
    created = insert_task(taken, condition=exists(select(parent.c.id))).cte("created")
    return one_answer(created, nesting.parent_is_good().label("fits"))


def _create() -> Select[Any]:
    return rendered(task_of(insert_task(first_bump()).cte("created")))


def _read() -> Select[Any]:
    return rendered(select(*shown(tasks.c)).where(this_live()).subquery("task"))


CREATE_CHILD = Statement(_create_child, ChildRow, is_repeatable=False)
CREATE = Statement(_create, TaskRow, is_repeatable=False)
READ = Statement(_read, TaskRow)
_CHANGE = Change(
    _changed,
    or_(*(tasks.c[column].is_distinct_from(_replaced(column)) for column in CONTENT)),
    _new,
    repeating.completes(_replaced("completed"), _replaced("repeat")),
)
CHANGE = write_of(this_live(), _CHANGE)
"""Writes those of CONTENT whose `writes_<column>` is true; the others keep their values."""

CHANGE_AND_NEST = write_of(this_live(), _CHANGE._replace(nests=True))
"""The same with a parent, not null."""

TOGGLE = write_of(
    this_live(),
    Change(_toggled, true(), _now, repeating.completes(true(), tasks.c.repeat)),
    is_repeatable=False,
)
TRASH = write_of(
    this_live(),
    Change(
        lambda taken: {"deleted_at": taken.c.changed_at},
        nesting.is_as_seen(),
        _now,
        along=nesting.TO_TRASH,
    ),
)._replace(hides_task=True)
RESTORE = write_of(
    this(),
    Change(
        lambda taken: {"deleted_at": null(), "parent_id": nesting.kept_parent(taken)},
        and_(tasks.c.deleted_at.is_not(None), nesting.is_trashed_as_seen()),
        _now,
        along=nesting.OUT_OF_TRASH,
    ),
)
