"""Refuses, in tests and in production, a statement that could reach another owner's rows.

What it does not understand it refuses: `clauses.py` lists what a statement may be made of,
`scopes.py` says where the owner must stand, and `cursors.py` stops text that is no statement.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Engine, Executable, event

from backend.database.assembly import assembled
from backend.database.clauses import RefusedStatementError, is_savepoint
from backend.database.compiled import Compiled, compiled
from backend.database.cursors import GuardedConnection, GuardedCursor
from backend.database.scopes import (
    OwnerMissingError,
    require_part,
    require_scoped,
    require_survey,
)
from backend.queries.ownership import ACROSS_OWNERS
from backend.queries.slots import Atom
from backend.queries.statement import Statement

__all__ = ["OwnerMissingError", "RefusedStatementError", "approved", "guard", "require_owner"]

_OPTIONS = {ACROSS_OWNERS, "isolation_level", "prebuffer_rows"}
"""Execution options that leave the SQL as it was approved (`schema_translate_map` does not)."""


def require_owner(statement: Executable) -> None:
    """Raise RefusedStatementError unless all of a statement is understood and about one owner."""
    if is_savepoint(statement):
        return
    if statement.get_execution_options().get(ACROSS_OWNERS):
        require_survey(statement)
    else:
        require_scoped(statement)


Key = TypeVar("Key")
Approved = WeakKeyDictionary[Key, Compiled]
_statements: Approved[Statement[Any]] = WeakKeyDictionary()
_skeletons: Approved[Any] = WeakKeyDictionary()
_atoms: Approved[Atom] = WeakKeyDictionary()


def approved(statement: Statement[Any]) -> Compiled:
    """The SQL of a statement that the guard has looked at, once; raises RefusedStatementError."""
    found = _statements.get(statement)
    if found is None:
        found = _compiled_once(_skeletons, statement.executable, require_owner)
        if statement.slots:
            found = assembled(found, statement.slots, _approved_atom)
        _statements[statement] = found
    return found


def _approved_atom(atom: Atom) -> Compiled:
    return _compiled_once(_atoms, atom, lambda atom: require_part(atom.expression))


def _compiled_once(known: Approved[Key], key: Key, require: Callable[[Key], None]) -> Compiled:
    found = known.get(key)
    if found is None:
        require(key)
        clause: Any = key.expression if isinstance(key, Atom) else key
        found = known[key] = compiled(clause)
    return found


def guard(engine: Engine) -> None:
    """Check every statement that the engine executes, each object once, and let no text pass.

    The engine's connections are to be of `GuardedConnection` (`connect_args`).
    """
    approved: WeakSet[Executable] = WeakSet()

    @event.listens_for(engine, "before_execute")
    def check(_: Any, statement: Any, sets: Any, values: Any, options: Any) -> None:
        if sets or "user_id" in values:
            # Every INSERT and UPDATE writes a parameter to the column of its name.
            raise RefusedStatementError("parameters that may write to another owner were refused")
        for option in options:
            if option not in _OPTIONS:
                raise RefusedStatementError("an execution option that is on no list was refused")
        if statement not in approved:
            require_owner(statement)
            approved.add(statement)

    @event.listens_for(engine, "before_cursor_execute")
    def approve(
        _: Any, cursor: GuardedCursor, sql: str, values: Any, context: Any, is_many: bool
    ) -> None:
        """Only SQL that a statement was compiled to: `check` has seen that."""
        if context is None or context.compiled is None or sql is not context.statement:
            raise RefusedStatementError("SQL without a statement was refused")
        cursor.approved = sql

    @event.listens_for(engine, "connect")
    def begin(connection: GuardedConnection, record: Any) -> None:
        """SQLAlchemy has asked the server for its version before."""
        connection.is_guarded = True
