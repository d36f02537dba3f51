"""The statements on one task, built once. Each write takes the owner's row first.

Parameters are bound by the service: `owner`, `address` (`rendering.py`), `task_id`, `revisions`
(those that the client accepts), `new_<column>` for what is written, `writes_<column>` of a change,
`key` and `fingerprint` of a create. Answered is the task as `json`, with its `revision` and `url`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    and_,
    any_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import tasks
from backend.queries.ownership import Condition, owner, this, this_live
from backend.queries.rendering import json_of, shown
from backend.queries.revisions import bump, first_bump
from backend.queries.search import FOLDED
from backend.queries.statement import Statement, TaskRow, WriteRow

Values = Mapping[str, ColumnElement[Any]]
Assigned = Callable[[CTE[Any]], Values]
"""What is written, by the number and the time that the owner's row gave."""


class Write(NamedTuple):
    """A change of one task, and the same if its revision is one that the client accepts.

    Both answer with one row. `hides_task`: afterwards the task counts as missing, so a repetition
    of the statement does not find its own work.
    """

    always: Statement[WriteRow]
    if_match: Statement[WriteRow]
    hides_task: bool = False


CONTENT = ("title", "description", "completed", "priority", "due_date", "due_at", "tags", "order")
"""The columns that a client writes; all others follow from them or from the owner's row."""

_UNSHOWN = {"deleted_at", "uid", *FOLDED.values()}
COLUMNS = tuple(column for column in tasks.c if column.name not in _UNSHOWN)
"""What is read of a task."""


def new_value(column: str) -> ColumnElement[Any]:
    return bindparam(f"new_{column}", type_=tasks.c[column].type)


def task_of(rows: FromClause) -> Subquery:
    return select(*shown(rows.c)).select_from(rows).subquery("task")


def rendered(task: Subquery, *more: ColumnElement[Any]) -> Select[Any]:
    return select(json_of(task).label("json"), task.c.revision, task.c.url, *more)


def one_answer(rows: FromClause, *more: ColumnElement[Any]) -> Select[Any]:
    """Exactly one row: the answer for the row, or nulls, and more."""
    task = task_of(rows)
    one = select(literal_column("1").label("one")).subquery("one")
    return rendered(task, *more).select_from(one.outerjoin(task, true()))


def _is_expected() -> Condition:
    """The task has one of the revisions that the client accepts (If-Match)."""
    return tasks.c.revision == any_(bindparam("revisions", type_=ARRAY(BigInteger)))


def _exists(task: Condition) -> ColumnElement[bool]:
    return exists(select(tasks.c.id).where(task).correlate(None))


def _change(task: Condition, differs: Condition, values: Assigned) -> tuple[CTE[Any], CTE[Any]]:
    """The owner's row and the written task: neither if the task is so already."""
    changed = and_(task, differs)
    taken = bump(_exists(changed))
    statement = update(tasks).where(changed)
    statement = statement.values(
        revision=taken.c.revision, updated_at=taken.c.changed_at, **values(taken)
    )
    return taken, statement.returning(*COLUMNS).cte("written")


def _answer(
    task: Condition, differs: Condition, values: Assigned, found: ColumnElement[bool]
) -> Select[Any]:
    """The task as it was written, or as it is where there was nothing to change."""
    taken, written = _change(task, differs, values)
    is_written = exists(select(written.c.id))
    unchanged = select(*COLUMNS).where(task, ~is_written)
    rows: FromClause = union_all(select(written), unchanged).subquery("changed_or_not")
    is_stale = and_(exists(select(taken.c.revision)), ~is_written)
    return one_answer(rows, found.label("found"), is_stale.label("is_stale"))


def _write(
    task: Condition,
    values: Assigned,
    differs: Condition | None = None,
    *,
    is_repeatable: bool = True,
    hides_task: bool = False,
) -> Write:
    """`differs` tells whether there is anything to change; without it there always is."""
    difference = true() if differs is None else differs
    expected = and_(task, _is_expected())
    always = _answer(task, difference, values, true())
    if_match = _answer(expected, difference, values, _exists(task))
    return Write(
        Statement(always, WriteRow, is_repeatable), Statement(if_match, WriteRow), hides_task
    )


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


def _toggled(taken: CTE[Any]) -> Values:
    return {
        "completed": ~tasks.c.completed,
        "completed_at": case((tasks.c.completed, null()), else_=taken.c.changed_at),
    }


def insert_task(taken: CTE[Any], task_id: ColumnElement[Any] | None = None) -> Any:
    """A task with the number and the time of the owner's row."""
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
    return insert(tasks).from_select(list(values), select(*values.values())).returning(*COLUMNS)


CREATE = Statement(
    rendered(task_of(insert_task(first_bump()).cte("created"))), TaskRow, is_repeatable=False
)
READ = Statement(rendered(select(*shown(tasks.c)).where(this_live()).subquery("task")), TaskRow)
CHANGE = _write(
    this_live(),
    _changed,
    or_(*(tasks.c[column].is_distinct_from(_replaced(column)) for column in CONTENT)),
)
"""Writes those of CONTENT whose `writes_<column>` is true; the others keep their values."""

TOGGLE = _write(this_live(), _toggled, is_repeatable=False)
TRASH = _write(this_live(), lambda taken: {"deleted_at": taken.c.changed_at}, hides_task=True)
RESTORE = _write(this(), lambda taken: {"deleted_at": null()}, tasks.c.deleted_at.is_not(None))
