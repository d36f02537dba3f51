"""Refuses, in tests and in production, a statement that could reach another owner's rows."""

from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

from sqlalchemy import (
    Alias,
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    Column,
    ColumnElement,
    Delete,
    Engine,
    Executable,
    FromClause,
    Join,
    Select,
    Table,
    TextClause,
    Update,
    event,
)
from sqlalchemy.sql.operators import and_, eq
from sqlalchemy.sql.selectable import AliasedReturnsRows

from backend.models.task import idempotency_keys, task_lists, tasks
from backend.queries.ownership import ACROSS_OWNERS

_OWNED = {tasks.name, task_lists.name, idempotency_keys.name}


class OwnerMissingError(RuntimeError):
    """A statement on owned rows without a top-level `user_id = <bound value>`: a defect of ours."""


def _conditions(clause: ColumnElement[Any]) -> Iterator[ColumnElement[Any]]:
    """The parts that must all hold: those joined by AND at the top."""
    if isinstance(clause, BooleanClauseList) and clause.operator is and_:
        for part in clause.clauses:
            yield from _conditions(part)
    else:
        yield clause


def _owner_tables(criteria: tuple[ColumnElement[Any], ...]) -> set[str]:
    """Names of the tables whose `user_id` is compared with a bound value."""
    return {
        part.left.table.name
        for clause in criteria
        for part in _conditions(clause)
        if isinstance(part, BinaryExpression)
        and part.operator is eq
        and isinstance(part.left, Column)
        and part.left.name == "user_id"
        and isinstance(part.right, BindParameter)
    }


def _read(source: FromClause) -> Iterator[str]:
    """Names, in the statement, of the owned tables that a FROM entry reads directly."""
    if isinstance(source, Join):
        yield from _read(source.left)
        yield from _read(source.right)
    table = source.element if isinstance(source, Alias) else source
    if isinstance(table, Table) and table.name in _OWNED and isinstance(source, Table | Alias):
        yield source.name


def _is_scoped(element: object) -> bool:
    if isinstance(element, TextClause):
        return not any(name in element.text for name in _OWNED)
    if isinstance(element, Select):
        sources = element.get_final_froms()
    elif isinstance(element, Update | Delete):
        sources = [element.table]
    else:
        return True
    read = {name for source in sources for name in _read(source)}
    return read <= _owner_tables(element._where_criteria)  # noqa: SLF001


def _parts(statement: Executable) -> Iterator[object]:
    """Everything within a statement, also behind the columns of a CTE, where a visitor stops."""
    parts: list[Any] = [statement]
    seen = set()
    while parts:
        part = parts.pop()
        if id(part) not in seen:
            seen.add(id(part))
            yield part
            parts.extend(part.get_children())
            if isinstance(getattr(part, "table", None), AliasedReturnsRows):
                parts.append(part.table)


def require_owner(statement: Executable) -> None:
    """Raise OwnerMissingError unless each SELECT, UPDATE and DELETE within names its owner."""
    if statement.get_execution_options().get(ACROSS_OWNERS):
        return
    if not all(map(_is_scoped, _parts(statement))):
        raise OwnerMissingError("a statement on tasks without its owner was refused")


def guard(engine: Engine) -> None:
    """Check every statement that the engine executes, each object once."""
    approved: WeakSet[Executable] = WeakSet()

    @event.listens_for(engine, "before_execute")
    def check(connection: Any, statement: Any, *_: Any) -> None:
        if statement not in approved:
            require_owner(statement)
            approved.add(statement)
