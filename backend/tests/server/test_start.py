"""Processes that are started with a bad setting end with one line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.config import Settings
from backend.tests.support.databases import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

SECRET = "hunter2secret"

NAMES = {name.upper() for name in Settings.model_fields}

BAD = {"DATABASE_URL": f"postgresql://u:{SECRET}@localhost:port/d"}

STARTS: dict[str, tuple[dict[str, str], list[str]]] = {
    "import": ({}, ["-c", "import backend.main"]),
    "uvicorn": (BAD, ["-m", "uvicorn", "backend.main:app", "--port", "0"]),
    "serve": (BAD, ["-m", "backend.serve"]),
    "alembic": (BAD, ["-m", "alembic", "-c", str(ROOT / "alembic.ini"), "upgrade", "head"]),
}


@pytest.fixture
def starts(tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Each command with a missing or a bad setting, all at once, away from a developer's `.env`."""
    around = {key: value for key, value in os.environ.items() if key not in NAMES}
    started = {
        name: subprocess.Popen(
            [sys.executable, *command],
            cwd=tmp_path,
            env=around | {"PYTHONPATH": str(ROOT)} | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, (settings, command) in STARTS.items()
    }
    yield started
    for process in started.values():
        process.kill()
        process.communicate()


@pytest.mark.requirement("NFR-02")
@pytest.mark.threat(36)
def test_no_process_starts_with_a_bad_setting(starts: dict[str, subprocess.Popen[str]]) -> None:
    for name, process in starts.items():
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output) == (1, ""), name
        [line] = errors.splitlines()
        wrong = "must be like" if STARTS[name][0] else "is missing"
        assert line.startswith(f"Settings: DATABASE_URL {wrong}"), name
        assert SECRET not in line
