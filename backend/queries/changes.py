"""The feed: what has changed after a revision, in the order of the changes, from one snapshot.

Parameters: `owner`, `address`, `since`, `limit`, and `began`: the revision up to which tombstones
are of no use to the client, or null for the owner's own (specs/007-many-at-once/feed.md).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from backend.models.task import task_lists, tasks
from backend.queries.columns import COLUMNS
from backend.queries.lists import SEPARATOR
from backend.queries.ownership import owned
from backend.queries.rendering import json_of, shown
from backend.queries.statement import ChangesRow, RevisionRow, Statement


def _of_list(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A value of the owner's row; 0 for an owner who has never written."""
    return func.coalesce(
        select(column).where(owned(task_lists)).scalar_subquery(), literal_column("0")
    )


def _one_more() -> ColumnElement[Any]:
    return bindparam("limit", type_=BigInteger) + literal_column("1")


def _since() -> ColumnElement[Any]:
    return bindparam("since", type_=BigInteger)


def _live() -> Select[Any]:
    rows = select(*COLUMNS, tasks.c.deleted_at.is_not(None).label("deleted"))
    rows = rows.where(owned(), tasks.c.deleted_at.is_(None), tasks.c.revision > _since())
    return rows.order_by(tasks.c.revision).limit(_one_more())


def _trash() -> Select[Any]:
    """What the client may hold: nothing that was in the trash when it began."""
    began = func.coalesce(bindparam("began", type_=BigInteger), _of_list(task_lists.c.revision))
    rows = select(*COLUMNS, tasks.c.deleted_at.is_not(None).label("deleted"))
    rows = rows.where(
        owned(), tasks.c.deleted_at.is_not(None), tasks.c.revision > func.greatest(_since(), began)
    )
    return rows.order_by(tasks.c.revision).limit(_one_more())


def _page() -> Select[Any]:
    both = union_all(_live().subquery("live").select(), _trash().subquery("trash").select())
    changes = both.subquery("changes")
    rows = select(changes).order_by(changes.c.revision).limit(_one_more()).subquery("page")
    task = select(*shown(rows.c)).correlate(rows).lateral("task")
    stone = select(rows.c.id, rows.c.deleted, rows.c.revision).correlate(rows).lateral("stone")
    text = case((rows.c.deleted, json_of(stone)), else_=json_of(task))
    texts = func.string_agg(text, literal_column(f"chr({ord(SEPARATOR)})"))
    answer = select(
        _of_list(task_lists.c.revision).label("revision"),
        _of_list(task_lists.c.horizon).label("horizon"),
        texts.aggregate_order_by(rows.c.revision).label("json"),
    )
    return answer.select_from(rows.join(task, true()).join(stone, true()))


def _now() -> Select[Any]:
    return select(_of_list(task_lists.c.revision).label("revision"))


PAGE = Statement(_page, ChangesRow)
NOW = Statement(_now, RevisionRow)
"""Takes the owner alone."""
