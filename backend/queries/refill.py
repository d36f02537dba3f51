"""The statements that fill the columns of the search again, one owner at a time, in batches.

What writes takes the owner's row first, as every write does, and changes neither that row nor the
task's revision: nothing that a client sees becomes another.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Case,
    Executable,
    Text,
    any_,
    bindparam,
    case,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import task_lists, tasks
from backend.queries.ownership import ACROSS_OWNERS, owned
from backend.queries.search import FOLDED
from backend.queries.statement import FoldedRow, KeyRow, OwnerCountRow, Statement

WIDTH = 100
"""Tasks that one statement writes at the most; it has a place for each, filled or not."""


def _next_owner() -> Executable:
    """The owner after another one, with the number of tasks, the trash included."""
    after = tasks.c.user_id > bindparam("after", type_=BigInteger)
    counts = select(tasks.c.user_id, func.count()).where(after).group_by(tasks.c.user_id)
    first = counts.order_by(tasks.c.user_id).limit(bindparam("owners", type_=BigInteger))
    return first.execution_options(**{ACROSS_OWNERS: True})


def _read() -> Executable:
    names = ("id", "revision", *FOLDED, *FOLDED.values())
    rows = select(*(tasks.c[name] for name in names))
    rows = rows.where(owned(), tasks.c.id > bindparam("after", type_=BigInteger))
    return rows.order_by(tasks.c.id).limit(bindparam("batch", type_=BigInteger))


def _by_id(name: str, kind: Any, otherwise: Any) -> Case[Any]:
    """The parameter `name_n` of the task whose id is the parameter `id_n`."""
    places = (
        (tasks.c.id == bindparam(f"id_{n}", type_=BigInteger), bindparam(f"{name}_{n}", type_=kind))
        for n in range(WIDTH)
    )
    return case(*places, else_=otherwise)


def _write() -> Executable:
    """A task that has changed since it was read, or that is gone, is left alone."""
    taken = update(task_lists).where(owned(task_lists)).values(horizon=task_lists.c.horizon)
    held = taken.returning(task_lists.c.user_id).cte("held")
    is_held = select(func.count()).select_from(held).scalar_subquery() <= 1
    is_named = tasks.c.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
    is_as_read = tasks.c.revision == _by_id("revision", BigInteger, tasks.c.revision)
    values = {name: _by_id(f"new_{name}", Text, tasks.c[name]) for name in FOLDED.values()}
    statement = update(tasks).where(owned(), is_held, is_named, is_as_read).values(**values)
    return statement.returning(tasks.c.id)


def parameters(rows: list[FoldedRow], fold: Callable[[str | None], str]) -> dict[str, Any]:
    """The parameters of WRITE for at most WIDTH rows."""
    named: dict[str, Any] = {"ids": [row.id for row in rows]}
    nobody = FoldedRow(0, 0, "", "", "", "")
    for n, row in enumerate([*rows, *[nobody] * (WIDTH - len(rows))]):
        new = {FOLDED[name]: fold(getattr(row, name)) for name in FOLDED}
        named |= {f"id_{n}": row.id, f"revision_{n}": row.revision}
        named |= {f"new_{name}_{n}": text for name, text in new.items()}
    return named


NEXT_OWNER = Statement(_next_owner, OwnerCountRow)
READ = Statement(_read, FoldedRow)
WRITE = Statement(_write, KeyRow)
