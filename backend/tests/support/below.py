"""A look at the rows of all owners from below, past the guard."""

from typing import Any

from psycopg2.extensions import cursor
from sqlalchemy import Connection


class _Unguarded:
    """The driver's connection of a pool, with the driver's own cursors."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def cursor(self) -> Any:
        return cursor(self._connection.driver_connection)


def beneath(connection: Connection) -> Connection:
    """The same session of the database, and so the same transaction, past the guard."""
    unguarded: Any = _Unguarded(connection.connection)
    return Connection(connection.engine, unguarded, _has_events=False)


def rows(connection: Connection, owner: int | None = None) -> list[str]:
    """All rows of all tables as text, of one owner or of all."""
    where = "" if owner is None else f"WHERE user_id = {owner}"
    tables = ("task_lists", "tasks", "idempotency_keys")
    each = [f"SELECT {table}::text FROM {table} {where}" for table in tables]
    return [*connection.exec_driver_sql(f"{' UNION ALL '.join(each)} ORDER BY 1").scalars()]


def give_both_one_id(connection: Connection, one: int, other: int, task_id: int) -> None:
    """Let two owners each have a task of the same id, which the key allows."""
    for owner in (one, other):
        connection.exec_driver_sql(
            f"UPDATE tasks SET id = {task_id} WHERE user_id = {owner} "
            f"AND id = (SELECT max(id) FROM tasks WHERE user_id = {owner})"
        )
