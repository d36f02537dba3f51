"""`make run`, without make: a database if none is configured, the migrations, the server."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import psycopg2
import pytest
from sqlalchemy.engine import URL

from backend.dev.postgres import binaries
from backend.dev.postgres.account import is_root, run
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.clusters import folder, processes
from backend.tests.support.commands import python
from backend.tests.support.databases import ROOT
from backend.tests.support.server import environment, free_port
from backend.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

NO_DATABASE = {"DATABASE_URL": "", "MIGRATION_DATABASE_URL": ""}


@contextmanager
def launched(base: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The launcher, and the address of the docs that it prints."""
    given = {"PYTHONPATH": str(ROOT), "PORT": str(free_port()), "DEV_POSTGRES_DIR": str(base)}
    env = {**os.environ, **NO_DATABASE, **given, **settings}
    with python("-m", "backend.dev.run", env=env) as process:
        assert process.stdout
        yield process, process.stdout.readline().strip()


def wait_for(url: str, process: subprocess.Popen[str]) -> httpx.Response:
    """The first answer of a server that is about to listen."""
    transport = httpx.HTTPTransport(retries=0)
    with httpx.Client(transport=transport) as client:
        while process.poll() is None:
            try:
                return client.get(url)
            except httpx.ConnectError:
                time.sleep(0.05)
    raise AssertionError("the server ended")


def limits(base: Path) -> dict[str, str]:
    """The timeouts of whoever uses the launcher's database (NFR-08)."""
    with closing(psycopg2.connect(Cluster(base).url("tasks"))) as connection:
        cursor = connection.cursor()
        names = ("lock_timeout", "statement_timeout")
        cursor.execute("SELECT name, setting || 'ms' FROM pg_settings WHERE name IN %s", (names,))
        return dict(cursor.fetchall())


@pytest.mark.requirement("NFR-07", "NFR-08", "FR-15")
def test_the_launcher_serves_and_ctrl_c_ends_everything_and_the_tasks_stay() -> None:
    with folder() as path:
        for number in (1, 2):
            with launched(path / "base") as (process, docs):
                assert re.fullmatch(r"http://127\.0\.0\.1:\d+/docs", docs)
                assert "swagger-ui" in wait_for(docs, process).text
                assert limits(path / "base") == {
                    "lock_timeout": "1000ms",
                    "statement_timeout": "3000ms",
                }
                tasks = docs.replace("/docs", "/api/1/tasks")
                assert httpx.post(tasks, json={"title": str(number)}).status_code == 201
                titles = [task["title"] for task in httpx.get(tasks).json()]
                assert titles == ["1", "2"][:number]
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=20)
            assert process.returncode == 0
            assert "Traceback" not in errors
            wait_until(lambda: not processes(path))


@pytest.mark.requirement("NFR-07")
def test_the_launcher_starts_no_database_where_one_is_configured(database: URL) -> None:
    with folder() as path:
        configured = environment(database)["DATABASE_URL"]
        with launched(path / "base", DATABASE_URL=configured) as (process, docs):
            assert wait_for(docs, process).is_success
            assert not (path / "base").exists()


@pytest.mark.requirement("NFR-07")
def test_the_launcher_says_in_one_line_that_the_database_is_away() -> None:
    nowhere = "postgresql://nobody:hunter2@127.0.0.1:1/none"
    with folder() as path, launched(path / "base", DATABASE_URL=nowhere) as (process, _):
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "The database cannot be reached" in errors
    assert "Traceback" not in errors
    assert "hunter2" not in errors


def test_programs_that_nobody_cannot_read_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when root has the environment in its home; for another user they run where they are."""
    package = binaries.bin_folder().parents[1]
    with folder() as path:
        hidden = path / "hidden"
        hidden.mkdir(mode=0o700)
        binaries._copy_programs(package, hidden / "site" / package.name)
        hidden.chmod(0o700)
        found = SimpleNamespace(submodule_search_locations=[str(hidden / "site" / package.name)])
        monkeypatch.setattr("importlib.util.find_spec", lambda _: found)
        monkeypatch.setattr(binaries, "SYSTEM_FOLDER", path / "system")
        programs = [binaries.bin_folder.__wrapped__() for _ in range(2)]
        assert programs[0] == programs[1]
        assert programs[0].is_relative_to(path / "system" if is_root() else hidden)
        assert run([programs[0] / "initdb", "--version"]) == 0
