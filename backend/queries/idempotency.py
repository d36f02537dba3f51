"""Creating a task once for an idempotency key. Parameters besides those of a create: `key`,
`fingerprint`."""

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Executable,
    Interval,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.models.task import idempotency_keys, tasks
from backend.queries import nesting
from backend.queries.columns import COLUMNS, CONTENT, new_value
from backend.queries.ownership import Condition, owned, owner
from backend.queries.revisions import bump, first_bump
from backend.queries.statement import KeyedRow, Statement
from backend.queries.tasks import insert_task
from backend.queries.writing import one_answer

KEY_LIFETIME = timedelta(hours=24)
_LIFETIME = cast(literal_column(f"'{KEY_LIFETIME.total_seconds():.0f} seconds'"), Interval)


def _claim(taken: CTE[Any], condition: Condition | None = None) -> CTE[Any]:
    """Take the key if the condition holds, unless another request has; an expired one is free."""
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        "key": bindparam("key", type_=Text),
        "fingerprint": bindparam("fingerprint", type_=Text),
        "expires_at": func.now() + _LIFETIME,
        "task_id": func.nextval(literal_column("'tasks_id_seq'")),
        "revision": taken.c.revision,
        "created_at": taken.c.changed_at,
    }
    row = select(*values.values())
    if condition is not None:
        row = row.where(condition)
    statement = upsert(idempotency_keys).from_select(list(values), row)
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


def _create_once(*, nests: bool) -> Executable:
    """Owner's row, key, task, each feeding the next: who does not get the key makes no task.

    With a parent (`nests`), that comes before the key: who finds none takes no key.

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
    is_new = ~exists(select(used.c.key))
    if nests:
        taken = bump(and_(is_new, nesting.parent_is_good()))
        parent = nesting.touched(taken)
        claimed = _claim(taken, exists(select(parent.c.id)))
    else:
        claimed = _claim(first_bump(is_new))
    created = insert_task(claimed, claimed.c.task_id).cte("created")
    task = union_all(select(created), _first_answer(used)).cte("task_of_key")
    fingerprint = select(used.c.fingerprint).scalar_subquery().label("first_fingerprint")
    fits = nesting.parent_is_good() if nests else true()
    return one_answer(task, fingerprint, fits.label("fits"))


def _first_answer(used: CTE[Any]) -> Select[Any]:
    """The task as it was created: what is sent again, and what is kept of the key's first use."""
    values: dict[str, ColumnElement[Any]] = {
        **{column: cast(new_value(column), tasks.c[column].type) for column in CONTENT},
        "user_id": owner(),
        "id": used.c.task_id,
        "repeat_of": cast(null(), BigInteger),
        "completed_at": case((new_value("completed"), used.c.created_at)),
        "revision": used.c.revision,
        "created_at": used.c.created_at,
        "updated_at": used.c.created_at,
    }
    return select(*(values[column.name].label(column.name) for column in COLUMNS))


CREATE_ONCE = Statement(partial(_create_once, nests=False), KeyedRow)
CREATE_CHILD_ONCE = Statement(partial(_create_once, nests=True), KeyedRow)
