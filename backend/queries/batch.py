"""Many operations of one owner in one statement (specs/007-many-at-once/batch.md).

Parameters: those of `batch_operations.py`; `address`, `dry_run`; with a key `key`, `fingerprint`.
"""

from functools import partial
from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Executable,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)

from backend.models.task import tasks
from backend.queries import repeating
from backend.queries.batch_keys import claim_key, used_key
from backend.queries.batch_nesting import along, family_of, is_noted, number, touched_by, word
from backend.queries.batch_operations import (
    KEPT,
    OTHERS,
    UNCOMPUTED,
    WRITTEN,
    asked_of,
    found_by,
    held_by,
    wanted_of,
)
from backend.queries.lists import SEPARATOR
from backend.queries.ownership import Condition, owned, owner
from backend.queries.rendering import json_of, shown
from backend.queries.revisions import first_bump, following
from backend.queries.statement import BatchRow, Statement


def _count(rows: CTE[Any], condition: Condition | None = None) -> ColumnElement[Any]:
    counted = select(func.count()).select_from(rows)
    return (counted if condition is None else counted.where(condition)).scalar_subquery()


def _behind(wanted: CTE[Any], family: CTE[Any]) -> ColumnElement[Any]:
    """How many numbers are behind those of the operations: of what follows, and goes along."""
    return (_count(wanted, wanted.c.follows) + _count(family)).self_group()


def _numbers(held: CTE[Any], wanted: CTE[Any], family: CTE[Any]) -> tuple[CTE[Any], CTE[Any]]:
    """The owner's row with its new numbers; and these, or those that a dry run would be given.

    No numbers where something failed, or nothing was asked.
    """
    is_right = and_(
        exists(select(wanted.c.number)),
        not_(exists(select(wanted.c.number).where(wanted.c.outcome != number(0)))),
    )
    is_dry = bindparam("dry_run", type_=Boolean)
    by = (_count(wanted, wanted.c.differs) + _behind(wanted, family)).self_group()
    taken = first_bump(and_(is_right, not_(is_dry), by > number(0)), by)
    last = func.coalesce(select(held.c.revision).scalar_subquery(), number(0))
    clock = func.greatest(select(held.c.changed_at).scalar_subquery(), func.now())
    planned: Select[Any] = select(
        following(last, by).label("revision"), clock.label("changed_at")
    ).where(is_right, or_(is_dry, by == number(0)))
    return taken, union_all(select(taken), planned).cte("numbers")


def _after(wanted: CTE[Any], family: CTE[Any], numbers: CTE[Any]) -> CTE[Any]:
    """Each task as it is to be, all columns; new ids in the order of the operations."""
    place = func.row_number().over(partition_by=wanted.c.differs, order_by=wanted.c.number)
    first = numbers.c.revision - _behind(wanted, family) - _count(wanted, wanted.c.differs)
    changed = first + place
    rows = select(wanted, changed.label("change"), numbers.c.changed_at)
    one = rows.select_from(wanted.join(numbers, true())).order_by(wanted.c.number).subquery("one")
    at = one.c.changed_at
    is_new = one.c.kind == word("create")
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        "id": case((is_new, func.nextval(literal_column("'tasks_id_seq'"))), else_=one.c.task_id),
        **{name: one.c[name] for name in WRITTEN},
        "completed_at": case((one.c.completed, func.coalesce(one.c.old_completed_at, at))),
        "revision": case((one.c.differs, one.c.change), else_=one.c.old_revision),
        "created_at": func.coalesce(one.c.old_created_at, at),
        "updated_at": case((one.c.differs, at), else_=one.c.old_updated_at),
        "deleted_at": case((or_(one.c.kind == word("delete"), one.c.falls), at), else_=null()),
        **{name: one.c[f"old_{name}"] for name in KEPT},
        "nested_at": case(
            (is_noted(wanted, one.c.task_id), one.c.change), else_=one.c.old_nested_at
        ),
    }
    columns = (value.label(name) for name, value in values.items())
    return select(one.c.number, one.c.kind, one.c.differs, *columns).cte("after")


def _answer(after: CTE[Any]) -> CTE[Any]:
    """One row: the tasks as JSON, each after the other, and none if there are no numbers."""
    task = select(*shown(after.c)).correlate(after).lateral("task")
    text = case((after.c.kind == word("delete"), word("")), else_=json_of(task))
    texts = func.string_agg(text, literal_column(f"chr({ord(SEPARATOR)})"), type_=Text())
    rows = select(texts.aggregate_order_by(after.c.number).label("json"))
    return rows.select_from(after.join(task, true())).cte("answer")


