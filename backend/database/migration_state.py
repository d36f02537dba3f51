"""Whether the database is as this code needs it."""

import time
from enum import Enum
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Row, and_, column, func, select, table

from backend.database.engine import Sessions
from backend.models.task import idempotency_keys, task_lists, tasks

MIGRATIONS = Path(__file__).parents[1] / "alembic"
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
_TABLES = (tasks.name, task_lists.name, idempotency_keys.name)


class State(Enum):
    """What a database that answers can be."""

    READY = "ready"
    UNMIGRATED = "unmigrated"
    OLDER = "older"
    NEWER = "newer"
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


@cache
def _migrations() -> ScriptDirectory:
    return ScriptDirectory(MIGRATIONS)


@cache
def newest_migration() -> str | None:
    """The revision that this code was written for."""
    return _migrations().get_current_head()


@cache
def _known_migrations() -> frozenset[str]:
    """Every revision that this code knows of."""
    return frozenset(script.revision for script in _migrations().walk_revisions())


def _judge(rows: list[Row[tuple[str, str, str, bool]]]) -> State:
    found = {row.version_num for row in rows}
    if not found:
        return State.UNMIGRATED
    if found != {newest_migration()}:
        return State.OLDER if found <= _known_migrations() else State.NEWER
    if rows[0].encoding != "UTF8":
        return State.NOT_UTF8
    if not rows[0].has_rights:
        return State.FORBIDDEN
    return State.READ_ONLY if rows[0].read_only == "on" else State.READY


def _state(connection: Connection) -> State:
    return _judge(list(connection.execute(_STATE)))


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
