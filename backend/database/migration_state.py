"""Whether the database is as this code needs it."""

import time
from enum import Enum
from functools import cache
from pathlib import Path

from psycopg2 import errors
from sqlalchemy import Connection, Row, and_, column, func, select, table
from sqlalchemy.exc import ProgrammingError

from backend.database.engine import Sessions
from backend.models.task import idempotency_keys, task_lists, tasks
from backend.queries.ownership import owned

MIGRATIONS = Path(__file__).parents[1] / "alembic" / "versions"
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
_TABLES = (tasks.name, task_lists.name, idempotency_keys.name)


class State(Enum):
    """What a database that answers can be."""

    READY = "ready"
    UNMIGRATED = "unmigrated"
    OLDER = "older"
    NEWER = "newer"
    AHEAD = "newer, with all that this code needs"
    FORBIDDEN = "forbidden"
    READ_ONLY = "read-only"
    NOT_UTF8 = "not UTF-8"


# Null where there is no such table: then it is older, or newer, and that is what is told.
_HAS_RIGHTS = and_(
    *(
        func.coalesce(func.has_table_privilege(func.to_regclass(name), right), True)
        for name in _TABLES
        for right in RIGHTS
    )
)
_STATE = select(
    column("version_num"),
    func.current_setting("transaction_read_only").label("read_only"),
    func.current_setting("server_encoding").label("encoding"),
    _HAS_RIGHTS.label("has_rights"),
).select_from(table("alembic_version"))

_NOBODY = 0
_COLUMNS = [select(one).where(owned(one)) for one in (tasks, task_lists, idempotency_keys)]
_MISSING = (errors.UndefinedColumn, errors.UndefinedTable)


@cache
def known_migrations() -> tuple[str, ...]:
    """Every revision that this code knows of, the newest last.

    Each begins the name of its file. To ask Alembic would be a fifth of the start of a process.
    """
    return tuple(sorted(file.name.partition("_")[0] for file in MIGRATIONS.glob("[0-9]*.py")))


def newest_migration() -> str:
    """The revision that this code was written for."""
    return known_migrations()[-1]


def _of_revision(found: set[str], connection: Connection) -> State:
    if found == {newest_migration()}:
        return State.READY
    if not found:
        return State.UNMIGRATED
    if found <= {*known_migrations()}:
        return State.OLDER
    return State.AHEAD if has_all_columns(connection) else State.NEWER


def _state(connection: Connection) -> State:
    rows: list[Row[tuple[str, str, str, bool]]] = list(connection.execute(_STATE))
    state = _of_revision({row.version_num for row in rows}, connection)
    if state not in (State.READY, State.AHEAD):
        return state
    if rows[0].encoding != "UTF8":
        return State.NOT_UTF8
    if not rows[0].has_rights:
        return State.FORBIDDEN
    return State.READ_ONLY if rows[0].read_only == "on" else state


def has_all_columns(connection: Connection) -> bool:
    """Whether a newer migration has left every column that this code knows."""
    try:
        for statement in _COLUMNS:
            connection.execute(statement, {"owner": _NOBODY})
    except ProgrammingError as error:
        if isinstance(error.orig, _MISSING):
            return False
        raise
    return True


def migration_state(sessions: Sessions) -> State:
    """What the database is; raises what the driver raises, for one without `alembic_version` too.

    A connection that says read-only is thrown away, and believed only if it was made just now: one
    from before a failover leads to the server that was the primary then, as long as it lives.
    """
    began = time.monotonic()
    while True:
        with sessions() as session:
            connection = session.connection()
            state = _state(connection)
            made_at = connection.info.get("made_at", began)
            if state is State.READ_ONLY:
                connection.invalidate()
        if state is not State.READ_ONLY or made_at >= began:
            return state