def _inserted(after: CTE[Any], may_write: Condition) -> CTE[Any]:
    names = ("id", *WRITTEN, *(name for name in OTHERS if name != "deleted_at"))
    rows = select(owner().label("user_id"), *(after.c[name] for name in names))
    rows = rows.where(after.c.kind == word("create"), may_write)
    statement = insert(tasks).from_select(["user_id", *names], rows)
    return statement.returning(tasks.c.id).cte("inserted")


def _followed(
    wanted: CTE[Any], family: CTE[Any], numbers: CTE[Any], may_write: Condition
) -> CTE[Any]:
    """What follows the repeating tasks that are completed; in the trash where their parent goes."""
    place = func.row_number().over(order_by=wanted.c.number)
    last = numbers.c.revision - _behind(wanted, family) + place
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        **repeating.next_values(wanted, wanted.c.task_id, last, numbers.c.changed_at),
        **{name: wanted.c[f"next_{name}"] for name in repeating.COMPUTED},
        "deleted_at": case((wanted.c.falls, numbers.c.changed_at)),
    }
    rows = select(*values.values()).select_from(wanted.join(numbers, true()))
    rows = rows.where(wanted.c.follows, may_write)
    statement = insert(tasks).from_select(list(values), rows)
    return statement.returning(tasks.c.id).cte("followed")


def _seeds(wanted: CTE[Any]) -> ColumnElement[Any]:
    """From what the next task of each is to be computed that was not, in order."""
    columns = repeating.seed_columns(
        wanted.c.old_revision, lambda name: wanted.c[name if name in WRITTEN else f"old_{name}"]
    )
    is_meant = wanted.c.outcome == number(UNCOMPUTED)
    rows = select(wanted.c.number, *columns).where(is_meant).subquery("uncomputed")
    texts = func.string_agg(json_of(rows), literal_column(f"chr({ord(SEPARATOR)})"), type_=Text())
    return select(texts.aggregate_order_by(rows.c.number)).select_from(rows).scalar_subquery()


def _updated(after: CTE[Any], may_write: Condition) -> CTE[Any]:
    is_meant = and_(after.c.kind != word("create"), after.c.differs, may_write)
    statement = update(tasks).where(owned(), tasks.c.id == after.c.id, is_meant)
    names = {*WRITTEN, *OTHERS, "nested_at"} - {"created_at"}
    values = {name: after.c[name] for name in sorted(names)}
    return statement.values(values).returning(tasks.c.id).cte("updated")


def _batch(*, has_key: bool) -> Executable:
    used = used_key() if has_key else None
    is_new: Condition = true() if used is None else not_(exists(select(used.c.key)))
    asked, held = asked_of(is_new), held_by(is_new)
    wanted = wanted_of(asked, found_by(held))
    family = family_of(wanted, asked)
    taken, numbers = _numbers(held, wanted, family)
    after = _after(wanted, family, numbers)
    answer = _answer(after)
    may_write: Condition = exists(select(taken.c.revision))
    json: ColumnElement[Any] = select(answer.c.json).scalar_subquery()
    if used is not None:
        claimed = claim_key(numbers, answer)
        is_ours = exists(select(claimed.c.key))
        is_dry = bindparam("dry_run", type_=Boolean)
        may_write, json = and_(may_write, is_ours), case((or_(is_ours, is_dry), json))
    written = [_inserted(after, may_write), _updated(after, may_write)]
    written.append(_followed(wanted, family, numbers, may_write))
    written.append(along(family, numbers, may_write))
    touched = touched_by(wanted, after, numbers, may_write)
    counts = [_count(one) for one in (*written, touched)]
    outcomes = func.string_agg(cast(wanted.c.outcome, Text), word(","), type_=Text())
    columns = [
        outcomes.aggregate_order_by(wanted.c.number).label("outcomes"),
        json.label("json"),
        sum(counts[1:], counts[0]).label("written"),
        _seeds(wanted).label("seeds"),
    ]
    if used is not None:
        firsts = (used.c.fingerprint, used.c.answer)
        columns += [select(one).scalar_subquery().label(f"first_{one.name}") for one in firsts]
    return select(*columns).select_from(wanted)


BATCH = Statement(partial(_batch, has_key=False), BatchRow, is_repeatable=False)
BATCH_ONCE = Statement(partial(_batch, has_key=True), BatchRow)
