"""The statements on many tasks: a page of a list, and the bulk trash. Built once per shape."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import task_lists, tasks
from backend.queries.filters import conditions
from backend.queries.ownership import Condition, owned
from backend.queries.rendering import json_of, shown
from backend.queries.revisions import bump
from backend.queries.sorting import Sort, compared, is_after, ordering
from backend.queries.statement import MovedRow, PageRow, Statement
from backend.queries.tasks import COLUMNS

_REVISION = func.coalesce(
    select(task_lists.c.revision).where(owned(task_lists)).scalar_subquery(), 0
)

SEPARATOR = "\x1e"
"""Between JSON texts; within one it never stands by itself (RFC 7464, 2; RFC 8259, 7)."""


def _is_known() -> Condition:
    """The client has the list as it is (If-None-Match); then no task is read."""
    known = bindparam("known", type_=ARRAY(BigInteger))
    return or_(bindparam("knows_any", type_=Boolean), _REVISION == any_(known))  # noqa: SIM300


@dataclass(frozen=True)
class Shape:
    """What a statement for a page depends on; everything else is bound.

    `nulls` tells which keys the page before ended in null with; None is the first page. `counted`
    asks for the number of all matches, `conditional` for no task if the client has the list.
    """

    active: frozenset[str]
    sort: Sort
    nulls: tuple[bool, ...] | None = None
    counted: bool = False
    conditional: bool = False


PageStatement = Statement[PageRow]


@lru_cache(maxsize=256)  # clients choose the shape, and there are millions
def page(shape: Shape) -> PageStatement:
    """One row: the tasks of the page and one more, the owner's revision, the number of all.

    `json` is theirs, each after the other with SEPARATOR between, or null. Parameters: `owner`,
    `address`, `limit`, and those of the filters, the cursor and `known`.
    """
    rows = _rows(shape).subquery("page")
    order = ordering(shape.sort, [rows.c[name] for name in _names(shape.sort)], rows.c.id)
    task = select(*shown(rows.c)).correlate(rows).lateral("task")
    # One value, in the order that the index has: half of what PostgreSQL does for rows.
    texts = func.string_agg(json_of(task), literal_column(f"chr({ord(SEPARATOR)})"))
    answer = select(
        _REVISION.label("revision"),
        (_total(shape) if shape.counted else null()).label("total"),
        texts.aggregate_order_by(*order).label("json"),
    )
    return Statement(answer.select_from(rows, task), PageRow)


def _names(sort: Sort) -> list[str]:
    return [f"key_{number}" for number, _ in enumerate(sort)]


def _rows(shape: Shape) -> Select[Any]:
    """The tasks of this page and one more, with what they are sorted by."""
    keys = compared(shape.sort)
    named = [key.label(name) for key, name in zip(keys, _names(shape.sort), strict=True)]
    rows = select(*COLUMNS, *named).where(*_wanted(shape))
    rows = rows.order_by(*ordering(shape.sort, keys, tasks.c.id))
    rows = rows.limit(bindparam("limit", type_=BigInteger) + literal_column("1"))
    return rows.where(is_after(shape.sort, shape.nulls)) if shape.nulls is not None else rows


def _total(shape: Shape) -> ColumnElement[Any]:
    return select(func.count()).select_from(tasks).where(*_wanted(shape)).scalar_subquery()


def _wanted(shape: Shape) -> list[Condition]:
    unless_known = [not_(_is_known())] if shape.conditional else []
    return [owned(), *conditions(shape.active), *unless_known]


@cache
def moving(active: frozenset[str]) -> Statement[MovedRow]:
    """Move what matches to the trash, or out of it where the filters mean the trash: one batch.

    Each task gets a number of its own. What matched is found first and looked at again when the
    owner's row is ours: whoever changed a task meanwhile, so that it no longer matches, keeps it.
    Parameters besides those of the filters: `after_id`, where the batch before ended, and `batch`.
    """
    wanted = and_(owned(), *conditions(active))
    number = func.row_number().over(order_by=tasks.c.id).label("number")
    beyond = tasks.c.id > bindparam("after_id", type_=BigInteger)
    batch = select(tasks.c.id, number).where(wanted, beyond).order_by(tasks.c.id)
    matched = batch.limit(bindparam("batch", type_=BigInteger)).cte("matched")
    count = select(func.count()).select_from(matched).scalar_subquery()
    taken = bump(exists(select(matched.c.id)), by=count)
    statement = update(tasks).where(wanted, tasks.c.id == matched.c.id)
    statement = statement.values(
        deleted_at=null() if "deleted" in active else taken.c.changed_at,
        updated_at=taken.c.changed_at,
        revision=taken.c.revision - count + matched.c.number,
    )
    moved = statement.returning(tasks.c.id).cte("moved")
    last = select(func.max(matched.c.id)).scalar_subquery()
    answer = select(func.count(), count.label("matched"), last.label("last_id"))
    return Statement(answer.select_from(moved), MovedRow)
