"""Tests of another repository run against the service by one plugin."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backend.tests.support.databases import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-63")]


LEFT_OUT = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "PGTZ", "PYTEST_")
WATCH = """
import os
BEFORE = dict(os.environ)

def pytest_unconfigure():
    print("changed:", sorted(set(os.environ.items()) ^ set(BEFORE.items())))
"""


def run_in(folder: Path) -> "subprocess.CompletedProcess[str]":
    """pytest in a folder that is not of this repository, without any setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis"],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_runs_outside_of_the_repository_and_leaves_nothing(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples/testing", tmp_path, dirs_exist_ok=True)
    with (tmp_path / "conftest.py").open("a") as conftest:
        conftest.write(WATCH)
    run = run_in(tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "5 passed" in run.stdout
    assert "changed: []" in run.stdout, "the environment is as it was"


def test_an_import_without_a_database_is_one_error_and_not_the_end_of_the_run(
    tmp_path: Path,
) -> None:
    (tmp_path / "test_import.py").write_text("from backend.main import app\n")
    (tmp_path / "test_other.py").write_text("def test_it_runs() -> None:\n    assert True\n")
    run = run_in(tmp_path)
    assert "SystemExit" not in run.stdout
    assert "DATABASE_URL is missing" in run.stdout
    assert "docs/testing.md" in run.stdout
    assert "1 error" in run.stdout
