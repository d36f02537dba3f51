"""Many operations of one owner in one statement (specs/007-many-at-once/batch.md).

Parameters: `owner`, `address`; an array for each of ASKED, named `op_<name>`, with a value for each
operation; `dry_run`; with a key `key` and `fingerprint`.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Executable,
    Integer,
    Select,
    Text,
    and_,
    any_,
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
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import task_lists, tasks
from backend.queries.batch_keys import claim_key, used_key
from backend.queries.lists import SEPARATOR
from backend.queries.ownership import Condition, owned, owner
from backend.queries.rendering import json_of, shown
from backend.queries.revisions import first_bump, following
from backend.queries.search import FOLDED
from backend.queries.statement import BatchRow, Statement
from backend.queries.tasks import CONTENT

NULLABLE = ("description", "due_date", "due_at", "order")
"""The columns of CONTENT where null is a value: `sets_<name>` tells whether it is written."""

WRITTEN = (*CONTENT, *FOLDED.values())
_OTHERS = ("completed_at", "revision", "created_at", "updated_at", "deleted_at")

ASKED: dict[str, Any] = {
    "number": BigInteger(),
    "kind": Text(),
    "task_id": BigInteger(),
    "expected": BigInteger(),
    **{f"new_{name}": Text() if name == "tags" else tasks.c[name].type for name in WRITTEN},
    **{f"sets_{name}": Boolean() for name in NULLABLE},
}
"""What is asked of each operation: `tags` as the text of an array, null for what is not written.

`kind` is `create`, `update`, `delete` or `restore`; `expected` the revision of the task if it must
have one.
"""


def _array(name: str) -> ColumnElement[Any]:
    kind = ARRAY(ASKED[name])
    return cast(bindparam(f"op_{name}", type_=kind), kind)


def _asked(is_new: Condition) -> CTE[Any]:
    """The arrays side by side, as rows."""
    columns = (func.unnest(_array(name), type_=kind).label(name) for name, kind in ASKED.items())
    return select(*columns).where(is_new).cte("asked")


def _held(is_new: Condition) -> CTE[Any]:
    """The owner's row, which no other write takes before this one is done."""
    rows = select(task_lists.c.revision, task_lists.c.changed_at)
    return rows.where(owned(task_lists), is_new).with_for_update(key_share=True).cte("held")


def _there(held: CTE[Any]) -> CTE[Any]:
    """The named tasks as they are now, whatever the snapshot has: locked after the owner's row."""
    named = tasks.c.id == any_(_array("task_id"))
    columns = (tasks.c[name] for name in ("id", *WRITTEN, *_OTHERS))
    rows = select(*columns).select_from(tasks.join(held, true())).where(owned(), named)
    return rows.with_for_update(key_share=True).cte("there")


def _new(name: str, asked: CTE[Any], there: CTE[Any]) -> ColumnElement[Any]:
    """What a column is to be."""
    sent, now = asked.c[f"new_{name}"], there.c[name]
    if name == "tags":
        sent = cast(sent, ARRAY(Text))
    if name in NULLABLE:
        return case((asked.c[f"sets_{name}"], sent), else_=now)
    return func.coalesce(sent, now, type_=tasks.c[name].type)


def _wanted(asked: CTE[Any], there: CTE[Any]) -> CTE[Any]:
    """For each operation what would be, whether that differs, and what is wrong with it."""
    kind, new = asked.c.kind, {name: _new(name, asked, there) for name in WRITTEN}
    is_missing = or_(
        there.c.id.is_(None), and_(kind != _word("restore"), there.c.deleted_at.is_not(None))
    )
    outcome = case(
        (kind == _word("create"), _number(0)),
        (is_missing, _number(404)),
        (asked.c.expected != there.c.revision, _number(412)),
        (and_(new["due_date"].is_not(None), new["due_at"].is_not(None)), _number(409)),
        else_=_number(0),
    )
    differs = case(
        (kind == _word("restore"), there.c.deleted_at.is_not(None)),
        (kind == _word("update"), or_(*(new[n].is_distinct_from(there.c[n]) for n in CONTENT))),
        else_=true(),
    )
    rows = select(
        *(asked.c.number, kind, asked.c.task_id, outcome.label("outcome")),
        differs.label("differs"),
        *(value.label(name) for name, value in new.items()),
        *(there.c[name].label(f"old_{name}") for name in _OTHERS),
    )
    joined = asked.outerjoin(there, there.c.id == asked.c.task_id)
    return rows.select_from(joined).cte("wanted")


def _word(text: str) -> ColumnElement[Any]:
    return literal_column(f"'{text}'", type_=Text())


def _number(number: int) -> ColumnElement[Any]:
    return literal_column(str(number), type_=Integer())


def _changes(wanted: CTE[Any]) -> ColumnElement[Any]:
    """How many tasks change."""
    return select(func.count()).select_from(wanted).where(wanted.c.differs).scalar_subquery()


