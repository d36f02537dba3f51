"""Importing many tasks of one owner: what is here already, and one statement that writes.

Parameters of KNOWN: `owner`, `address`, `uids`, and `ids` of tasks that were made here. Those of
WRITE: `owner`; an array for each of WRITTEN_ROW, named `in_<name>`; `changed_ids` and
`changed_revisions` of the tasks that are there already, and their number `changes`.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.models.task import task_lists, tasks
from backend.queries.columns import COLUMNS, CONTENT
from backend.queries.ownership import Condition, owned, owner
from backend.queries.rendering import json_of, shown
from backend.queries.revisions import first_bump
from backend.queries.search import FOLDED
from backend.queries.statement import ImportedRow, JsonRow, Statement

_WRITTEN = (*CONTENT, *FOLDED.values())
WRITTEN_ROW: dict[str, Any] = {
    "number": BigInteger(),
    "task_id": BigInteger(),
    **{name: Text() if name == "tags" else tasks.c[name].type for name in _WRITTEN},
    "completed_at": tasks.c.completed_at.type,
    "created_at": tasks.c.created_at.type,
    "uid": Text(),
}
"""What is known of each task that is written: its place, from 1; its id, or null for a new one;
`tags` as the text of an array; null for a moment that is now.
"""


def _among(name: str, column: ColumnElement[Any], kind: Any) -> Condition:
    return column == any_(bindparam(name, type_=ARRAY(kind)))


def _known() -> Select[Any]:
    """Two scans of an index each: one condition for both would read all of the owner's tasks."""
    columns = (*COLUMNS, tasks.c.uid, tasks.c.deleted_at)
    by_uid = select(*columns).where(owned(), _among("uids", tasks.c.uid, Text))
    by_id = select(*columns).where(owned(), _among("ids", tasks.c.id, BigInteger))
    both = union_all(by_uid, by_id).subquery("known")
    deleted = both.c.deleted_at.is_not(None).label("deleted")
    fields = (*shown(both.c), both.c.uid.label("stored_uid"), deleted)
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
    """The tasks that are to change are as they were: locked after the owner's row, and as they are
    now, whatever the snapshot has. A revision names one task of an owner.
    """
    lists = select(task_lists.c.revision).where(owned(task_lists))
    held = lists.with_for_update(key_share=True).cte("held")
    there = select(tasks.c.id).select_from(tasks.join(held, true()))
    there = there.where(
        owned(),
        _among("changed_ids", tasks.c.id, BigInteger),
        _among("changed_revisions", tasks.c.revision, BigInteger),
    )
    found = there.with_for_update(key_share=True).cte("there")
    number = select(func.count()).select_from(found).scalar_subquery()
    return number == bindparam("changes", type_=BigInteger)


def _write() -> Select[Any]:
    """New tasks, and those that are there, in one INSERT: a join of the rows with the tasks would
    compare all with all where PostgreSQL expects few (`lists.py`).
    """
    rows = _rows()
    number = select(func.count()).select_from(rows).scalar_subquery()
    taken = first_bump(_are_as_read(), number)
    one = (
        select(rows, taken.c.revision, taken.c.changed_at)
        .select_from(rows.join(taken, true()))
        .order_by(rows.c.number)
        .subquery("one")
    )
    now = one.c.changed_at
    new_id = func.nextval(literal_column("'tasks_id_seq'"))
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        "id": func.coalesce(one.c.task_id, new_id),
        **{name: one.c[name] for name in _WRITTEN},
        "tags": cast(one.c.tags, ARRAY(Text)),
        "completed_at": case((one.c.completed, func.coalesce(one.c.completed_at, now))),
        "revision": one.c.revision - number + one.c.number,
        "created_at": func.coalesce(one.c.created_at, now),
        "updated_at": now,
        "uid": one.c.uid,
    }
    statement = upsert(tasks).from_select(list(values), select(*values.values()))
    changed = (*_WRITTEN, "completed_at", "revision", "updated_at")
    statement = statement.on_conflict_do_update(
        index_elements=[tasks.c.user_id, tasks.c.id],
        set_={name: statement.excluded[name] for name in changed},
    )
    written = statement.returning(tasks.c.id).cte("written")
    return select(func.count().label("written")).select_from(written)


KNOWN = Statement(_known(), JsonRow)
WRITE = Statement(_write(), ImportedRow)
"""Repeatable: a UID is there once, and who finds its own work has nothing left to do."""
