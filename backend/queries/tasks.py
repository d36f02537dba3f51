"""The statements on one task, built once. Each write takes the owner's row first.

Parameters are bound by the service: `owner`, `address` (`rendering.py`), `task_id`, `revisions`
(those that the client accepts), `new_<column>` for what is written, `key` and `fingerprint` of a
create. Answered is the task as `json`, with its `revision` and `url`.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Executable,
    FromClause,
    Select,
    Subquery,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.models.task import idempotency_keys, tasks
from backend.queries.ownership import Condition, owned, owner, this, this_live
from backend.queries.rendering import json_of, shown
from backend.queries.revisions import bump, first_bump
from backend.queries.search import FOLDED

Values = Mapping[str, ColumnElement[Any]]
Assigned = Callable[[CTE[Any]], Values]
"""What is written, by the number and the time that the owner's row gave."""


class Write(NamedTuple):
    """A change of one task, and the same if its revision is one that the client accepts.

    The first answers with a row or none, the second with one in any case: was the task `found`?
    """

    always: Executable
    if_match: Executable


KEY_LIFETIME = timedelta(hours=24)
CONTENT = ("title", "description", "completed", "priority", "due_date", "due_at", "tags", "order")
"""The columns that a client writes; all others follow from them or from the owner's row."""

COLUMNS = tuple(column for column in tasks.c if column.name not in {"deleted_at", *FOLDED.values()})
"""What is read of a task."""


def _new(column: str) -> ColumnElement[Any]:
    return bindparam(f"new_{column}", type_=tasks.c[column].type)


def _task(rows: FromClause) -> Subquery:
    return select(*shown(rows.c)).select_from(rows).subquery("task")


def _rendered(task: Subquery, *more: ColumnElement[Any]) -> Select[Any]:
    return select(json_of(task).label("json"), task.c.revision, task.c.url, *more)


def _one_answer(rows: FromClause, *more: ColumnElement[Any]) -> Select[Any]:
    """Exactly one row: the answer for the row, or nulls, and more."""
    task = _task(rows)
    one = select(literal_column("1").label("one")).subquery("one")
    return _rendered(task, *more).select_from(one.outerjoin(task, true()))


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


def _write(task: Condition, values: Assigned) -> Write:
    conditional = _change(task, _is_expected(), values)
    found = _exists(task).label("found")
    always = _rendered(_task(_change(task, true(), values)))
    return Write(always, _one_answer(conditional, found))


@cache
def changing(columns: frozenset[str]) -> Write:
    """Write just these columns of CONTENT; there are 2⁸ sets of them at the most."""
    new = {column: _new(column) for column in columns}
    new |= {FOLDED[column]: _new(FOLDED[column]) for column in columns & FOLDED.keys()}

    def values(taken: CTE[Any]) -> Values:
        if "completed" not in columns:
            return new
        kept = func.coalesce(tasks.c.completed_at, taken.c.changed_at)
        return {**new, "completed_at": case((_new("completed"), kept))}

    return _write(this_live(), values)


def _toggled(taken: CTE[Any]) -> Values:
    return {
        "completed": ~tasks.c.completed,
        "completed_at": case((tasks.c.completed, null()), else_=taken.c.changed_at),
    }


def _insert(taken: CTE[Any], task_id: ColumnElement[Any] | None = None) -> Any:
    """A task with the number and the time of the owner's row."""
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        **{column: _new(column) for column in (*CONTENT, *FOLDED.values())},
        "completed_at": case((_new("completed"), taken.c.changed_at)),
        "revision": taken.c.revision,
        "created_at": taken.c.changed_at,
        "updated_at": taken.c.changed_at,
    }
    if task_id is not None:
        values["id"] = task_id
    return insert(tasks).from_select(list(values), select(*values.values())).returning(*COLUMNS)


def _claim(taken: CTE[Any]) -> CTE[Any]:
    """Take the key, unless another request has; an expired one is free."""
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        "key": bindparam("key", type_=Text),
        "fingerprint": bindparam("fingerprint", type_=Text),
        "expires_at": func.now() + literal(KEY_LIFETIME),
        "task_id": func.nextval("tasks_id_seq"),
        "revision": taken.c.revision,
        "created_at": taken.c.changed_at,
    }
    statement = upsert(idempotency_keys).from_select(list(values), select(*values.values()))
    new = statement.excluded
    claim = statement.on_conflict_do_update(
        index_elements=[idempotency_keys.c.user_id, idempotency_keys.c.key],
        set_={name: new[name] for name in values.keys() - {"user_id", "key"}},
        where=idempotency_keys.c.expires_at <= new.created_at,
    )
    columns = idempotency_keys.c
    return claim.returning(
        columns.task_id, columns.revision, columns.created_at.label("changed_at")
    ).cte("claim")


def _create_once() -> Executable:
    """Owner's row, key, task, each feeding the next: who does not get the key makes no task.

    Answers the new task, or that of the key's first use with its fingerprint; neither, if another
    request took the key while this one waited: then the same statement again finds it.
    """
    used = (
        select(idempotency_keys)
        .where(
            owned(idempotency_keys),
            idempotency_keys.c.key == bindparam("key", type_=Text),
            idempotency_keys.c.expires_at > func.now(),
        )
        .cte("used")
    )
    claimed = _claim(first_bump(~exists(select(used.c.key))))
    created = _insert(claimed, claimed.c.task_id).cte("created")
    task = union_all(select(created), _first_answer(used)).cte("task_of_key")
    fingerprint = select(used.c.fingerprint).scalar_subquery().label("first_fingerprint")
    return _one_answer(task, fingerprint)


def _first_answer(used: CTE[Any]) -> Select[Any]:
    """The task as it was created: what is sent again, and what is kept of the key's first use."""
    values: dict[str, ColumnElement[Any]] = {
        **{column: cast(_new(column), tasks.c[column].type) for column in CONTENT},
        "user_id": owner(),
        "id": used.c.task_id,
        "completed_at": case((_new("completed"), used.c.created_at)),
        "revision": used.c.revision,
        "created_at": used.c.created_at,
        "updated_at": used.c.created_at,
    }
    return select(*(values[column.name].label(column.name) for column in COLUMNS))


CREATE = _rendered(_task(_insert(first_bump()).cte("created")))
CREATE_ONCE = _create_once()
READ = _rendered(select(*shown(tasks.c)).where(this_live()).subquery("task"))
TOGGLE = _write(this_live(), _toggled)
TRASH = _write(this_live(), lambda taken: {"deleted_at": taken.c.changed_at})
RESTORE = _write(this(), lambda taken: {"deleted_at": null()})
