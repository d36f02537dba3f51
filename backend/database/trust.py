"""Which connections of a pool are still of use."""

import math
import time
from select import POLLERR, POLLHUP, POLLIN, poll
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection, event
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError

from backend.database.faults import READ_ONLY, fault_of
from backend.database.waiting import DeadlineExceededError, deadline_within

MIN_AGE = 1.0
"""Seconds that a connection to a read-only database is kept: else each write would make one."""

TRUST, MADE_AT, IDLE_SINCE = "trust", "made_at", "idle_since"
"""What is kept in a connection's `info`; the times are of `time.monotonic()`."""


def _is_quiet(connection: Any) -> bool:
    """Nothing to read on an idle socket: neither a farewell of the server nor an end of file."""
    poller = poll()
    poller.register(connection.fileno(), POLLIN | POLLHUP | POLLERR)
    return not poller.poll(0)


class Trust:
    """Replaces a connection that was cut while idle, usually without sending a byte to find out.

    A link that was cut without a word looks alive: so one that was idle for `after` seconds is
    asked. Where there is no answer within `timeout`, whatever cut this one off cut off the others
    that are idle, too: they are replaced when their turn comes, and nobody waits for them.
    """

    def __init__(self, engine: Engine, after: float, timeout: float) -> None:
        self._dialect = engine.dialect
        self._after = after
        self._timeout = timeout
        self._distrusted_before = -math.inf
        event.listen(engine, "connect", self._begin)
        event.listen(engine, "checkin", self._remember)
        event.listen(engine, "checkout", self._verify)
        event.listen(engine, "handle_error", self._hear)

    def _begin(self, connection: Any, record: Any) -> None:
        record.info.update({TRUST: self, MADE_AT: time.monotonic()})

    def _remember(self, connection: Any, record: Any) -> None:
        record.info[IDLE_SINCE] = time.monotonic()

    def _verify(self, connection: Any, record: Any, proxy: Any) -> None:
        if record.info[MADE_AT] < self._distrusted_before:
            raise InvalidatePoolError("the connection is older than the last outage")
        is_new = IDLE_SINCE not in record.info
        idle = 0.0 if is_new else time.monotonic() - record.info[IDLE_SINCE]
        if idle < self._after and _is_quiet(connection):
            return
        try:
            with deadline_within(self._timeout):
                self._dialect.do_ping(connection)
        except self._dialect.loaded_dbapi.Error as error:
            if is_new:  # the pool would try once more, and then give up with an error of its own
                raise
            if isinstance(error, DeadlineExceededError):
                raise InvalidatePoolError("the connection does not answer") from error
            raise DisconnectionError("the connection was cut while idle") from error

    def is_lost(self, error: BaseException, info: dict[str, Any]) -> bool:
        """Whether the connection on which this happened is of no more use.

        Those from before a failure that concerns all of them are not trusted any more. A statement
        that took too long says nothing about the others.
        """
        fault = fault_of(error)
        if fault is None or not fault.ends_connection:
            return False
        if fault is READ_ONLY and not self._is_of_age(info):
            return False
        if fault.is_outage:
            self._distrusted_before = time.monotonic()
        return True

    def _is_of_age(self, info: dict[str, Any]) -> bool:
        """Whether a new connection may lead elsewhere than this one."""
        return time.monotonic() - float(info.get(MADE_AT, 0.0)) >= MIN_AGE

    def _hear(self, context: Any) -> None:
        """Of an error on SQLAlchemy's own way."""
        info = context.connection.info if context.connection is not None else {}
        if self.is_lost(context.sqlalchemy_exception or context.original_exception, info):
            context.is_disconnect = True
        if isinstance(context.original_exception, DeadlineExceededError):
            context.invalidate_pool_on_disconnect = False


def release(pooled: PoolProxiedConnection, error: BaseException) -> None:
    """Throw a connection away if the error on it leaves it of no more use."""
    trust: Trust = pooled.info[TRUST]
    if trust.is_lost(error, pooled.info):
        pooled.invalidate(error)
