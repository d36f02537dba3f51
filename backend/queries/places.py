"""Places in the order of a list, and numbers for them. Parameters: those of `moves.py`.

Arithmetic is that of Numeric, so that nothing overflows at the ends of 64 bits.
"""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Numeric,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
)

from backend.models.task import MAX_ID, tasks
from backend.queries.ownership import Condition, owned

GAP = 2**16
"""Between two tasks where there is room: sixteen halvings."""

STEP = 2**10
"""Between two that are pushed aside: less, so that the next gap ends the push."""


def _number(value: int) -> ColumnElement[Any]:
    return cast(literal_column(f"'{value}'"), Numeric)


_LOWEST, _HIGHEST = _number(-MAX_ID - 1), _number(MAX_ID)
_GAP, _STEP, _ONE, _HALF = _number(GAP), _number(STEP), _number(1), _number(2)
_NO_ORDER: ColumnElement[Any] = cast(literal_column("'Infinity'"), Numeric)
_ANY_ONE: ColumnElement[Any] = literal_column("1")


def key() -> ColumnElement[Any]:
    """What `sort=order` compares, before the id."""
    return func.coalesce(cast(tasks.c.order, Numeric), _NO_ORDER)


@cache
def is_mine() -> Condition:
    return owned()


def _others() -> Condition:
    """The list without the task."""
    is_other = tasks.c.id != bindparam("task_id", type_=BigInteger)
    return and_(is_mine(), tasks.c.deleted_at.is_(None), is_other)


def _is_anchor(task_id: ColumnElement[Any]) -> Condition:
    return task_id == bindparam("anchor_id", type_=BigInteger)


def _goes_before() -> ColumnElement[bool]:
    return bindparam("goes_before", type_=Boolean)


