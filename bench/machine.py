"""The machine and the versions of a measurement."""

import json
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.database import Database
from bench.services import PEERS, ROOT

OF_THE_SERVICE = ("fastapi", "starlette", "uvicorn", "sqlmodel", "sqlalchemy", "psycopg2-binary")
OF_THE_PEERS = ("django", "django-ninja", "flask", "flask-sqlalchemy", "gunicorn", "asyncpg")
_MODEL = re.compile(r"^model name\s*: (.*)$", re.MULTILINE)
_PEER_VERSIONS = (
    "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
)


def _said_by(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def machine() -> dict[str, str]:
    """Describe the machine; the load average says how busy it was before the start."""
    model = _MODEL.search(Path("/proc/cpuinfo").read_text())
    return {
        "processor": model[1] if model else platform.machine(),
        "cores": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }


def versions(database: Database) -> dict[str, str]:
    python = str(ROOT / "bench" / ".venv" / "bin" / "python")
    peers = _said_by(python, "-c", _PEER_VERSIONS, *OF_THE_PEERS, "uvloop", "httptools").split()
    node = json.loads((PEERS / "fastify" / "package.json").read_text())["dependencies"]
    return {
        "commit": _said_by("git", "describe", "--always", "--dirty").strip(),
        "Python": platform.python_version(),
        "PostgreSQL": database.execute("SHOW server_version"),
        **{name: version(name) for name in OF_THE_SERVICE},
        **dict(zip((*OF_THE_PEERS, "uvloop", "httptools"), peers, strict=True)),
        "node": _said_by("node", "--version").strip(),
        **node,
    }
