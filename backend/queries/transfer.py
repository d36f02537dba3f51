"""Importing many tasks of one owner: what is here already, and one statement that writes.

Parameters of KNOWN: `owner`, `address`, `uids`, and `ids` of tasks that were made here. Those of
WRITE: `owner`; an array for each of WRITTEN_ROW, named `in_<name>`; `changed_ids`,
`changed_revisions` and `changed_nested` of the tasks that are there already; `parent_ids` of those
that get sub-tasks, and are not among them; `held_ids` of both, and their number `held`.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.models.task import task_lists, tasks
from backend.queries.columns import COLUMNS, CONTENT
from backend.queries.nesting import has_children, is_top
from backend.queries.ownership import Condition, owned, owner
from backend.queries.rendering import json_of, shown
from backend.queries.repeating import is_followed
from backend.queries.revisions import first_bump
from backend.queries.search import FOLDED
from backend.queries.statement import ImportedRow, JsonRow, Statement

_ZERO: ColumnElement[Any] = literal_column("0")
_WRITTEN = (*CONTENT, *FOLDED.values())
WRITTEN_ROW: dict[str, Any] = {
    "number": BigInteger(),
    "task_id": BigInteger(),
    **{name: Text() if name == "tags" else tasks.c[name].type for name in _WRITTEN},
    "parent_number": BigInteger(),
    "repeat_of": BigInteger(),
    "series": BigInteger(),
    "steps": BigInteger(),
    "gains": Boolean(),
    "completed_at": tasks.c.completed_at.type,
    "created_at": tasks.c.created_at.type,
    "uid": Text(),
}
"""What is known of each task that is written: its place, from 1; its id, or null for a new one;
`tags` as the text of an array; null for a moment that is now. `parent_number`: the place of a new
parent. `series`, `steps`: new tasks that repeat one another, from the place of the first one on.
`gains`: it was here, and gets sub-tasks.
"""


def _among(name: str, column: ColumnElement[Any], kind: Any) -> Condition:
    return column == any_(bindparam(name, type_=ARRAY(kind)))


def _known() -> Select[Any]:
    """Two scans of an index each: one condition for both would read all of the owner's tasks."""
    columns = (*COLUMNS, tasks.c.uid, tasks.c.deleted_at, tasks.c.nested_at)
    by_uid = select(*columns).where(owned(), _among("uids", tasks.c.uid, Text))
    by_id = select(*columns).where(owned(), _among("ids", tasks.c.id, BigInteger))
    both = union_all(by_uid, by_id).subquery("known")
    fields = (
        *shown(both.c),
        both.c.uid.label("stored_uid"),
        both.c.nested_at,
        both.c.deleted_at.is_not(None).label("deleted"),
        has_children(both.c.id).label("has_children"),
        is_followed(both.c.id).label("is_followed"),
    )
    task = select(*fields).correlate(both).lateral("task")
    return select(json_of(task).label("json")).select_from(both.join(task, true()))


def _rows() -> CTE[Any]:
    """The arrays side by side."""
    columns = (
        func.unnest(cast(bindparam(f"in_{name}", type_=ARRAY(kind)), ARRAY(kind)), type_=kind)
        for name, kind in WRITTEN_ROW.items()
    )
    names = zip(columns, WRITTEN_ROW, strict=True)
    return select(*(column.label(name) for column, name in names)).cte("rows_of_file")


def _are_as_read() -> Condition:
    """The tasks that are to change are as they were, sub-tasks included, and those that get
    sub-tasks may have some: locked after the owner's row, and as they are now, whatever the
    snapshot has. A revision names one task of an owner.
    """
    lists = select(task_lists.c.revision).where(owned(task_lists))
    held = lists.with_for_update(key_share=True).cte("held")
    there = select(tasks.c.id).select_from(tasks.join(held, true()))
    is_as_read = and_(
        _among("changed_ids", tasks.c.id, BigInteger),
        _among("changed_revisions", tasks.c.revision, BigInteger),
        _among("changed_nested", func.coalesce(tasks.c.nested_at, _ZERO), BigInteger),
    )
    is_parent = and_(_among("parent_ids", tasks.c.id, BigInteger), is_top())
    is_held = _among("held_ids", tasks.c.id, BigInteger)
    there = there.where(owned(), is_held, or_(is_as_read, is_parent))
    found = there.with_for_update(key_share=True).cte("there")
    number = select(func.count()).select_from(found).scalar_subquery()
    return number == bindparam("held", type_=BigInteger)


