"""The operations of a batch as rows, and what each comes to (specs/007-many-at-once/batch.md).

Parameters: `owner`; an array for each of ASKED, named `op_<name>`, with a value for each operation.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import task_lists, tasks
from backend.queries import repeating
from backend.queries.batch_nesting import Nest, number, word
from backend.queries.columns import CONTENT
from backend.queries.nesting import any_of
from backend.queries.ownership import Condition, owned, owned_too
from backend.queries.search import FOLDED

NULLABLE = (
    *("description", "due_date", "due_at", "order"),
    *("repeat", "repeat_zone", "parent_id"),
)
"""The columns of CONTENT where null is a value: `sets_<name>` tells whether it is written."""

WRITTEN = (*CONTENT, *FOLDED.values())
OTHERS = ("completed_at", "revision", "created_at", "updated_at", "deleted_at")
MISPLACED, UNSEEN, UNCOMPUTED = 2, 3, 1
"""Outcomes: no parent for this task; its sub-tasks, or what follows it, are to be asked again."""

KEPT = ("repeat_of", "repeat_wall", "nested_at")

ASKED: dict[str, Any] = {
    "number": BigInteger(),
    "kind": Text(),
    "task_id": BigInteger(),
    "expected": BigInteger(),
    **{f"new_{name}": Text() if name == "tags" else tasks.c[name].type for name in WRITTEN},
    **{f"sets_{name}": Boolean() for name in NULLABLE},
    "computed_for": BigInteger(),
    "has_next": Boolean(),
    **{f"next_{name}": tasks.c[name].type for name in repeating.COMPUTED},
}
"""What is asked of each operation: `tags` as the text of an array, null for what is not written.

`kind` is `create`, `update`, `delete` or `restore`; `expected` the revision of the task if it must
have one.
"""


def _array(name: str) -> ColumnElement[Any]:
    kind = ARRAY(ASKED[name])
    return cast(bindparam(f"op_{name}", type_=kind), kind)


def asked_of(is_new: Condition) -> CTE[Any]:
    """The arrays side by side, as rows."""
    columns = (func.unnest(_array(name), type_=kind).label(name) for name, kind in ASKED.items())
    return select(*columns).where(is_new).cte("asked")


def held_by(is_new: Condition) -> CTE[Any]:
    """The owner's row, which no other write takes before this one is done."""
    rows = select(task_lists.c.revision, task_lists.c.changed_at)
    return rows.where(owned(task_lists), is_new).with_for_update(key_share=True).cte("held")


def found_by(held: CTE[Any]) -> CTE[Any]:
    """The named tasks, and parents, as they are now, whatever the snapshot has.

    They are locked after the owner's row.
    """
    trashed = select(func.array_agg(tasks.c.parent_id)).where(
        owned_too(), tasks.c.id == any_(_array("task_id")), tasks.c.deleted_at.is_not(None)
    )
    named = or_(
        tasks.c.id == any_(_array("task_id")),
        tasks.c.id == any_(_array("new_parent_id")),
        tasks.c.id == any_of(trashed.scalar_subquery()),
    )
    columns = (tasks.c[name] for name in ("id", *WRITTEN, *OTHERS, *KEPT))
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


def wanted_of(asked: CTE[Any], there: CTE[Any]) -> CTE[Any]:
    """For each operation what would be, whether that differs, and what is wrong with it."""
    kind, new = asked.c.kind, {name: _new(name, asked, there) for name in WRITTEN}
    nest = Nest(asked, there, new["parent_id"])
    completes = and_(
        kind == word("update"),
        there.c.completed.is_(False),
        *(new["completed"], new["repeat"].is_not(None)),
    )
    is_followed = repeating.is_followed(asked.c.task_id)
    follows = and_(completes, asked.c.has_next, not_(is_followed))
    rows = select(
        *(asked.c.number, kind, asked.c.task_id),
        _outcome(asked, there, new, nest, completes).label("outcome"),
        _differs(kind, there, new, nest).label("differs"),
        func.coalesce(follows, false()).label("follows"),
        *(nest.nests.label("nests"), nest.falls.label("falls")),
        *(asked.c[f"next_{name}"] for name in repeating.COMPUTED),
        *(value.label(name) for name, value in {**new, "parent_id": nest.parent}.items()),
        *(there.c[name].label(f"old_{name}") for name in (*OTHERS, *KEPT)),
    )
    joined = asked.outerjoin(there, there.c.id == asked.c.task_id)
    return rows.select_from(joined).cte("wanted")


def _outcome(
    asked: CTE[Any],
    there: CTE[Any],
    new: Mapping[str, ColumnElement[Any]],
    nest: Nest,
    completes: Condition,
) -> ColumnElement[Any]:
    """0 for what is right."""
    is_known = asked.c.kind != word("create")
    is_missing = or_(
        there.c.id.is_(None), and_(asked.c.kind != word("restore"), there.c.deleted_at.is_not(None))
    )
    both_due = and_(new["due_date"].is_not(None), new["due_at"].is_not(None))
    is_uncomputed = asked.c.computed_for.is_distinct_from(there.c.revision)
    return case(
        (and_(is_known, is_missing), number(404)),
        (and_(is_known, asked.c.expected != there.c.revision), number(412)),
        (and_(is_known, both_due), number(409)),
        (nest.is_misplaced, number(MISPLACED)),
        (nest.is_unseen, number(UNSEEN)),
        (and_(completes, is_uncomputed), number(UNCOMPUTED)),
        else_=number(0),
    )


def _differs(
    kind: ColumnElement[Any], there: CTE[Any], new: Mapping[str, ColumnElement[Any]], nest: Nest
) -> ColumnElement[Any]:
    is_other = or_(nest.falls, *(new[name].is_distinct_from(there.c[name]) for name in CONTENT))
    return case(
        (kind == word("restore"), there.c.deleted_at.is_not(None)),
        (kind == word("update"), is_other),
        else_=true(),
    )
