"""`python -m backend.serve`: the service in production, in `make run` and in the tests."""

import asyncio
import gc
import logging
import math
import os
import signal
import socket
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.server import HANDLED_SIGNALS

from backend.config import Settings, get_settings
from backend.http_protocol import GuardedProtocol
from backend.main import app

_log = logging.getLogger("backend.serve")


class Service(uvicorn.Server):
    """Leaves when it is told to: not ready first, then closed to new work, then done."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=GuardedProtocol,
            ws="none",
            lifespan="on",
            log_config=None,  # the application has configured it
            access_log=False,  # it writes its own
            server_header=False,
            timeout_keep_alive=settings.keep_alive,
        )
        super().__init__(config)
        self._app = app
        self._settings = settings
        self._leave_at = math.inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to leave. uvicorn would raise the signal again at the end: exit status -15."""
        for handled in HANDLED_SIGNALS:
            signal.signal(handled, signal.SIG_DFL)  # a second one ends the process at once
        self._app.state.draining = True
        delay = self._settings.shutdown_delay if sig == signal.SIGTERM else 0
        self._leave_at = time.monotonic() + delay

    async def on_tick(self, counter: int) -> bool:
        self.should_exit = self.should_exit or time.monotonic() >= self._leave_at
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.call_later(self._settings.shutdown_grace, self._cut_off)
        await super().shutdown(sockets)
        deadline.cancel()

    def _cut_off(self) -> None:
        """Leave the rest behind: to cancel it could wait for the database again."""
        _log.error("ended with %d requests under way", len(self.server_state.tasks))
        os._exit(1)


def run() -> None:
    """Serve until a signal comes; status 0, or 1 with requests left after SHUTDOWN_GRACE."""
    gc.collect()
    gc.freeze()  # what was made so far stays: to look for garbage in it takes a tenth of the time
    Service(app, get_settings()).run()


if __name__ == "__main__":
    run()
