"""Many tasks to the trash, or out of it, with their sub-tasks: one batch of them at a time.

Parameters besides those of the filters: `after_id`, where the batch before ended, and `batch`.
"""

from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    null,
    or_,
    select,
    tuple_,
    update,
)

from backend.models.task import tasks
from backend.queries.filters import wanted
from backend.queries.nesting import any_of, is_as_seen
from backend.queries.ownership import Condition, owned
from backend.queries.revisions import bump
from backend.queries.slots import slot
from backend.queries.statement import MovedRow, Statement


def moving(active: frozenset[str]) -> Statement[MovedRow]:
    """Move what matches to the trash, or out of it where the filters mean the trash: one batch.

    Each task gets a number of its own. What matched is found first and looked at again when the
    owner's row is ours: whoever changed a task meanwhile, so that it no longer matches, keeps it.
    """
    slots = {"wanted": [wanted(active)]}
    template = partial(_moving, to_trash="deleted" not in active)
    return Statement(template, MovedRow, slots=slots)


class _Found(NamedTuple):
    """Rows that were found first, with what their numbers follow from: their place among ids."""

    rows: CTE[Any]

    @property
    def number(self) -> ColumnElement[Any]:
        return select(func.count()).select_from(self.rows).scalar_subquery()

    @property
    def ids(self) -> ColumnElement[Any]:
        in_order = func.array_agg(self.rows.c.id).aggregate_order_by(self.rows.c.id)
        return select(in_order).scalar_subquery()

    @property
    def place(self) -> ColumnElement[Any]:
        """Found by halving."""
        return func.width_bucket(tasks.c.id, self.ids, type_=BigInteger)


def _is_in(column: ColumnElement[Any], rows: Select[Any]) -> Condition:
    """Wrapped, so that it is looked up in a hash, and no join that compares all with all."""
    return func.coalesce(column.in_(rows), false())


@cache
def _moving(*, to_trash: bool) -> Select[Any]:
    """Without a join: right after many tasks were moved, PostgreSQL expects none, and compares all.

    What matches up to the last id is, in one snapshot, what was found first.
    """
    matches = and_(owned(), slot("wanted", Boolean))
    beyond = tasks.c.id > bindparam("after_id", type_=BigInteger)
    batch = select(tasks.c.id, tasks.c.deleted_at).where(matches, beyond).order_by(tasks.c.id)
    matched = _Found(batch.limit(bindparam("batch", type_=BigInteger)).cte("matched"))
    last = select(func.max(matched.rows.c.id)).scalar_subquery()
    family = _Found(_family(matched.rows, beyond_last=last, to_trash=to_trash))
    taken = bump(exists(select(matched.rows.c.id)), by=matched.number + family.number)
    deleted_at = taken.c.changed_at if to_trash else null()
    statement = update(tasks).where(matches, beyond, tasks.c.id <= last)
    if to_trash:
        statement = statement.where(is_as_seen())
    statement = statement.values(
        deleted_at=deleted_at,
        updated_at=taken.c.changed_at,
        revision=taken.c.revision - family.number - matched.number + matched.place,
        parent_id=tasks.c.parent_id if to_trash else _kept_parent(matched.rows, taken),
    )
    moved = statement.returning(tasks.c.id).cte("moved")
    along = _along(family, moved, taken, deleted_at)
    counts = [select(func.count()).select_from(one).scalar_subquery() for one in (moved, along)]
    return select(
        (counts[0] + counts[1]).label("moved"),
        matched.number.label("matched"),
        last.label("last_id"),
    )


def _family(matched: CTE[Any], *, beyond_last: ColumnElement[Any], to_trash: bool) -> CTE[Any]:
    """The sub-tasks of what matched that go along, and do not match themselves."""
    is_near = and_(
        tasks.c.parent_id > bindparam("after_id", type_=BigInteger),
        tasks.c.parent_id <= beyond_last,
    )
    if to_trash:
        parents = select(matched.c.id)
        goes = and_(tasks.c.deleted_at.is_(None), _is_in(tasks.c.parent_id, parents))
    else:  # those that came to the trash with it
        place = tuple_(tasks.c.parent_id, tasks.c.deleted_at)
        goes = func.coalesce(place.in_(select(matched.c.id, matched.c.deleted_at)), false())
    is_other = ~_is_in(tasks.c.id, select(matched.c.id))
    rows = select(tasks.c.id).where(owned(), is_near, goes, is_other)
    return rows.cte("family")


def _kept_parent(matched: CTE[Any], taken: CTE[Any]) -> ColumnElement[Any]:
    """The parent of what comes out of the trash, unless that stays there: it notes the sub-task."""
    of_matched = select(func.array_agg(tasks.c.parent_id)).where(
        owned(), _is_in(tasks.c.id, select(matched.c.id)), tasks.c.parent_id.is_not(None)
    )
    is_meant = tasks.c.id == any_of(of_matched.correlate(None).scalar_subquery())
    statement = update(tasks).where(owned(), is_meant, tasks.c.deleted_at.is_(None))
    parents = statement.values(nested_at=taken.c.revision).returning(tasks.c.id).cte("parents")
    is_kept = or_(
        _is_in(tasks.c.parent_id, select(parents.c.id)),
        _is_in(tasks.c.parent_id, select(matched.c.id)),
    )
    return case((is_kept, tasks.c.parent_id))


def _along(
    family: _Found, moved: CTE[Any], taken: CTE[Any], deleted_at: ColumnElement[Any]
) -> CTE[Any]:
    statement = update(tasks).where(
        owned(), tasks.c.id == any_of(family.ids), _is_in(tasks.c.parent_id, select(moved.c.id))
    )
    statement = statement.values(
        deleted_at=deleted_at,
        updated_at=taken.c.changed_at,
        revision=taken.c.revision - family.number + family.place,
    )
    return statement.returning(tasks.c.id).cte("along")
