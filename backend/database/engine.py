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
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from backend.database.cursors import GuardedConnection
from backend.database.faults import READ_ONLY, fault_of
from backend.database.guard import guard
from backend.database.outages import Connecting
from backend.database.waiting import (
    DeadlineExceededError,
    deadline_within,
    install_wait_callback,
    run_in_thread,
)
from backend.observability.incidents import keep_secret

VERIFY_AFTER = 1.0
VERIFY_TIMEOUT = 0.75
"""The defaults of both settings, in seconds."""

MIN_AGE = 1.0
"""Seconds that a connection to a read-only database is kept: else each write would make one."""

# Keepalives hold an idle connection open in the tables of a NAT, and find out when it is not.
# `tcp_user_timeout` (milliseconds) ends one in use whose packets vanish, early enough for a new one
# within the same request.
_LIBPQ_DEFAULTS = {
    "application_name": "tasks-api",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 2_000,
}

Sessions = sessionmaker[Session]


def _is_quiet(connection: Any) -> bool:
    """Nothing to read on an idle socket: neither a farewell of the server nor an end of file."""
    poller = poll()
    poller.register(connection.fileno(), POLLIN | POLLHUP | POLLERR)
    return not poller.poll(0)


def _verify(engine: Engine, after: float, timeout: float) -> None:
    """Replace a connection that was cut while idle, at the price of no bytes in the usual case.

    A link that was cut without a word looks alive: so one that was idle for `after` seconds is
    asked. Where there is no answer within `timeout`, whatever cut this one off cut off the others
    that are idle, too: they are replaced when their turn comes, and nobody waits for them.
    """

    @event.listens_for(engine, "checkin")
    def remember(connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: Any, proxy: Any) -> None:
        is_new = "idle_since" not in record.info
        idle = 0.0 if is_new else time.monotonic() - record.info["idle_since"]
        if idle < after and _is_quiet(connection):
            return
        try:
            with deadline_within(timeout):
                engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if is_new:  # the pool would try once more, and then give up with an error of its own
                raise
            if isinstance(error, DeadlineExceededError):
                raise InvalidatePoolError("the connection does not answer") from error
            raise DisconnectionError("the connection was cut while idle") from error


def _connect_in_thread(engine: Engine, connecting: Connecting) -> None:
    """libpq resolves host names in a blocking call, before it lets us wait for anything."""

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, arguments: Any, options: dict[str, Any]) -> Any:
        with connecting.attempt():
            return run_in_thread(dialect.loaded_dbapi.connect, *arguments, **options)

    @event.listens_for(engine, "connect")
    def remember(connection: Any, record: Any) -> None:
        record.info["made_at"] = time.monotonic()


def _discard(engine: Engine) -> None:
    """Close a connection that is of no more use, though the driver takes it for a good one.

    A statement that took too long says nothing about the other connections of the pool.
    """

    @event.listens_for(engine, "handle_error")
    def judge(context: Any) -> None:
        error = context.original_exception
        fault = fault_of(context.sqlalchemy_exception or error)
        if isinstance(error, DeadlineExceededError):
            context.invalidate_pool_on_disconnect = False
        elif fault is READ_ONLY:
            context.is_disconnect = _is_of_age(context.connection)
        elif fault is not None and fault.ends_connection:
            context.is_disconnect = True


def _is_of_age(connection: Any) -> bool:
    """Whether a new connection may lead elsewhere than this one."""
    made_at = float(connection.info.get("made_at", 0.0)) if connection is not None else 0.0
    return time.monotonic() - made_at >= MIN_AGE


def make_engine(
    url: URL,
    pool_size: int,
    *,
    verify_after: float = VERIFY_AFTER,
    verify_timeout: float = VERIFY_TIMEOUT,
    connecting: Connecting | None = None,
) -> Engine:
    """The service's engine: AUTOCOMMIT, at most `pool_size` connections, guarded.

    No startup options and no session state, so that pooled endpoints (Neon, PgBouncer) work.
    """
    # libpq sends it as a startup parameter that poolers know, unlike `options`. In another zone the
    # first and last instants of the calendar come back as years that Python does not have.
    os.environ["PGTZ"] = "UTC"
    keep_secret(url.password, url.query.get("sslpassword"))
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
    _connect_in_thread(engine, connecting or Connecting())
    _verify(engine, verify_after, verify_timeout)
    _discard(engine)
    guard(engine)
    install_wait_callback()
    return engine


def make_sessions(engine: Engine) -> Sessions:
    """One session per request comes from here; it connects when it executes."""
    return sessionmaker(engine, class_=Session)
