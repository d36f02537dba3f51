"""`make run RELOAD=1`: the server in a process of its own, begun anew when the code changes."""

import os
import socket
from pathlib import Path

import uvicorn
from uvicorn.supervisors import ChangeReload

from backend.config import Settings
from backend.observability.logs import configure_logging

BACKEND = Path(__file__).parents[1]


def serve_with_reload(settings: Settings, sockets: list[socket.socket]) -> None:
    """Until a signal comes. The sockets stay: who connects meanwhile waits for the new process."""
    configure_logging(settings)
    config = uvicorn.Config(
        "backend.main:app", log_config=None, reload=True, reload_dirs=[str(BACKEND)]
    )
    ChangeReload(config, serve_again, sockets).run()


def serve_again(sockets: list[socket.socket] | None) -> None:
    """In a process of its own: migrate, if there is something new, and serve."""
    os.setpgid(0, 0)  # Ctrl-C in a terminal is for the parent, which then ends this one once
    from backend.dev.launcher import migrate  # noqa: PLC0415
    from backend.serve import run  # noqa: PLC0415  (reads the settings)

    migrate()
    run(sockets)