def _touched(taken: CTE[Any]) -> CTE[Any]:
    """The parents that are not written, which note that they get sub-tasks (`nesting.py`)."""
    is_parent = _among("parent_ids", tasks.c.id, BigInteger)
    statement = update(tasks).where(owned(), is_parent).values(nested_at=taken.c.revision)
    return statement.returning(tasks.c.id).cte("touched")


def _tied(rows: CTE[Any], taken: CTE[Any]) -> Subquery:
    """The rows with their ids, in order, and with those of new tasks that they name.

    By windows: a join of the rows with themselves might compare all with all, too.
    """
    one = select(rows, taken.c.revision, taken.c.changed_at)
    one = one.select_from(rows.join(taken, true())).order_by(rows.c.number)
    ordered = one.subquery("ordered")
    new_id = func.nextval(literal_column("'tasks_id_seq'"))
    named = select(ordered, func.coalesce(ordered.c.task_id, new_id).label("id")).subquery("named")
    family = func.coalesce(named.c.parent_number, named.c.number)
    top = func.max(case((named.c.parent_number.is_(None), named.c.id)))
    new_parent = case((named.c.parent_number.is_not(None), top.over(partition_by=family)))
    step_before = func.lag(named.c.id, type_=BigInteger())
    in_series = step_before.over(partition_by=named.c.series, order_by=named.c.steps)
    return select(
        named,
        func.coalesce(named.c.parent_id, new_parent).label("under"),
        func.coalesce(named.c.repeat_of, case((named.c.steps > _ZERO, in_series))).label("behind"),
    ).subquery("one")


def _write() -> Select[Any]:
    """New tasks, and those that are there, in one INSERT: a join of the rows with the tasks would
    compare all with all where PostgreSQL expects few (`lists.py`).
    """
    rows = _rows()
    number = select(func.count()).select_from(rows).scalar_subquery()
    taken = first_bump(_are_as_read(), number)
    one = _tied(rows, taken)
    now, revision = one.c.changed_at, one.c.revision - number + one.c.number
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        "id": one.c.id,
        **{name: one.c[name] for name in _WRITTEN},
        "tags": cast(one.c.tags, ARRAY(Text)),
        "completed_at": case((one.c.completed, func.coalesce(one.c.completed_at, now))),
        "parent_id": one.c.under,
        "repeat_of": one.c.behind,
        "nested_at": case((one.c.gains, revision)),
        "revision": revision,
        "created_at": func.coalesce(one.c.created_at, now),
        "updated_at": now,
        "uid": one.c.uid,
    }
    statement = upsert(tasks).from_select(list(values), select(*values.values()))
    changed = (*_WRITTEN, "completed_at", "revision", "updated_at")
    statement = statement.on_conflict_do_update(
        index_elements=[tasks.c.user_id, tasks.c.id],
        set_={
            **{name: statement.excluded[name] for name in changed},
            "nested_at": func.coalesce(statement.excluded.nested_at, tasks.c.nested_at),
        },
    )
    written, touched = statement.returning(tasks.c.id).cte("written"), _touched(taken)
    return select(
        select(func.count()).select_from(written).scalar_subquery().label("written"),
        select(func.count()).select_from(touched).scalar_subquery().label("touched"),
    )


KNOWN = Statement(_known, JsonRow)
WRITE = Statement(_write, ImportedRow)
"""Repeatable: a UID is there once, and who finds its own work has nothing left to do."""
