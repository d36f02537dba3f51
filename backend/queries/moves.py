"""Moving a task before or after another one, in the order that `sort=order` gives.

The task gets a number between its neighbours. Where there is none left, a second statement gives
neighbours other numbers as well (specs/010-repeat-nest-move/move.md). Parameters: `task_id`,
`revisions` (`if_match`), `anchor_id`, and whether the task `goes_before` it.
"""

from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    and_,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    tuple_,
    union_all,
    update,
)

from backend.models.task import tasks
from backend.queries.columns import COLUMNS
from backend.queries.nesting import is_current
from backend.queries.ownership import Condition, this_live
from backend.queries.places import Spot, is_mine, key, neighbours, renumbered
from backend.queries.revisions import bump
from backend.queries.statement import MoveRow, Statement
from backend.queries.writing import is_expected, one_answer

MAX_RENUMBERED = 10_000
"""Neighbours to which one move may give other numbers."""

_ONE: ColumnElement[Any] = literal_column("1")


class Move(NamedTuple):
    """A move, and the same if the task's revision is one that the client accepts."""

    always: Statement[MoveRow]
    if_match: Statement[MoveRow]


def _is_placed(spot: Spot) -> Condition:
    """The task is there already."""
    mine = tuple_(key(), tasks.c.id)
    low, high = (tuple_(*one) for one in (spot.low, spot.high))
    return and_(or_(spot.low[1].is_(None), mine > low), or_(spot.high[1].is_(None), mine < high))


def _there(task: Condition) -> Condition:
    return exists(select(tasks.c.id).where(task).correlate(None))


def _renumber(changes: CTE[Any], taken: CTE[Any]) -> CTE[Any]:
    """The neighbours, each with a number of its own, before that of the task."""
    statement = update(tasks).where(is_mine(), tasks.c.id == changes.c.id)
    statement = statement.values(
        order=changes.c.order,
        updated_at=taken.c.changed_at,
        revision=taken.c.revision - changes.c.place,
    )
    return statement.returning(tasks.c.id).cte("neighbours")


def _move(task: Condition, found: Condition, *, renumbers: bool) -> Select[Any]:
    """`renumbers`: neighbours get other numbers where there is none between them."""
    spot = neighbours()
    order, others, by = spot.between, None, _ONE
    if renumbers:
        order, others = renumbered(spot)
        by = _ONE + select(func.count()).select_from(others).scalar_subquery()
    moves = and_(task, spot.is_there, not_(_is_placed(spot)))
    is_bounded = by <= literal_column(str(MAX_RENUMBERED)) if renumbers else order.is_not(None)
    changed = and_(moves, is_bounded)
    taken = bump(and_(_there(changed), is_current()), by)
    statement = (
        update(tasks)
        .where(changed)
        .values(
            order=cast(order, BigInteger),
            updated_at=taken.c.changed_at,
            revision=taken.c.revision,
        )
    )
    written = statement.returning(*COLUMNS).cte("written")
    is_written = exists(select(written.c.id))
    rows: FromClause = union_all(
        select(written), select(*COLUMNS).where(task, not_(is_written))
    ).subquery("moved_or_not")
    is_stale = and_(_there(changed), not_(is_written))
    if others is not None:
        is_stale = and_(is_stale, not_(exists(select(_renumber(others, taken).c.id))))
    return one_answer(
        rows,
        found.label("found"),
        is_stale.label("is_stale"),
        spot.is_there.label("has_anchor"),
        and_(_there(moves), not_(is_bounded)).label("is_crowded"),
    )


def _pair(*, renumbers: bool) -> Move:
    task = this_live()
    always = partial(_move, task, true(), renumbers=renumbers)
    expected = and_(task, is_expected())
    if_match = partial(_move, expected, _there(task), renumbers=renumbers)
    return Move(Statement(always, MoveRow), Statement(if_match, MoveRow))


MOVE = _pair(renumbers=False)
RENUMBER = _pair(renumbers=True)
