"""All numbers of an owner's list, in one statement; no task is read if the client has them.

Parameters: `owner`, `known` (the revisions of which the client has the numbers as they are now),
those of `is_overdue`, `any_parent`, `filter_parent`, and `today_from`, `today_to`: the first and
the last instant of today.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Select,
    and_,
    any_,
    bindparam,
    case,
    collate,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import Priority, task_lists, tasks
from backend.queries.filters import is_overdue
from backend.queries.ownership import Condition, owned
from backend.queries.rendering import json_of
from backend.queries.statement import Statement, SummaryRow

MAX_TAGS = 1000
"""Tags of a summary: those with the most open tasks."""

_INSTANT = tasks.c.due_at.type


def _revision() -> ColumnElement[Any]:
    lists = select(task_lists.c.revision).where(owned(task_lists))
    return func.coalesce(lists.scalar_subquery(), literal_column("0"))


def _is_asked() -> Condition:
    return not_(_revision() == any_(bindparam("known", type_=ARRAY(BigInteger))))


def _number(condition: Condition) -> ColumnElement[Any]:
    return func.count(case((condition, literal_column("1"))))


def _is_due_today() -> Condition:
    first, last = (bindparam(name, type_=_INSTANT) for name in ("today_from", "today_to"))
    is_today = tasks.c.due_date == bindparam("filter_today", type_=Date)
    return or_(is_today, and_(tasks.c.due_at >= first, tasks.c.due_at <= last))


def _is_under() -> Condition:
    """What `parent` asks for, if it does."""
    parent = bindparam("filter_parent", type_=BigInteger)
    return or_(
        bindparam("any_parent", type_=Boolean), tasks.c.parent_id.is_not_distinct_from(parent)
    )


def _tags() -> ColumnElement[Any]:
    """The tags of live tasks as JSON objects with commas between, or null."""
    is_open = case((tasks.c.completed.is_(False), literal_column("1")))
    each = select(func.unnest(tasks.c.tags).label("tag"), is_open.label("one"))
    each_tag = each.where(owned(), tasks.c.deleted_at.is_(None), _is_asked(), _is_under()).subquery(
        "each_tag"
    )
    number = func.count(each_tag.c.one)
    order = (number.desc(), collate(each_tag.c.tag, "C"))
    counted = select(each_tag.c.tag, number.label("open")).group_by(each_tag.c.tag)
    rows = counted.order_by(*order).limit(literal_column(str(MAX_TAGS))).subquery("tags")
    texts = func.string_agg(json_of(rows), literal_column("','"))
    ordered = texts.aggregate_order_by(rows.c.open.desc(), collate(rows.c.tag, "C"))
    return select(ordered).select_from(rows).scalar_subquery()


def _summary() -> Select[Any]:
    lives = tasks.c.deleted_at.is_(None)
    is_open = and_(lives, tasks.c.completed.is_(False))
    is_to_come = tasks.c.due_at >= bindparam("filter_now", type_=_INSTANT)
    numbers = {
        "open": is_open,
        "completed": and_(lives, tasks.c.completed.is_(True)),
        "overdue": and_(lives, is_overdue()),
        "due_today": and_(is_open, _is_due_today()),
        "trash": tasks.c.deleted_at.is_not(None),
    }
    ranks = enumerate(Priority)
    by_priority = {
        name: and_(is_open, tasks.c.priority == literal_column(str(rank))) for rank, name in ranks
    }
    counts = select(
        *(_number(condition).label(name) for name, condition in (numbers | by_priority).items()),
        func.min(case((and_(is_open, is_to_come), tasks.c.due_at))).label("next_due"),
    ).where(owned(), _is_asked(), _is_under())
    one = counts.subquery("counts")
    return select(_revision().label("revision"), *one.c, _tags().label("tags"))


SUMMARY = Statement(_summary, SummaryRow)
