"""The engine: bounded, verified before use, one round trip for one statement."""

import os
import time
from select import POLLERR, POLLHUP, POLLIN, poll
from typing import Any

from sqlalchemy import (
    Engine,
    create_engine,
    event,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from backend.database.cursors import GuardedConnection
from backend.database.guard import guard
from backend.database.waiting import DeadlineExceededError, install_wait_callback, run_in_thread

IDLE_BEFORE_PING = 30.0
"""Seconds after which an idle connection is asked: a half-open link looks alive to a poll."""

_LIBPQ_DEFAULTS = {
    "application_name": "tasks-api",
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

Sessions = sessionmaker[Session]


def _is_quiet(connection: Any) -> bool:
    """Nothing to read on an idle socket: neither a farewell of the server nor an end of file."""
    poller = poll()
    poller.register(connection.fileno(), POLLIN | POLLHUP | POLLERR)
    return not poller.poll(0)


def _verify(engine: Engine) -> None:
    """Replace a connection that was cut while idle, at the price of no bytes in the usual case."""

    @event.listens_for(engine, "checkin")
    def remember(connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: Any, proxy: Any) -> None:
        is_new = "idle_since" not in record.info
        idle = 0.0 if is_new else time.monotonic() - record.info["idle_since"]
        if idle < IDLE_BEFORE_PING and _is_quiet(connection):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if is_new:  # the pool would try once more, and then give up with an error of its own
                raise
            raise DisconnectionError("the connection was cut while idle") from error


def _connect_in_thread(engine: Engine) -> None:
    """libpq resolves host names in a blocking call, before it lets us wait for anything."""

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, arguments: Any, options: dict[str, Any]) -> Any:
        return run_in_thread(dialect.loaded_dbapi.connect, *arguments, **options)


def _keep_others_after_deadline(engine: Engine) -> None:
    """A statement that took too long says nothing about the other connections of the pool."""

    @event.listens_for(engine, "handle_error")
    def keep(context: Any) -> None:
        if isinstance(context.original_exception, DeadlineExceededError):
            context.invalidate_pool_on_disconnect = False


def make_engine(url: URL, pool_size: int) -> Engine:
    """The service's engine: AUTOCOMMIT, at most `pool_size` connections, guarded.

    No startup options and no session state, so that pooled endpoints (Neon, PgBouncer) work.
    """
    # libpq sends it as a startup parameter that poolers know, unlike `options`. In another zone the
    # first and last instants of the calendar come back as years that Python does not have.
    os.environ["PGTZ"] = "UTC"
    defaults = {key: value for key, value in _LIBPQ_DEFAULTS.items() if key not in url.query}
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        use_native_hstore=False,
        pool_size=pool_size,
        max_overflow=1,  # for readiness, when all others are busy; a request never waits for one
        pool_timeout=1,
        hide_parameters=True,
        enable_from_linting=False,  # it takes the one row of a CTE for a cartesian product
        connect_args={**defaults, "connection_factory": GuardedConnection},
    )
    _connect_in_thread(engine)
    _verify(engine)
    _keep_others_after_deadline(engine)
    guard(engine)
    install_wait_callback()
    return engine


def make_sessions(engine: Engine) -> Sessions:
    """One session per request comes from here; it connects when it executes."""
    return sessionmaker(engine, class_=Session)
