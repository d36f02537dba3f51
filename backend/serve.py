"""`python -m backend.serve`: the service in production, in `make run` and in the tests."""

import gc
import signal
import socket

from backend.config import get_settings
from backend.edge.listening import listen
from backend.edge.server import Service
from backend.main import app


def run(sockets: list[socket.socket] | None = None) -> None:
    """Serve until a signal comes; status 0, or 1 with requests left after SHUTDOWN_GRACE.

    On the given sockets, or on those of the settings; raises ListenError.
    """
    settings = get_settings()
    listening = sockets or listen(settings.host, settings.port)
    service = Service(app, settings, app.state.runtime.gates.drain)
    # uvicorn does so a moment later: in between, Ctrl-C would be an exception anywhere, and be lost
    # within a garbage collection.
    before = signal.signal(signal.SIGINT, service.handle_exit)
    gc.collect()
    gc.freeze()  # what exists now stays: looking for garbage in it takes a tenth of the time
    service.run(listening)
    signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    run()
