"""The engine: bounded, verified before use, one round trip for one statement."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlmodel import Session

from backend.database.cursors import GuardedConnection
from backend.database.guard import guard
from backend.database.outages import Connecting
from backend.database.prepared import PreparedStatements, Preparing
from backend.database.trust import Trust
from backend.database.waiting import install_wait_callback, run_in_thread
from backend.observability.incidents import keep_secret

VERIFY_AFTER = 1.0
VERIFY_TIMEOUT = 0.75
"""The defaults of both settings, in seconds."""

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

Sessions = Callable[[], Session]


def _connect_in_thread(engine: Engine, connecting: Connecting) -> None:
    """libpq resolves host names in a blocking call, before it lets us wait for anything."""

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, arguments: Any, options: dict[str, Any]) -> Any:
        with connecting.attempt():
            return run_in_thread(dialect.loaded_dbapi.connect, *arguments, **options)


def _prepare(engine: Engine, preparing: Preparing) -> None:
    @event.listens_for(engine, "connect")
    def begin(connection: GuardedConnection, record: Any) -> None:
        connection.prepared = PreparedStatements(preparing)


def make_engine(
    url: URL,
    pool_size: int,
    *,
    verify_after: float = VERIFY_AFTER,
    verify_timeout: float = VERIFY_TIMEOUT,
    connecting: Connecting | None = None,
    prepare: bool = True,
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
        pool_reset_on_return=None,  # nothing is left open: each statement is a transaction
        hide_parameters=True,
        enable_from_linting=False,  # it takes the one row of a CTE for a cartesian product
        connect_args={**defaults, "connection_factory": GuardedConnection},
    )
    _connect_in_thread(engine, connecting or Connecting())
    Trust(engine, verify_after, verify_timeout)
    _prepare(engine, Preparing(is_on=prepare))
    guard(engine)
    install_wait_callback()
    return engine


def make_sessions(engine: Engine) -> Sessions:
    """One session per request comes from here; it connects when it executes."""
    return partial(Session, engine)