def _one(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return select(column).scalar_subquery()


class Spot(NamedTuple):
    """A place between two neighbours, each by its key and its id; nulls where there is none."""

    low: tuple[ColumnElement[Any], ColumnElement[Any]]
    high: tuple[ColumnElement[Any], ColumnElement[Any]]
    between: ColumnElement[Any]
    """A number for it; null where there is none, or the lower neighbour has none itself."""

    is_there: Condition
    """The task that was named is."""


def neighbours() -> Spot:
    """The place that the parameters mean."""
    rows = select(key().label("key"), tasks.c.id)
    anchor = rows.where(_others(), _is_anchor(tasks.c.id)).cte("anchor")
    mine, its = tuple_(key(), tasks.c.id), tuple_(_one(anchor.c.key), _one(anchor.c.id))
    below = rows.where(_others(), mine < its).order_by(key().desc(), tasks.c.id.desc())
    above = rows.where(_others(), mine > its).order_by(key(), tasks.c.id)
    lower, upper = below.limit(_ANY_ONE).cte("lower"), above.limit(_ANY_ONE).cte("upper")

    def chosen(first: CTE[Any], second: CTE[Any]) -> list[ColumnElement[Any]]:
        names = ("key", "id")
        return [
            case((_goes_before(), _one(first.c[name])), else_=_one(second.c[name]))
            for name in names
        ]

    low, high = chosen(lower, anchor), chosen(anchor, upper)
    columns = (low[0].label("low"), low[1].label("low_id"), high[0].label("high"))
    spot = select(*columns, high[1].label("high_id")).cte("spot")
    low_, low_id, high_, high_id = (_one(column) for column in spot.c)
    between = select(_between(spot.c.low, spot.c.high)).scalar_subquery()
    return Spot((low_, low_id), (high_, high_id), between, exists(select(anchor.c.id)))


def _between(low: ColumnElement[Any], high: ColumnElement[Any]) -> ColumnElement[Any]:
    """In the middle; beyond the last and before the first at a distance, while there is room."""
    is_last = or_(high.is_(None), high == _NO_ORDER)
    beyond = func.least(low + _GAP, func.floor((low + _HIGHEST + _ONE) / _HALF))
    before = func.greatest(high - _GAP, func.floor((high + _LOWEST) / _HALF))
    found = case(
        (low == _NO_ORDER, null()),
        (and_(low.is_(None), is_last), _number(0)),
        (low.is_(None), before),
        (is_last, beyond),
        else_=func.floor((low + high) / _HALF),
    )
    is_free = and_(or_(low.is_(None), found > low), or_(is_last, found < high))
    return case((and_(is_free, found >= _LOWEST, found <= _HIGHEST), found))


def renumbered(spot: Spot) -> tuple[ColumnElement[Any], CTE[Any]]:
    """A number for the task, and the neighbours that get others: `id`, `order`, `place` (from 1).

    Tasks without a number get one up to the place. Behind it those that are in the way are pushed
    on, up to the first gap; where the numbers end, all are laid out anew.
    """
    order = (key(), tasks.c.id)
    place = func.row_number().over(order_by=order).label("place")
    line = select(tasks.c.id, tasks.c.order, place).where(_others()).cte("line")
    at = select(line.c.place).where(_is_anchor(line.c.id)).scalar_subquery()
    before = case((_goes_before(), at - _ANY_ONE), else_=at)
    of_all = select(before.label("before"), func.count(line.c.order).label("numbered"))
    facts = of_all.select_from(line).cte("facts")
    layout = _local(line, facts)
    highest = func.greatest(
        select(func.max(layout.c.order)).scalar_subquery(), _task_order(line, facts)
    )
    ends = select(highest > _HIGHEST).scalar_subquery()
    anew = _anew(line, facts)
    chosen = case((ends, anew), else_=layout.c.order)
    rows = select(line.c.id, cast(chosen, BigInteger).label("order"), line.c.order.label("old"))
    moved = rows.select_from(line.join(layout, layout.c.id == line.c.id)).subquery("chosen")
    numbers = func.row_number().over(order_by=moved.c.id).label("place")
    differs = moved.c.order.is_distinct_from(moved.c.old)
    changes = select(moved.c.id, moved.c.order, numbers)
    changed = changes.where(moved.c.order.is_not(None), differs).cte("renumbered")
    task_anew = select(facts.c.before * _GAP).scalar_subquery()
    return case((ends, task_anew), else_=_task_order(line, facts)), changed


def _base(line: CTE[Any], facts: CTE[Any]) -> ColumnElement[Any]:
    """The last number before the place."""
    last = func.least(facts.c.before, facts.c.numbered)
    before = select(cast(line.c.order, Numeric)).where(line.c.place == last)
    first = select(cast(line.c.order, Numeric) - _ONE).where(line.c.place == _ANY_ONE)
    found = (one.correlate(facts).scalar_subquery() for one in (before, first))
    return func.coalesce(*found, -_GAP)


def _task_order(line: CTE[Any], facts: CTE[Any]) -> ColumnElement[Any]:
    """That of the task, where the numbers do not end."""
    unnumbered = facts.c.before - facts.c.numbered
    base = _base(line, facts)
    found = case((unnumbered > _number(0), base + (unnumbered + _ONE) * _GAP), else_=base + _STEP)
    return select(found).select_from(facts).scalar_subquery()


def _local(line: CTE[Any], facts: CTE[Any]) -> CTE[Any]:
    """The nearest of the line with their new numbers, or null for those that keep theirs."""
    base = select(facts, _base(line, facts).label("base")).cte("base")
    behind = line.c.place - base.c.before
    pushed = base.c.base + (behind + _ONE) * _STEP
    filled = base.c.base + (line.c.place - base.c.numbered) * _GAP
    is_numbered = line.c.order.is_not(None)
    free = select(func.min(line.c.place)).select_from(line.join(base, true()))
    stop = free.where(behind > _number(0), is_numbered, cast(line.c.order, Numeric) > pushed)
    end = func.coalesce(stop.scalar_subquery(), base.c.numbered + _ANY_ONE)
    order = case(
        (and_(line.c.order.is_(None), line.c.place <= base.c.before), filled),
        (and_(is_numbered, behind > _number(0), line.c.place < end), pushed),
    )
    rows = select(line.c.id, order.label("order")).select_from(line.join(base, true()))
    return rows.cte("layout")


def _anew(line: CTE[Any], facts: CTE[Any]) -> ColumnElement[Any]:
    """All numbers at equal distances from 0 on, with a place left for the task."""
    before = select(facts.c.before).scalar_subquery()
    is_behind = case((line.c.place > before, _ONE), else_=_number(0))
    is_meant = or_(line.c.order.is_not(None), line.c.place <= before)
    return case((is_meant, (line.c.place + is_behind - _ONE) * _GAP))
