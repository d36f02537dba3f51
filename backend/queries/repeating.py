"""The task that follows a repeating one: what it is computed from, and its row.

When it is due is computed by the service, which so needs two statements: the first completes no
repeating task, and answers its `seed` instead; the second completes it if it is still of that
revision, and makes the next one. Parameters: `computed_for`, that revision; `has_next`, and
`next_<column>` for each of COMPUTED (specs/010-repeat-nest-move/repeat.md).
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    literal_column,
    select,
    true,
)

from backend.models.task import tasks
from backend.queries.ownership import Condition, owned, owner, this_live
from backend.queries.rendering import json_of
from backend.queries.search import FOLDED
from backend.queries.statement import SeedRow, Statement

COMPUTED = ("due_date", "due_at", "repeat", "repeat_wall")
"""The columns that the service computes for the next task: `next_<column>`."""

_SEED = ("due_date", "due_at", "repeat", "repeat_from", "repeat_zone", "repeat_wall")
_COPIED = (
    *("title", "description", "priority", "tags", "order", *FOLDED.values()),
    *("repeat_from", "repeat_zone", "parent_id"),
)
NEEDED = tuple(tasks.c[name] for name in FOLDED.values())
"""What is copied, and not shown."""

Column = Callable[[str], ColumnElement[Any]]


def completes(completed: ColumnElement[Any], repeat: ColumnElement[Any]) -> Condition:
    """The task is open and repeats, and by these new values it is completed."""
    return and_(tasks.c.completed.is_(False), completed, repeat.is_not(None))


def is_computed() -> Condition:
    """What follows was computed for the task as it is."""
    return tasks.c.revision == bindparam("computed_for", type_=BigInteger)


def seed_columns(revision: ColumnElement[Any], column: Column) -> list[ColumnElement[Any]]:
    """What the next task is computed from; the moment is that of the database's clock."""
    values = {"revision": revision, **{name: column(name) for name in _SEED}, "now": func.now()}
    return [value.label(name) for name, value in values.items()]


def seed(task: Condition, column: Column) -> ColumnElement[str]:
    """That of a task as JSON, with its columns as they are to be; null where it does not hold."""
    rows = select(*seed_columns(tasks.c.revision, column)).where(task).correlate(None)
    return select(json_of(rows.subquery("seed"))).scalar_subquery()


def is_followed(task_id: ColumnElement[Any]) -> Condition:
    """A task follows this one already; it may be in the trash."""
    followers = select(tasks.c.id).where(owned(), tasks.c.repeat_of == task_id)
    return exists(followers.correlate_except(tasks))


@cache
def follows() -> Condition:
    """The next task is to be made."""
    this_one = bindparam("task_id", type_=BigInteger)
    return and_(bindparam("has_next", type_=Boolean), ~is_followed(this_one))


def number_of_next() -> ColumnElement[Any]:
    """1, or 0 where none is made."""
    return case((follows(), literal_column("1")), else_=literal_column("0"))


def next_task(written: CTE[Any], taken: CTE[Any], parent: CTE[Any]) -> CTE[Any]:
    """The row that follows one that was written, with the number after it, under its parent."""
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        **next_values(written, written.c.id, taken.c.revision, taken.c.changed_at),
        "parent_id": case((exists(select(parent.c.id)), written.c.parent_id)),
        **{name: bindparam(f"next_{name}", type_=tasks.c[name].type) for name in COMPUTED},
    }
    rows = select(*values.values()).select_from(written.join(taken, true())).where(follows())
    return insert(tasks).from_select(list(values), rows).returning(tasks.c.id).cte("followed")


def next_values(
    rows: CTE[Any], before: ColumnElement[Any], revision: ColumnElement[Any], at: ColumnElement[Any]
) -> Mapping[str, ColumnElement[Any]]:
    """What a task that follows has besides COMPUTED: a copy of `rows`, open and new."""
    return {
        **{name: rows.c[name] for name in _COPIED},
        "completed": false(),
        "repeat_of": before,
        "revision": revision,
        "created_at": at,
        "updated_at": at,
    }


def _series() -> Select[Any]:
    return select(seed(this_live(), lambda name: tasks.c[name]).label("seed"))


SERIES = Statement(_series, SeedRow)
"""The seed of a task as it is."""
