"""What is compared: this service and its peers, one process each."""

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "bench" / "peers"
_BIN = ROOT / "bench" / ".venv" / "bin"
OPERATIONS = {"read": "read one", "list": "list of 50", "create": "create", "toggle": "toggle"}


@dataclass(frozen=True)
class Service:
    """How to start a service, and the target of ours against it for each operation."""

    name: str
    label: str
    command: tuple[str, ...]
    folder: Path = PEERS
    targets: tuple[float, ...] = ()

    def started_on(self, port: int) -> list[str]:
        return [word.format(port=port) for word in self.command]

    def target(self, operation: str) -> float | None:
        """The ratio that issue 12 sets as a target, if any."""
        named = dict(zip(OPERATIONS, self.targets, strict=False))
        return named.get(operation)


def _uvicorn(python: str, app: str, *more: str) -> tuple[str, ...]:
    return (python, "-m", "uvicorn", app, "--port", "{port}", "--no-access-log", *more)


def _peer(app: str) -> tuple[str, ...]:
    return _uvicorn(str(_BIN / "python"), f"{app}:app")


def _gunicorn(app: str) -> tuple[str, ...]:
    server = (str(_BIN / "gunicorn"), f"{app}:app", "--bind", "127.0.0.1:{port}")
    # Its heartbeat file on a disk can block the worker; its manual says to keep it in memory.
    return (*server, "--workers", "1", "--threads", "8", "--worker-tmp-dir", "/dev/shm")  # noqa: S108


_QUIET = ("env", "LOG_LEVEL=warning", "PORT={port}")  # like its peers: no line for each request
OURS = Service("ours", "this service", (*_QUIET, sys.executable, "-m", "backend.serve"), ROOT)


def in_processes(count: int) -> Service:
    """This service with several processes."""
    return replace(OURS, command=("env", f"WEB_CONCURRENCY={count}", *OURS.command))


USUAL = Service("usual", "FastAPI + SQLModel, usual", _peer("usual"), targets=(4.5, 5, 5, 6))
NINJA = Service(
    "ninja", "Django Ninja, 8 threads", _gunicorn("django_ninja"), targets=(2, 3, 1.3, 1.3)
)
FLASK = Service(
    "flask",
    "Flask + SQLAlchemy, 8 threads",
    _gunicorn("flask_sqlalchemy_app"),
    targets=(2, 3, 1.3, 1.3),
)
ASYNC = Service(
    "async", "async SQLModel + asyncpg", _peer("async_sqlmodel"), targets=(3, 3.5, 2.5, 3)
)
FLOOR = Service("floor", "bare psycopg2 (the floor)", _peer("floor"), targets=(1.1, 0.9, 1.1, 1.2))
FASTIFY = Service(
    "fastify",
    "Fastify + pg (Node)",
    ("node", "server.js", "{port}"),
    PEERS / "fastify",
    targets=(0.3, 0.6, 0.3, 0.35),
)
_BEFORE = os.environ.get("BEFORE")
BEFORE = [replace(OURS, name="before", label="this service before", folder=Path(_BEFORE or ""))]
"""Another checkout of this service, in the folder that is named."""

ALL = (OURS, USUAL, NINJA, FLASK, ASYNC, FLOOR, FASTIFY, *(BEFORE if _BEFORE else ()))
