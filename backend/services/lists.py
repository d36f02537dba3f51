"""The statements on many tasks: a page of a list, and the bulk trash. Built once per shape."""

from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Executable,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import task_lists, tasks
from backend.services.filters import conditions
from backend.services.ownership import Condition, owned
from backend.services.revisions import bump
from backend.services.sorting import Sort, is_after, ordering
from backend.services.statements import COLUMNS

_REVISION = func.coalesce(
    select(task_lists.c.revision).where(owned(task_lists)).scalar_subquery(), 0
)


def _is_known() -> Condition:
    """The client has the list as it is (If-None-Match); then no task is read."""
    known = bindparam("known", type_=ARRAY(BigInteger))
    return or_(bindparam("knows_any", type_=Boolean), _REVISION == any_(known))  # noqa: SIM300


def _total(wanted: Condition) -> ColumnElement[Any]:
    return select(func.count()).select_from(tasks).where(wanted).scalar_subquery()


@lru_cache(maxsize=256)  # clients choose the shape, and there are millions
def page(
    active: frozenset[str], sort: Sort, nulls: tuple[bool, ...] | None, counted: bool
) -> Executable:
    """A page with the list's revision and, if counted, the number of all matches.

    `nulls` tells which keys the page before ended in null with; None is the first page. Answers one
    row at least: without a task, its columns are null.
    """
    wanted = and_(owned(), *conditions(active), not_(_is_known()))
    keys = ordering(sort)
    inner = select(*COLUMNS, func.row_number().over(order_by=keys).label("place")).where(wanted)
    if nulls is not None:
        inner = inner.where(is_after(sort, nulls))
    rows = inner.order_by(*keys).limit(bindparam("count", type_=BigInteger)).subquery("page")
    one = select(literal(1).label("one")).subquery("one")
    total = _total(wanted) if counted else null()
    columns = [rows.c[column.name] for column in COLUMNS]
    statement = select(_REVISION.label("list_revision"), total.label("total"), *columns)
    return statement.select_from(one.outerjoin(rows, true())).order_by(rows.c.place)


@cache
def trashing(active: frozenset[str]) -> Executable:
    """Trash what matches, each with a number of its own, and answer how many.

    What matched is found first and looked at again when the owner's row is ours: whoever changed a
    task meanwhile, so that it no longer matches, keeps it.
    """
    wanted = and_(owned(), *conditions(active))
    number = func.row_number().over(order_by=tasks.c.id).label("number")
    matched = select(tasks.c.id, number).where(wanted).cte("matched")
    count = select(func.count()).select_from(matched).scalar_subquery()
    taken = bump(exists(select(matched.c.id)), by=count)
    statement = update(tasks).where(wanted, tasks.c.id == matched.c.id)
    statement = statement.values(
        deleted_at=taken.c.changed_at,
        updated_at=taken.c.changed_at,
        revision=taken.c.revision - count + matched.c.number,
    )
    trashed = statement.returning(tasks.c.id).cte("trashed")
    return select(func.count()).select_from(trashed)
