"""Without downtime: the code of before the newest migration serves beside today's, on its schema.

That code comes from the history of this repository, so each new migration is tried against what
runs when it is applied (specs/decisions/0107).
"""

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import URL

from backend.tests.support.api import Api
from backend.tests.support.databases import ROOT
from backend.tests.support.server import Server, environment, free_port
from backend.tests.support.surfaces import Surface
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.requirement("NFR-56"), pytest.mark.untraced]


MAX_BACK = 10
"""Commits before the migration that are tried, the newest first."""


def git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else b""


def runs(folder: Path) -> bool:
    """Whether a server could start with this code: a commit on the way may not be whole."""
    environment = {"PYTHONPATH": str(folder), "DATABASE_URL": "postgresql:///none"}
    command = [sys.executable, "-c", "import backend.serve"]
    return subprocess.run(command, cwd="/", env=environment, check=False).returncode == 0


@pytest.fixture(scope="session")
def earlier_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it was before the newest migration came, in a folder of its own."""
    newest = max((ROOT / "backend/alembic/versions").glob("[0-9]*.py")).relative_to(ROOT)
    added = git("log", "--diff-filter=A", "--format=%H", "--", str(newest)).decode().split()
    start = f"{added[-1]}^" if added else "none"
    before = git("rev-list", "--first-parent", f"--max-count={MAX_BACK}", start)
    for commit in before.decode().split():
        folder = tmp_path_factory.mktemp("earlier")
        with tarfile.open(fileobj=io.BytesIO(git("archive", commit, "backend"))) as code:
            code.extractall(folder, filter="data")
        if runs(folder):
            assert not (folder / newest).exists()
            return folder
    pytest.skip(f"git does not know what was before {newest.name} (a shallow clone?)")


@pytest.fixture(scope="session")
def earlier_process(earlier_code: Path, committed_database: URL) -> Iterator[httpx.Client]:
    """A client of it, on the database that today's migrations have made."""
    port = free_port()
    settings = {"PYTHONPATH": str(earlier_code), "PORT": str(port), "LOG_LEVEL": "error"}
    process = subprocess.Popen(  # from nothing: a copy would have imported today's code
        [sys.executable, "-m", "backend.serve"],
        cwd="/",
        env=environment(committed_database, **settings),
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        wait_until(lambda: process.poll() is not None or answers(client), seconds=60)
        yield client
    process.terminate()
    process.wait(30)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health/live").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def both(earlier_process: httpx.Client, server: Server, surface: Surface) -> tuple[Api, Api]:
    """Clients of the earlier process and of today's, on one database."""
    return Api(earlier_process, surface), Api(server.client, surface)


def test_the_earlier_process_is_ready(earlier_process: httpx.Client) -> None:
    assert earlier_process.get("/health/ready").status_code == 200


def test_what_one_writes_the_other_reads_and_changes(both: tuple[Api, Api]) -> None:
    for writer, reader in (both, both[::-1]):
        task = writer.made(title="Buy milk", tags=["home"], due_date="2026-12-01")
        seen = reader.read(task["id"])
        assert same(seen.json(), task)
        assert reader.patch(task["id"], title="Buy bread").status_code == 200
        stale = {"If-Match": f'"{task["revision"]}"'}
        assert writer.patch(task["id"], title="x", headers=stale).status_code == 412
        assert writer.read(task["id"]).json()["title"] == "Buy bread"
        assert reader.toggle(task["id"]).json()["completed"] is True
        assert writer.delete(task["id"]).status_code == 204
        assert reader.read(task["id"]).status_code == 404
        assert reader.restore(task["id"]).status_code == 200
        assert [one["id"] for one in writer.list("q=BREAD").json()] == [task["id"]]
        assert reader.delete_all("tag=home").status_code == 204


def test_a_create_that_is_repeated_at_the_other_makes_one_task(both: tuple[Api, Api]) -> None:
    for writer, reader in (both, both[::-1]):
        headers = {"Idempotency-Key": f"k-{writer.client.base_url.port}"}
        answers = [one.create(headers, title="once") for one in (writer, reader)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[1].headers["idempotent-replayed"] == "true"
        assert answers[0].json()["id"] == answers[1].json()["id"]


def same(one: dict[str, object], other: dict[str, object]) -> bool:
    """Of what both know; `url` names the process that was asked."""
    return all(one[name] == other[name] for name in one.keys() & other.keys() - {"url"})


def test_a_list_is_the_same_at_both(both: tuple[Api, Api]) -> None:
    for title in "abc":
        both[0].made(title=title)
    pages: list[httpx.Response] = [one.list(sort="-title", limit=2) for one in both]
    assert [task["title"] for task in pages[0].json()] == ["c", "b"]
    assert all(map(same, *(page.json() for page in pages)))
