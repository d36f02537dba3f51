"""A connection for one statement, and the transaction around it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, QueuePool
from sqlmodel import Session

from backend.database.waiting import run_in_thread


@contextmanager
def transaction_of(session: Session) -> Iterator[Connection]:
    """Where the session would execute, without its unit of work, which costs more than a statement.

    On the service's engine each statement is a transaction; elsewhere the block is one. A new
    connection is made in a thread: SQLAlchemy asks the first one about its server, and holds a
    lock against all others meanwhile.
    """
    bind = session.get_bind()
    if isinstance(bind, Connection):  # a test's, which rolls back in the end
        with bind.begin_nested():
            yield bind
        return
    is_new = isinstance(bind.pool, QueuePool) and bind.pool.checkedin() == 0
    connect = run_in_thread(bind.connect) if is_new else bind.connect()
    with connect as connection, connection.begin():
        yield connection
