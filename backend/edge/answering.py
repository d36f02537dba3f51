"""Answers that clients take slowly, or not at all."""

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, NamedTuple, Protocol

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from backend.config import Settings
from backend.observability.incidents import report_once

GRACE = 0.5
"""Seconds before it can be said how fast a client reads."""

Application = Callable[[Any, Any, Any], Awaitable[Any]]


class Connection(Protocol):
    """What is asked of a connection whose client reads slowly."""

    def unsent(self) -> int: ...

    def abort(self) -> None: ...


class _Wait(NamedTuple):
    """Since when (`time()` of the loop) a client has how many bytes to take."""

    since: float
    size: int


class UnsentAnswers:
    """The bytes that clients have still to take, on all connections of the process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waits: dict[Connection, _Wait] = {}

    def add(self, connection: Connection, now: float) -> None:
        """A client does not keep up from now on. If that is too much, the slowest are closed."""
        self._waits[connection] = _Wait(now, connection.unsent())
        total = sum(one.unsent() for one in self._waits)
        while total > self._limit and len(self._waits) > 1:
            slowest = min(self._waits, key=lambda one: self._speed(one, now))
            total -= slowest.unsent()
            self.discard(slowest)
            report_once("overloaded: clients take MAX_UNSENT_BYTES too slowly; some are closed")
            slowest.abort()

    def discard(self, connection: Connection) -> None:
        """The client has taken it, or has left."""
        self._waits.pop(connection, None)

    def _speed(self, connection: Connection, now: float) -> float:
        wait = self._waits[connection]
        spent = now - wait.since
        return (wait.size - connection.unsent()) / spent if spent > GRACE else float("inf")


class AnsweringProtocol(HttpToolsProtocol):
    """A client must take some of its answer in each CLIENT_TIMEOUT, and makes nobody else wait."""

    settings: ClassVar[Settings]
    unsent_answers: ClassVar[UnsentAnswers]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._stall: TimerHandle | None = None

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
        """Begin no request while an earlier answer waits: its own would wait beside it."""
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
    """Let it not happen, if it was to."""
    if timer is not None:
        timer.cancel()
