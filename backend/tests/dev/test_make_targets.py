"""`make sql`, `make reset`, `RELOAD=1` and what `make run` says, without make."""

import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psycopg2
import pytest

from backend.dev import progress
from backend.dev.port import holder_of
from backend.dev.postgres.cluster import Cluster
from backend.dev.reset import CONFIGURED, IN_USE, UNATTENDED
from backend.tests.dev.test_launcher import NO_DATABASE, launched
from backend.tests.support import forks
from backend.tests.support.clusters import folder
from backend.tests.support.databases import ROOT
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-69")]

PIP = [
    "Collecting fastapi==0.165.0 (from -r requirements.lock (line 9))\n",
    "  Downloading fastapi-0.165.0-py3-none-any.whl (1 kB)\n",
    "Collecting psycopg2-binary==2.9.13\n",
    "Installing collected packages: fastapi, psycopg2-binary\n",
]


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder for an embedded database, whose name has a space."""
    with folder() as path:
        yield path / "with a space"


def run(module: str, base: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Status, output and errors of a command of development, without a terminal."""
    given = {**NO_DATABASE, "PYTHONPATH": str(ROOT), "DEV_POSTGRES_DIR": str(base), **settings}
    env = {**os.environ, "CONFIRM": "", **given}
    done = forks.run(f"backend.dev.{module}", *arguments, env=env)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def test_sql_is_psql_on_the_embedded_database_and_reset_removes_it(base: Path) -> None:
    status, output, _ = run("reset", base)
    assert (status, output) == (0, f"There is no database in {base.resolve()}.")
    create = "CREATE TABLE seen AS SELECT 42 AS answer"
    assert run("sql", base, "--quiet", "--command", create) == (0, "", "")
    answer = "--no-align", "--tuples-only", "--command", "SELECT answer FROM seen"
    assert run("sql", base, *answer) == (0, "42", "")
    assert run("reset", base) == (1, "", UNATTENDED)
    assert run("reset", base, CONFIRM="yes", DATABASE_URL="postgresql:///x") == (1, "", CONFIGURED)
    with Cluster(base) as cluster, closing(psycopg2.connect(cluster.url("tasks"))):
        assert run("reset", base, CONFIRM="yes") == (1, "", IN_USE)
    status, output, errors = run("reset", base, CONFIRM="yes")
    assert (status, errors) == (0, "")
    assert output.startswith("All tasks are removed.")
    status, _, errors = run("sql", base, *answer)
    assert status == 1
    assert "does not exist" in errors


def test_with_reload_a_change_of_the_code_begins_the_server_anew_and_ctrl_c_ends_it(
    base: Path, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "backend", tmp_path / "backend", ignore=shutil.ignore_patterns("tests"))
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    with launched(base, RELOAD="1", PYTHONPATH=str(tmp_path)) as (process, docs):
        document = docs.replace("/docs", "/openapi.json")

        def title() -> object:
            """Who asks while the server begins anew waits for it, but the old one answers nobody
            any more.
            """
            try:
                return httpx.get(document, timeout=60).json()["info"]["title"]
            except httpx.TransportError:
                return None

        assert title() == "Tasks"
        app = tmp_path / "backend/app.py"
        app.write_text(app.read_text().replace('title="Tasks"', 'title="Changed"'))
        wait_until(lambda: title() == "Changed", seconds=60)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Traceback" not in errors


def test_a_port_is_told_with_the_process_that_has_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = holder_of(taken.getsockname()[1])
        port = taken.getsockname()[1]
    assert told.startswith(f"process {os.getpid()} (")
    assert holder_of(port) == "another program"  # it has just ended


@pytest.mark.parametrize("is_terminal", [True, False])
def test_an_installation_says_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool
) -> None:
    monkeypatch.setattr(progress, "STEP", 2)
    assert progress.follow(PIP, 40, is_terminal=is_terminal) == 2
    told = capsys.readouterr().out
    assert "2 of 40 packages, 0 s: psycopg2-binary" in told
    assert "2 packages are here after 0 s; unpacking" in told
    assert ("1 of 40" in told) is is_terminal
    assert ("\r" in told) is is_terminal


def test_an_installation_ends_with_the_status_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    for status in (0, 3):
        command = [sys.executable, "-c", f"raise SystemExit({status})"]
        monkeypatch.setattr(sys, "argv", ["progress.py", "1", *command])
        assert progress.main() == status
