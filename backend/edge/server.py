"""The server process: how it starts, and how it leaves."""

import asyncio
import logging
import math
import os
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import HANDLED_SIGNALS

from backend.config import Settings
from backend.edge.listening import BACKLOG
from backend.edge.protocol import protocol_for
from backend.observability.open_files import can_open

TICKS_PER_CHECK = 10
"""A tick is a tenth of a second."""

_log = logging.getLogger("backend.serve")


class Service(uvicorn.Server):
    """On SIGTERM: not ready first, then closed to new connections, then done."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        on_exit: Callable[[], None],
        parent: int | None = None,
        on_closed: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_exit` is called once, when the first signal to leave comes; `on_closed` when no more
        connections are taken: what would go on for ever is to end.

        `parent` is the process without which this one leaves, too.
        """
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            backlog=BACKLOG,
            http=protocol_for(settings),
            ws="none",
            lifespan="on",
            log_config=None,  # the application has configured it
            access_log=False,  # it writes its own
            server_header=False,
            proxy_headers=False,  # edge/forwarded.py
            timeout_keep_alive=settings.keep_alive,
        )
        super().__init__(config)
        self._settings = settings
        self._on_exit = on_exit
        self._leave_at = math.inf
        self._parent = parent
        self._on_closed = on_closed

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to leave. uvicorn would raise the signal again at the end: exit status -15."""
        for handled in HANDLED_SIGNALS:
            signal.signal(handled, signal.SIG_DFL)  # a second one ends the process at once
        self._on_exit()
        delay = self._settings.shutdown_delay if sig == signal.SIGTERM else 0
        self._leave_at = time.monotonic() + delay

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_PER_CHECK == 0:
            can_open()
            self._leave_if_orphaned()
        self.should_exit = self.should_exit or time.monotonic() >= self._leave_at
        return await super().on_tick(counter)

    def _leave_if_orphaned(self) -> None:
        """A worker whose parent was killed would never be ended."""
        is_orphan = self._parent is not None and os.getppid() != self._parent
        if is_orphan and self._leave_at == math.inf:
            self.handle_exit(signal.SIGINT, None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on the sockets; uvicorn says where only if it has made them itself."""
        await super().startup(sockets)
        for one in sockets or ():
            host, port, *_ = one.getsockname()
            _log.info("listening on %s port %d", host, port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.call_later(self._settings.shutdown_grace, self._abandon)
        self._on_closed()
        await super().shutdown(sockets)
        deadline.cancel()

    def _abandon(self) -> None:
        """End with requests under way: cancelling them could wait for the database again."""
        _log.error("ended with %d requests under way", len(self.server_state.tasks))
        os._exit(1)
