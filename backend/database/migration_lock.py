"""One migration at a time, and the timeouts that a migration has instead of the service's."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event, text

MIGRATION_LOCK = 7_260_354_671_228_015_161
"""Any number, the same for all who migrate this service's schema."""

MAX_LOCK_WAIT = "5s"
"""How long a migration waits for a table; the service's requests queue behind it meanwhile."""

SECONDS_BETWEEN = 0.1
"""How long one that waits for another migration is quiet."""

_OWN_TIMEOUTS = text(
    "SELECT set_config(name, CASE name WHEN 'lock_timeout' THEN :lock ELSE '0' END, true) "
    "FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', "
    "'idle_in_transaction_session_timeout', 'transaction_timeout')"
)
_log = logging.getLogger("backend.migrations")


def free_of_timeouts(engine: Engine) -> None:
    """Begin each transaction of the engine without the role's timeouts, but for MAX_LOCK_WAIT.

    They are set for the transaction alone, so that nothing stays in a pooler's connection.
    """

    @event.listens_for(engine, "begin")
    def lift(connection: Connection) -> None:
        connection.execute(_OWN_TIMEOUTS, {"lock": MAX_LOCK_WAIT})


@contextmanager
def one_at_a_time(engine: Engine) -> Iterator[None]:
    """Hold the lock of all who migrate this database, however long the other one takes.

    It is held by a transaction on a connection of its own: the migrations commit one by one, and
    a lock of a session would outlive us in a pooler. Who waits asks again and again: a statement
    that waits has a snapshot, for whose end a CREATE INDEX CONCURRENTLY of the other would wait.
    """
    take = text(f"SELECT pg_try_advisory_xact_lock({MIGRATION_LOCK})")
    with engine.connect() as connection, connection.begin():
        if not connection.execute(take).scalar_one():
            _log.warning("another migration is running on this database: waiting for its end")
            while not connection.execute(take).scalar_one():
                time.sleep(SECONDS_BETWEEN)
        yield
