"""A change of one task, of any kind: owner's row first, nothing if nothing differs, one answer."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    false,
    literal_column,
    not_,
    null,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import tasks
from backend.queries import nesting, repeating
from backend.queries.columns import COLUMNS
from backend.queries.ownership import Condition
from backend.queries.rendering import json_of, shown
from backend.queries.revisions import bump
from backend.queries.statement import Statement, WriteRow

_NONE: ColumnElement[Any] = literal_column("0")
_ONE: ColumnElement[Any] = literal_column("1")

Values = Mapping[str, ColumnElement[Any]]
Column = Callable[[str], ColumnElement[Any]]
Assigned = Callable[[CTE[Any]], Values]
"""What is written, by the number and the time that the owner's row gave."""


class Write(NamedTuple):
    """A change of one task, and the same if its revision is one that the client accepts.

    Both answer with one row. `hides_task`: afterwards the task counts as missing, so a repetition
    of the statement does not find its own work. `repeating`: the same change for a repeating task
    that it completes, which makes the next one (`repeating.py`).
    """

    always: Statement[WriteRow]
    if_match: Statement[WriteRow]
    hides_task: bool = False
    repeating: "Write | None" = None


def task_of(rows: FromClause) -> Subquery:
    return select(*shown(rows.c)).select_from(rows).subquery("task")


def rendered(task: Subquery, *more: ColumnElement[Any]) -> Select[Any]:
    return select(json_of(task).label("json"), task.c.revision, task.c.url, *more)


def one_answer(rows: FromClause, *more: ColumnElement[Any]) -> Select[Any]:
    """Exactly one row: the answer for the row, or nulls, and more."""
    task = task_of(rows)
    one = select(literal_column("1").label("one")).subquery("one")
    return rendered(task, *more).select_from(one.outerjoin(task, true()))


def is_expected() -> Condition:
    """The task has one of the revisions that the client accepts (If-Match)."""
    return tasks.c.revision == any_(bindparam("revisions", type_=ARRAY(BigInteger)))


def _exists(task: Condition) -> ColumnElement[bool]:
    return exists(select(tasks.c.id).where(task).correlate(None))


class Change(NamedTuple):
    """What a write does to its task. `differs` tells whether there is anything to change.

    `completes`: whether it completes a repeating task. `follows`: then it does, and makes the next.
    `nests`: it puts the task under a parent. `along`: the sub-tasks that it takes along.
    """

    values: Assigned
    differs: Condition
    column: Column
    completes: Condition | None = None
    follows: bool = False
    nests: bool = False
    along: nesting.Along | None = None

    @property
    def applies(self) -> Condition:
        conditions = [self.differs, *([nesting.may_nest()] if self.nests else [])]
        if self.completes is not None and self.follows:
            conditions += [self.completes, repeating.is_computed()]
        elif self.completes is not None:
            conditions.append(not_(self.completes))
        return and_(*conditions)

    @property
    def others(self) -> ColumnElement[Any]:
        """How many rows are written besides the task's, each with a number behind it."""
        if self.along is not None:
            return self.along.number()
        return repeating.number_of_next() if self.follows else _NONE


def _change(task: Condition, change: Change) -> tuple[CTE[Any], CTE[Any], CTE[Any] | None]:
    """The owner's row and the written task, neither if the task is so already; and its parent,
    where that is written.
    """
    changed = and_(task, change.applies)
    taken = bump(_exists(changed), _ONE + change.others)
    statement, parent = update(tasks).where(changed), None
    if change.nests:
        parent = nesting.touched(taken)
        statement = statement.where(nesting.is_under(parent))
    statement = statement.values(
        revision=taken.c.revision - change.others,
        updated_at=taken.c.changed_at,
        **change.values(taken),
    )
    return taken, statement.returning(*COLUMNS, *repeating.NEEDED).cte("written"), parent


def _answer(task: Condition, change: Change, found: ColumnElement[bool]) -> Select[Any]:
    """The task as it was written, or as it is where there was nothing to change."""
    taken, written, parent = _change(task, change)
    is_written = exists(select(written.c.id))
    unchanged = select(*COLUMNS).where(task, ~is_written)
    news = select(*(written.c[column.name] for column in COLUMNS))
    rows: FromClause = union_all(news, unchanged).subquery("changed_or_not")
    is_stale = and_(exists(select(taken.c.revision)), ~is_written)
    seed: ColumnElement[Any] = cast(null(), Text)
    if change.follows:
        if parent is None:  # else it is noted already: a statement can write a row but once
            its_parent = nesting.may_be_parent(select(written.c.parent_id).scalar_subquery())
            parent = nesting.touched(taken, its_parent, "parent_of_next")
        followed = repeating.next_task(written, taken, parent)
        is_stale = and_(_exists(task), ~is_written, ~exists(select(followed.c.id)))
    elif change.completes is not None:
        is_due = and_(task, change.differs, change.completes)
        seed = repeating.seed(is_due, change.column)
    if change.along is not None:
        along = change.along.moved(taken, written, change.others)
        is_stale = and_(is_stale, ~exists(select(along.c.id)))
    flags = (found.label("found"), is_stale.label("is_stale"), seed.label("seed"))
    return one_answer(rows, *flags, _is_misplaced(task, change).label("is_misplaced"))


def _is_misplaced(task: Condition, change: Change) -> ColumnElement[Any]:
    """The task is there, and cannot be put under the parent that was sent."""
    return _exists(and_(task, change.differs, ~nesting.may_nest())) if change.nests else false()


def _pair(task: Condition, change: Change, *, is_repeatable: bool) -> Write:
    expected = and_(task, is_expected())
    always = partial(_answer, task, change, true())
    if_match = partial(_answer, expected, change, _exists(task))
    return Write(Statement(always, WriteRow, is_repeatable), Statement(if_match, WriteRow))


def write_of(task: Condition, change: Change, *, is_repeatable: bool = True) -> Write:
    write = _pair(task, change, is_repeatable=is_repeatable)
    if change.completes is None:
        return write
    following = change._replace(follows=True)
    return write._replace(repeating=_pair(task, following, is_repeatable=is_repeatable))
