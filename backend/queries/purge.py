"""The statements of the purge: old trash and expired keys, one owner at a time, in batches.

The survey is the one look across owners, for the operator alone, and says so to the guard; what
removes names its owner, and what removes tasks takes the owner's row first, as every write does.
"""

from functools import partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Interval,
    Table,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
    tuple_,
)

from backend.models.task import idempotency_keys, task_lists, tasks
from backend.queries.ownership import ACROSS_OWNERS, owned, owned_too
from backend.queries.revisions import bump
from backend.queries.statement import KeyRow, MomentRow, OwnerCountRow, Statement

_OLD = tasks.c.deleted_at < bindparam("before", type_=tasks.c.deleted_at.type)
_ONE: ColumnElement[Any] = literal_column("1")
_EXPIRED = idempotency_keys.c.expires_at <= func.now()


def _count_by_owner(table: Table, condition: ColumnElement[bool]) -> Executable:
    counts = select(table.c.user_id, func.count()).where(condition).group_by(table.c.user_id)
    return counts.order_by(table.c.user_id).execution_options(**{ACROSS_OWNERS: True})


def _limit() -> ColumnElement[Any]:
    return bindparam("batch", type_=BigInteger)


def _is_childless() -> ColumnElement[bool]:
    """A task goes after its sub-tasks, and stays while one is out of the trash."""
    child = tasks.alias("child")
    children = select(child.c.id).where(owned(child), owned_too(), child.c.parent_id == tasks.c.id)
    return ~exists(children.correlate(tasks))


def _remove_tasks() -> Executable:
    """The oldest of the trash; the owner's `horizon` rises to the highest revision that goes.

    Whoever asks for the changes since an earlier one cannot be told of these deletions any more.
    What is old up to the last of them is, in one snapshot, what was found first: a join would
    compare all with all where PostgreSQL expects none (`lists.py`).
    """
    place = (tasks.c.deleted_at, tasks.c.id)
    doomed = select(*place, tasks.c.revision).where(owned(), _OLD, _is_childless())
    first = doomed.order_by(*place).limit(_limit()).cte("doomed")
    of_first = (first.c.deleted_at, first.c.id)
    last = select(*of_first).order_by(*(one.desc() for one in of_first)).limit(_ONE).cte("last")
    highest = select(func.max(first.c.revision)).scalar_subquery()
    taken = bump(exists(select(first.c.id)), horizon=func.greatest(task_lists.c.horizon, highest))
    is_doomed = tuple_(*place) <= tuple_(last.c.deleted_at, last.c.id)
    condition = (owned(), _OLD, _is_childless(), is_doomed, taken.c.revision.is_not(None))
    return delete(tasks).where(*condition).returning(tasks.c.id)


def _remove_keys() -> Executable:
    keys = idempotency_keys.c
    expired = select(keys.key).where(owned(idempotency_keys), _EXPIRED)
    doomed = expired.order_by(keys.key).limit(_limit()).cte("doomed")
    last = select(func.max(doomed.c.key)).scalar_subquery()
    condition = (owned(idempotency_keys), _EXPIRED, keys.key <= last)
    return delete(idempotency_keys).where(*condition).returning(keys.key)


def _moment() -> Executable:
    """The database's clock decides what is old: this machine's may be wrong."""
    return select((func.now() - bindparam("age", type_=Interval)).label("moment"))


BEFORE = Statement(_moment, MomentRow)
OLD_TASKS = Statement(partial(_count_by_owner, tasks, _OLD), OwnerCountRow)
EXPIRED_KEYS = Statement(partial(_count_by_owner, idempotency_keys, _EXPIRED), OwnerCountRow)
REMOVE_TASKS = Statement(_remove_tasks, KeyRow)
REMOVE_KEYS = Statement(_remove_keys, KeyRow)