def _numbers(held: CTE[Any], wanted: CTE[Any]) -> tuple[CTE[Any], CTE[Any]]:
    """The owner's row with its new numbers; and these, or those that a dry run would be given.

    No numbers where something failed, or nothing was asked.
    """
    is_right = and_(
        exists(select(wanted.c.number)),
        not_(exists(select(wanted.c.number).where(wanted.c.outcome != _number(0)))),
    )
    is_dry, by = bindparam("dry_run", type_=Boolean), _changes(wanted)
    taken = first_bump(and_(is_right, not_(is_dry), by > _number(0)), by)
    last = func.coalesce(select(held.c.revision).scalar_subquery(), _number(0))
    clock = func.greatest(select(held.c.changed_at).scalar_subquery(), func.now())
    planned: Select[Any] = select(
        following(last, by).label("revision"), clock.label("changed_at")
    ).where(is_right, or_(is_dry, by == _number(0)))
    return taken, union_all(select(taken), planned).cte("numbers")


def _after(wanted: CTE[Any], numbers: CTE[Any]) -> CTE[Any]:
    """Each task as it is to be, all columns; new ids in the order of the operations."""
    place = func.row_number().over(partition_by=wanted.c.differs, order_by=wanted.c.number)
    changed = numbers.c.revision - _changes(wanted) + place
    rows = select(wanted, changed.label("change"), numbers.c.changed_at)
    one = rows.select_from(wanted.join(numbers, true())).order_by(wanted.c.number).subquery("one")
    at = one.c.changed_at
    is_new = one.c.kind == _word("create")
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        "id": case((is_new, func.nextval(literal_column("'tasks_id_seq'"))), else_=one.c.task_id),
        **{name: one.c[name] for name in WRITTEN},
        "completed_at": case((one.c.completed, func.coalesce(one.c.old_completed_at, at))),
        "revision": case((one.c.differs, one.c.change), else_=one.c.old_revision),
        "created_at": func.coalesce(one.c.old_created_at, at),
        "updated_at": case((one.c.differs, at), else_=one.c.old_updated_at),
        "deleted_at": case((one.c.kind == _word("delete"), at), else_=null()),
    }
    columns = (value.label(name) for name, value in values.items())
    return select(one.c.number, one.c.kind, one.c.differs, *columns).cte("after")


def _answer(after: CTE[Any]) -> CTE[Any]:
    """One row: the tasks as JSON, each after the other, and none if there are no numbers."""
    task = select(*shown(after.c)).correlate(after).lateral("task")
    text = case((after.c.kind == _word("delete"), _word("")), else_=json_of(task))
    texts = func.string_agg(text, literal_column(f"chr({ord(SEPARATOR)})"), type_=Text())
    rows = select(texts.aggregate_order_by(after.c.number).label("json"))
    return rows.select_from(after.join(task, true())).cte("answer")


def _inserted(after: CTE[Any], may_write: Condition) -> CTE[Any]:
    names = ("id", *WRITTEN, *(name for name in _OTHERS if name != "deleted_at"))
    rows = select(owner().label("user_id"), *(after.c[name] for name in names))
    rows = rows.where(after.c.kind == _word("create"), may_write)
    statement = insert(tasks).from_select(["user_id", *names], rows)
    return statement.returning(tasks.c.id).cte("inserted")


def _updated(after: CTE[Any], may_write: Condition) -> CTE[Any]:
    is_meant = and_(after.c.kind != _word("create"), after.c.differs, may_write)
    statement = update(tasks).where(owned(), tasks.c.id == after.c.id, is_meant)
    values = {name: after.c[name] for name in (*WRITTEN, *_OTHERS) if name != "created_at"}
    return statement.values(values).returning(tasks.c.id).cte("updated")


def _batch(*, has_key: bool) -> Executable:
    used = used_key() if has_key else None
    is_new: Condition = true() if used is None else not_(exists(select(used.c.key)))
    asked, held = _asked(is_new), _held(is_new)
    wanted = _wanted(asked, _there(held))
    taken, numbers = _numbers(held, wanted)
    after = _after(wanted, numbers)
    answer = _answer(after)
    may_write: Condition = exists(select(taken.c.revision))
    json: ColumnElement[Any] = select(answer.c.json).scalar_subquery()
    if used is not None:
        claimed = claim_key(numbers, answer)
        is_ours = exists(select(claimed.c.key))
        is_dry = bindparam("dry_run", type_=Boolean)
        may_write, json = and_(may_write, is_ours), case((or_(is_ours, is_dry), json))
    written = [_inserted(after, may_write), _updated(after, may_write)]
    counts = [select(func.count()).select_from(one).scalar_subquery() for one in written]
    outcomes = func.string_agg(cast(wanted.c.outcome, Text), _word(","), type_=Text())
    columns = [
        outcomes.aggregate_order_by(wanted.c.number).label("outcomes"),
        json.label("json"),
        (counts[0] + counts[1]).label("written"),
    ]
    if used is not None:
        firsts = (used.c.fingerprint, used.c.answer)
        columns += [select(one).scalar_subquery().label(f"first_{one.name}") for one in firsts]
    return select(*columns).select_from(wanted)


BATCH = Statement(_batch(has_key=False), BatchRow, is_repeatable=False)
BATCH_ONCE = Statement(_batch(has_key=True), BatchRow)
