"""Sub-tasks: who may be under whom, and who goes along with a parent.

A task that gets a sub-task notes that, in `nested_at`, in the same statement. So a write that takes
the sub-tasks of a task along is told of one that its snapshot does not have: PostgreSQL looks at
the task's row again when it has waited for another write of it
(specs/010-repeat-nest-move/subtasks.md). Parameters: `task_id`, `new_parent_id`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import task_lists, tasks
from backend.queries.columns import new_value
from backend.queries.ownership import Condition, owned, this

_ZERO: ColumnElement[Any] = literal_column("0")


def _task_id() -> ColumnElement[Any]:
    return bindparam("task_id", type_=BigInteger)


def may_be_parent(task_id: ColumnElement[Any]) -> Condition:
    """It can have sub-tasks: it is out of the trash, and no sub-task itself."""
    return and_(owned(), tasks.c.id == task_id, is_top())


def is_top() -> Condition:
    return and_(tasks.c.deleted_at.is_(None), tasks.c.parent_id.is_(None))


@cache
def _sent_may_be_parent() -> Condition:
    return may_be_parent(new_value("parent_id"))


@cache
def parent_is_good() -> Condition:
    """The parent that was sent can have sub-tasks, in the snapshot."""
    return exists(select(tasks.c.id).where(_sent_may_be_parent()).correlate(None))


def touched(taken: CTE[Any], parent: Condition | None = None, name: str = "parent") -> CTE[Any]:
    """The parent, which notes that it gets a sub-task; none if it cannot have any by now.

    Without `parent`, a `may_be_parent`, it is the one that was sent.
    """
    is_parent = _sent_may_be_parent() if parent is None else parent
    statement = update(tasks).where(is_parent).values(nested_at=taken.c.revision)
    return statement.returning(tasks.c.id).cte(name)


@cache
def _revision_seen() -> ColumnElement[Any]:
    seen = select(task_lists.c.revision).where(owned(task_lists)).correlate(None)
    return seen.scalar_subquery()


def is_current() -> Condition:
    """Nobody has written since this statement began: the tasks are as its snapshot says."""
    return task_lists.c.revision == _revision_seen()


def is_as_seen(nested_at: ColumnElement[Any] = tasks.c.nested_at) -> Condition:
    """The task has got no sub-task that the snapshot does not have."""
    return func.coalesce(nested_at, _ZERO) <= _revision_seen()


def any_of(ids: ColumnElement[Any]) -> ColumnElement[Any]:
    """`ANY` of an array that a subquery gives: bare, it would mean the rows of the subquery."""
    return any_(func.coalesce(ids, cast(literal_column("'{}'"), ARRAY(BigInteger))))


def has_children(task_id: ColumnElement[Any]) -> Condition:
    """In the trash or not."""
    children = select(tasks.c.id).where(owned(), tasks.c.parent_id == task_id)
    return exists(children.correlate_except(tasks))


def _stays() -> Condition:
    return tasks.c.parent_id.is_not_distinct_from(new_value("parent_id"))


@cache
def may_nest() -> Condition:
    """The task stays where it is, or may be put under the parent that was sent."""
    is_childless = ~has_children(_task_id())
    is_other = tasks.c.id != new_value("parent_id")
    return or_(_stays(), and_(is_other, parent_is_good(), is_childless, is_as_seen()))


def is_under(parent: CTE[Any]) -> Condition:
    """The task stays where it is, or its parent has noted it."""
    return or_(_stays(), exists(select(parent.c.id)))


@dataclass(frozen=True)
class Along:
    """The sub-tasks that go to the trash, or out of it, with the task."""

    moves: Callable[[], Condition]
    """Which of its sub-tasks go along."""

    deleted_at: Callable[[CTE[Any]], ColumnElement[Any]]
    """What they get, by the owner's row."""

    @cached_property
    def _mine(self) -> Condition:
        return and_(owned(), tasks.c.parent_id == _task_id(), self.moves())

    def _select(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return select(column).where(self._mine).correlate(None).scalar_subquery()

    def number(self) -> ColumnElement[Any]:
        """How many they are."""
        return self._select(func.count())

    def moved(self, taken: CTE[Any], written: CTE[Any], number: ColumnElement[Any]) -> CTE[Any]:
        """Them after the task was written, with the numbers behind its own."""
        ids = self._select(func.array_agg(tasks.c.id).aggregate_order_by(tasks.c.id))
        place = func.width_bucket(tasks.c.id, ids, type_=BigInteger)
        statement = update(tasks).where(self._mine, exists(select(written.c.id)))
        statement = statement.values(
            deleted_at=self.deleted_at(taken),
            updated_at=taken.c.changed_at,
            revision=taken.c.revision - number + place,
        )
        return statement.returning(tasks.c.id).cte("along")


@cache
def _deleted_at() -> ColumnElement[Any]:
    """When the task came to the trash, in the snapshot."""
    return select(tasks.c.deleted_at).where(this()).correlate(None).scalar_subquery()


TO_TRASH = Along(lambda: tasks.c.deleted_at.is_(None), lambda taken: taken.c.changed_at)
OUT_OF_TRASH = Along(lambda: tasks.c.deleted_at == _deleted_at(), lambda taken: null())
"""Those that came to the trash with the task: at the same moment."""


def is_trashed_as_seen() -> Condition:
    """The task is in the trash since when the snapshot says."""
    return tasks.c.deleted_at == _deleted_at()


@cache
def _is_its_parent() -> Condition:
    its_parent = select(tasks.c.parent_id).where(this()).correlate(None).scalar_subquery()
    return may_be_parent(its_parent)


def kept_parent(taken: CTE[Any]) -> ColumnElement[Any]:
    """The parent of a task that comes out of the trash; null if that is in the trash."""
    parent = touched(taken, _is_its_parent())
    return case((exists(select(parent.c.id)), tasks.c.parent_id))
