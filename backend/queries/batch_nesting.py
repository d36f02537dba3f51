"""Parents in a batch: what an operation does to the place of its task, and who goes along.

All is decided about the tasks as they are before the batch, and about what its other operations do.
"""

from functools import cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Text,
    and_,
    case,
    exists,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from backend.models.task import tasks
from backend.queries.nesting import has_children, is_as_seen
from backend.queries.ownership import Condition, owned


def word(text: str) -> ColumnElement[Any]:
    return literal_column(f"'{text}'", type_=Text())


def number(number: int) -> ColumnElement[Any]:
    return literal_column(str(number), type_=Integer())


class Nest:
    """What an operation does to the place of its task. `new_parent`: as asked, or as it is."""

    def __init__(self, asked: CTE[Any], there: CTE[Any], new_parent: ColumnElement[Any]) -> None:
        self._asked, self._there, self._new_parent = asked, there, new_parent
        self._other, self._above = asked.alias("other"), there.alias("above")

    def _is_done_to_parent(self, kind: str) -> Condition:
        """Another operation is this, to the parent."""
        other = self._other
        done = and_(other.c.task_id == self._new_parent, other.c.kind == word(kind))
        return self._exists(select(other.c.number).where(done))

    def _exists(self, rows: Any) -> Condition:
        return exists(rows.correlate(self._asked, self._there))

    @cached_property
    def _is_asked(self) -> Condition:
        """The task is put under a parent where it was not."""
        is_other = self._new_parent.is_distinct_from(self._there.c.parent_id)
        writes = self._asked.c.kind.in_([word("create"), word("update")])
        return and_(writes, self._new_parent.is_not(None), is_other)

    @cached_property
    def _has_parent(self) -> Condition:
        """The parent will be there, and be no sub-task."""
        above, other = self._above, self._other
        is_top = and_(above.c.id == self._new_parent, above.c.parent_id.is_(None))
        lives = or_(above.c.deleted_at.is_(None), self._is_done_to_parent("restore"))
        nests = and_(other.c.task_id == self._new_parent, other.c.new_parent_id.is_not(None))
        return and_(
            self._exists(select(above.c.id).where(is_top, lives)),
            ~self._is_done_to_parent("delete"),
            ~self._exists(select(other.c.number).where(nests)),
        )

    @cached_property
    def is_misplaced(self) -> Condition:
        """The task cannot be put there."""
        task_id, other = self._asked.c.task_id, self._other
        gets_child = self._exists(select(other.c.number).where(other.c.new_parent_id == task_id))
        is_childless = and_(~func.coalesce(has_children(task_id), false()), ~gets_child)
        is_self = func.coalesce(task_id == self._new_parent, false())
        return and_(self._is_asked, ~and_(~is_self, self._has_parent, is_childless))

    @cached_property
    def is_unseen(self) -> Condition:
        """The snapshot may lack sub-tasks of the task, and they matter."""
        matter = or_(self._asked.c.kind == word("delete"), self._is_asked)
        return and_(matter, ~is_as_seen(self._there.c.nested_at))

    @cached_property
    def _comes_back(self) -> Condition:
        is_trashed = self._there.c.deleted_at.is_not(None)
        return and_(self._asked.c.kind == word("restore"), is_trashed)

    @cached_property
    def parent(self) -> ColumnElement[Any]:
        """As it is to be: none for what comes out of the trash without it."""
        return case((and_(self._comes_back, ~self._has_parent), null()), else_=self._new_parent)

    @cached_property
    def nests(self) -> Condition:
        """Its parent is to note it."""
        return or_(self._is_asked, and_(self._comes_back, self._has_parent))

    @cached_property
    def falls(self) -> Condition:
        """It goes to the trash along with its parent."""
        is_changed = self._asked.c.kind == word("update")
        return and_(is_changed, self._is_done_to_parent("delete"))


def family_of(wanted: CTE[Any], asked: CTE[Any]) -> CTE[Any]:
    """The sub-tasks that go along, and that no operation names."""
    falls = and_(wanted.c.kind == word("delete"), tasks.c.deleted_at.is_(None))
    returns = and_(
        *(wanted.c.kind == word("restore"), wanted.c.differs),
        tasks.c.deleted_at == wanted.c.old_deleted_at,
    )
    named = select(asked.c.task_id).where(asked.c.task_id.is_not(None))
    place = func.row_number().over(order_by=tasks.c.id)
    rows = select(
        *(tasks.c.id, tasks.c.parent_id, wanted.c.kind, place.label("place")),
    ).select_from(wanted.join(tasks, tasks.c.parent_id == wanted.c.task_id))
    return rows.where(owned(), or_(falls, returns), tasks.c.id.not_in(named)).cte("family")


def along(family: CTE[Any], numbers: CTE[Any], may_write: Condition) -> CTE[Any]:
    """Their numbers are the last."""
    count = select(func.count()).select_from(family).scalar_subquery()
    is_meant = and_(tasks.c.id == family.c.id, tasks.c.parent_id == family.c.parent_id, may_write)
    statement = update(tasks).where(owned(), is_meant)
    statement = statement.values(
        deleted_at=case((family.c.kind == word("delete"), numbers.c.changed_at)),
        updated_at=numbers.c.changed_at,
        revision=numbers.c.revision - count + family.c.place,
    )
    return statement.returning(tasks.c.id).cte("along")


def touched_by(
    wanted: CTE[Any], after: CTE[Any], numbers: CTE[Any], may_write: Condition
) -> CTE[Any]:
    """The parents that get a sub-task, and are not written themselves."""
    written = select(after.c.id).where(after.c.differs)
    is_other = and_(is_noted(wanted, tasks.c.id), tasks.c.id.not_in(written))
    statement = update(tasks).where(owned(), is_other, may_write)
    statement = statement.values(nested_at=numbers.c.revision)
    return statement.returning(tasks.c.id).cte("touched")


def is_noted(wanted: CTE[Any], task_id: ColumnElement[Any]) -> Condition:
    """The task is the parent of what is put there, or of what follows there."""
    gets = or_(wanted.c.nests, wanted.c.follows)
    parents = select(wanted.c.parent_id).where(gets, wanted.c.parent_id.is_not(None))
    return task_id.in_(parents.correlate(None))
