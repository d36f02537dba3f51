"""Answers that clients take slowly, or not at all."""

from asyncio import TimerHandle
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, NamedTuple, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from backend.config import Settings
from backend.observability.incidents import report_once

GRACE = 0.5
"""Seconds before the speed of a client is judged."""

Application = Callable[[Any, Any, Any], Awaitable[Any]]


class Connection(Protocol):
    """What is needed of a connection whose client reads slowly."""

    def unsent(self) -> int: ...

    def abort(self) -> None: ...


class _Wait(NamedTuple):
    """When a client fell behind (`time()` of the loop), and how many bytes it had to take then."""

    since: float
    size: int


class UnsentAnswers:
    """The bytes that clients have still to take, on all connections of the process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waits: dict[Connection, _Wait] = {}

    def add(self, connection: Connection, now: float) -> None:
        """Note that a client no longer keeps up; close the slowest if all of them hold too much."""
        self._waits[connection] = _Wait(now, connection.unsent())
        total = sum(one.unsent() for one in self._waits)
        while total > self._limit and len(self._waits) > 1:
            slowest = min(self._waits, key=lambda one: self._speed(one, now))
            total -= slowest.unsent()
            self.discard(slowest)
            report_once("overloaded: clients take MAX_UNSENT_BYTES too slowly; some are closed")
            slowest.abort()

    def discard(self, connection: Connection) -> None:
        """Forget a client that has caught up, or left."""
        self._waits.pop(connection, None)

    def _speed(self, connection: Connection, now: float) -> float:
        wait = self._waits[connection]
        spent = now - wait.since
        return (wait.size - connection.unsent()) / spent if spent > GRACE else float("inf")


class AnsweringProtocol(HttpToolsProtocol):
    """A client must take some of its answer within each CLIENT_TIMEOUT, or it is disconnected."""

    settings: ClassVar[Settings]
    unsent_answers: ClassVar[UnsentAnswers]
    _stall: TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        cancel(self._stall)
        self.unsent_answers.discard(self)

    def unsent(self) -> int:
        """Bytes of answers that the client has not taken."""
        return self.transport.get_write_buffer_size()

    def abort(self) -> None:
        """End the connection; what was to be written to it is gone."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Start no request while an earlier answer is still to be taken: memory would hold both."""
        super()._start_asgi_task(cycle, self._when_taken(app) if self.flow.write_paused else app)

    def _when_taken(self, app: Application) -> Application:
        async def run(scope: Any, receive: Any, send: Any) -> None:
            await self.flow.drain()
            await app(scope, receive, send)

        return run

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reading(self.unsent())
        self.unsent_answers.add(self, self.loop.time())

    def resume_writing(self) -> None:
        super().resume_writing()
        cancel(self._stall)
        self.unsent_answers.discard(self)

    def _expect_reading(self, left: int) -> None:
        timeout = self.settings.client_timeout
        self._stall = self.loop.call_later(timeout, self._check_reading, left)

    def _check_reading(self, before: int) -> None:
        """End a client that takes nothing of its answer; a slow one may be slow."""
        left = self.unsent()
        if left < before:
            self._expect_reading(left)
        else:
            self.abort()


def cancel(timer: TimerHandle | None) -> None:
    """Cancel the timer, if there is one."""
    if timer is not None:
        timer.cancel()
