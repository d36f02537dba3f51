"""A connection of the driver for one statement, and the transaction around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from psycopg2 import Error
from sqlalchemy import Connection, Engine, PoolProxiedConnection, QueuePool
from sqlmodel import Session

from backend.database.cursors import GuardedConnection
from backend.database.trust import release
from backend.database.waiting import run_in_thread
from backend.observability.metrics import POOL_IN_USE


@contextmanager
def connection_of(session: Session) -> Iterator[GuardedConnection]:
    """Where the session would execute, without SQLAlchemy's layers around a statement.

    They cost more than the statement (specs/decisions). On the service's engine each statement is
    a transaction; elsewhere the block is one.
    """
    bind = session.get_bind()
    if isinstance(bind, Connection):  # a test's, which rolls back in the end
        with bind.begin_nested():
            yield _driver(bind.connection)
        return
    pooled = _taken(bind)
    POOL_IN_USE.add(1)
    try:
        yield _driver(pooled)
    except Error as error:
        release(pooled, error)
        raise
    finally:
        POOL_IN_USE.add(-1)
        pooled.close()


def _driver(pooled: PoolProxiedConnection) -> GuardedConnection:
    connection: Any = pooled.driver_connection
    return cast("GuardedConnection", connection)


def _taken(engine: Engine) -> PoolProxiedConnection:
    """A connection of the pool. A new one is made in a thread.

    SQLAlchemy asks the first one about its server, and holds a lock against all others meanwhile.
    """
    pool = engine.pool
    is_new = isinstance(pool, QueuePool) and pool.checkedin() == 0
    return run_in_thread(engine.raw_connection) if is_new else engine.raw_connection()
