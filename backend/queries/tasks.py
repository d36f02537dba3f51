"""The statements on one task, built once. Each write takes the owner's row first.

Parameters are bound by the service: `owner`, `address` (`rendering.py`), `task_id`, `revisions`
(those that the client accepts), `new_<column>` for what is written, `key` and `fingerprint` of a
create. Answered is the task as `json`, with its `revision` and `url`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
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
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import tasks
from backend.queries.ownership import Condition, owner, this, this_live
from backend.queries.rendering import json_of, shown
from backend.queries.revisions import bump, first_bump
from backend.queries.search import FOLDED
from backend.queries.statement import ConditionalRow, Statement, TaskRow

Values = Mapping[str, ColumnElement[Any]]
Assigned = Callable[[CTE[Any]], Values]
"""What is written, by the number and the time that the owner's row gave."""


class Write(NamedTuple):
    """A change of one task, and the same if its revision is one that the client accepts.

    The first answers with a row or none, the second always with one. `hides_task`: afterwards the
    task counts as missing, so a repetition of the statement does not find its own work.
    """

    always: Statement[TaskRow]
    if_match: Statement[ConditionalRow]
    hides_task: bool = False


CONTENT = ("title", "description", "completed", "priority", "due_date", "due_at", "tags", "order")
"""The columns that a client writes; all others follow from them or from the owner's row."""

COLUMNS = tuple(column for column in tasks.c if column.name not in {"deleted_at", *FOLDED.values()})
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


def _change(task: Condition, expected: Condition, values: Assigned) -> CTE[Any]:
    as_expected = and_(task, expected)
    taken = bump(_exists(as_expected))
    statement = update(tasks).where(as_expected)
    statement = statement.values(
        revision=taken.c.revision, updated_at=taken.c.changed_at, **values(taken)
    )
    return statement.returning(*COLUMNS).cte("written")


def _write(
    task: Condition, values: Assigned, *, is_repeatable: bool = True, hides_task: bool = False
) -> Write:
    conditional = _change(task, _is_expected(), values)
    found = _exists(task).label("found")
    always = rendered(task_of(_change(task, true(), values)))
    return Write(
        Statement(always, TaskRow, is_repeatable),
        Statement(one_answer(conditional, found), ConditionalRow),
        hides_task,
    )


@cache
def changing(columns: frozenset[str]) -> Write:
    """Write just these columns of CONTENT; there are 2⁸ sets of them at the most."""
    new = {column: new_value(column) for column in columns}
    new |= {FOLDED[column]: new_value(FOLDED[column]) for column in columns & FOLDED.keys()}

    def values(taken: CTE[Any]) -> Values:
        if "completed" not in columns:
            return new
        kept = func.coalesce(tasks.c.completed_at, taken.c.changed_at)
        return {**new, "completed_at": case((new_value("completed"), kept))}

    return _write(this_live(), values)


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
TOGGLE = _write(this_live(), _toggled, is_repeatable=False)
TRASH = _write(this_live(), lambda taken: {"deleted_at": taken.c.changed_at}, hides_task=True)
RESTORE = _write(this(), lambda taken: {"deleted_at": null()})
