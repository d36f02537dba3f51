"""`python -m backend.serve`: the service in production, in `make run` and in the tests."""

import gc

if __name__ == "__main__":
    gc.disable()  # what is loaded now lives as long as the process; `run` enables it again

import os
import signal
import socket
import sys

from backend.config import get_settings
from backend.edge.listening import listen
from backend.edge.server import Service
from backend.edge.workers import Workers
from backend.main import app
from backend.observability.cells import CELLS


def run(sockets: list[socket.socket] | None = None) -> None:
    """Serve until a signal comes; status 0, or 1 with requests left after SHUTDOWN_GRACE.

    On the given sockets, or on those of the settings; raises ListenError.
    """
    settings = get_settings()
    listening = sockets or listen(settings.host, settings.port)
    CELLS.share(settings.web_concurrency)
    gc.freeze()  # what exists now is left out of collections: they then take a tenth of the time
    gc.enable()
    if settings.web_concurrency == 1:
        _serve(listening)
    else:
        parent = os.getpid()

        def serve(number: int) -> None:
            CELLS.take(number)
            _serve(listening, parent)

        workers = Workers(settings.web_concurrency, serve)
        sys.exit(workers.run())


def _serve(listening: list[socket.socket], parent: int | None = None) -> None:
    """In this process, as long as its parent lives if it has one."""
    drain, close = app.state.runtime.gates.drain, app.state.runtime.events.close
    service = Service(app, get_settings(), drain, parent, close)
    # uvicorn does so a moment later: in between, Ctrl-C would be an exception anywhere, and be lost
    # within a garbage collection.
    before = signal.signal(signal.SIGINT, service.handle_exit)
    service.run(listening)
    signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    run()
