"""Emptying the trash for good: shown first, bounded, owner by owner."""

import sys
from argparse import ArgumentTypeError
from collections.abc import Callable

import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.commands.purge import age, main
from backend.database.execution import OperatorSession
from backend.services.purge import Purge
from backend.tests.support.commands import Done, command
from backend.tests.support.databases import settings_for
from backend.tests.support.recorder import RecordingClient

pytestmark = pytest.mark.slow


def run(url: URL, *arguments: str) -> Done:
    """The command as an operator starts it."""
    return command("backend.commands.purge", *arguments, url=url)


@pytest.fixture
def purge(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """The same in this process, which saves its start."""

    def run_here(url: URL, *arguments: str) -> Done:
        monkeypatch.setattr("backend.commands.purge.get_settings", lambda: settings_for(url))
        monkeypatch.setattr(sys, "argv", ["purge", *arguments])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
            sys.stderr.write(str(end.code))
        return Done(arguments, status, *capsys.readouterr())

    return run_here


def execute(url: URL, statement: str) -> list[tuple[object, ...]]:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


@pytest.fixture
def trashed(live: RecordingClient, database: URL) -> URL:
    """Two owners with a task of each kind: live, in the trash since today, and for 31 days."""
    for owner in (1, 2):
        for title in ("live", "new", "old"):
            headers = {"Idempotency-Key": title}
            task = live.post(f"/api/{owner}/tasks", json={"title": title}, headers=headers).json()
            if title != "live":
                live.delete(f"/api/{owner}/tasks/{task['id']}")
    execute(
        database,
        "UPDATE tasks SET deleted_at = now() - interval '31 days' WHERE title = 'old'",
    )
    execute(database, "UPDATE idempotency_keys SET expires_at = now() WHERE key = 'new'")
    return database


TITLES = "SELECT user_id, title FROM tasks ORDER BY user_id, id"


@pytest.mark.requirement("FR-19")
def test_without_apply_the_purge_says_what_would_go_and_removes_nothing(
    trashed: URL, purge: Callable[..., Done]
) -> None:
    before = execute(trashed, "SELECT * FROM tasks, task_lists, idempotency_keys")
    done = purge(trashed, "--older-than", "30d")
    assert done.returncode == 0
    assert "Would remove 2 tasks of 2 owners and 2 expired keys." in done.stdout
    assert execute(trashed, "SELECT * FROM tasks, task_lists, idempotency_keys") == before


@pytest.mark.requirement("FR-19")
def test_the_purge_removes_old_trash_and_expired_keys_and_nothing_else(
    trashed: URL, purge: Callable[..., Done]
) -> None:
    done = run(trashed, "--older-than", "30d", "--apply")
    assert done.stdout == "Removed 2 tasks of 2 owners and 2 expired keys.\n"
    assert "2 of 2 tasks" in done.stderr
    kept = [(1, "live"), (1, "new"), (2, "live"), (2, "new")]
    assert execute(trashed, TITLES) == kept
    keys = execute(trashed, "SELECT user_id, key FROM idempotency_keys ORDER BY 1, 2")
    assert keys == [(1, "live"), (1, "old"), (2, "live"), (2, "old")]
    again = purge(trashed, "--older-than", "30d", "--apply")
    assert again.stdout == "Removed 0 tasks of 0 owners and 0 expired keys.\n"


@pytest.mark.requirement("FR-19", "FR-17")
def test_the_purge_moves_the_horizon_and_the_etag_of_the_lists(
    live: RecordingClient, trashed: URL, purge: Callable[..., Done]
) -> None:
    before = live.get("/api/1/tasks?deleted=true")
    revision = next(t["revision"] for t in before.json() if t["title"] == "old")
    assert execute(trashed, "SELECT DISTINCT horizon FROM task_lists") == [(0,)]
    purge(trashed, "--older-than", "30d", "--apply")
    after = live.get("/api/1/tasks?deleted=true")
    assert execute(trashed, "SELECT horizon FROM task_lists WHERE user_id = 1") == [(revision,)]
    assert [task["title"] for task in after.json()] == ["new"]
    assert after.headers["etag"] != before.headers["etag"]


@pytest.mark.requirement("FR-19")
def test_the_purge_works_in_bounded_batches(live: RecordingClient, database: URL) -> None:
    for number in range(5):
        live.post("/api/1/tasks", json={"title": str(number)})
    live.delete("/api/1/tasks")
    [(last,)] = execute(database, "SELECT revision FROM task_lists")
    with live.app.state.runtime.sessions() as session:
        newest = execute(database, "SELECT max(deleted_at) + interval '1 s' FROM tasks")[0][0]
        work = Purge(OperatorSession(session), newest)  # type: ignore[arg-type]
        work.batch = 2
        assert list(work.remove_tasks(1)) == [2, 2, 1]
    [(horizon, revision)] = execute(database, "SELECT horizon, revision FROM task_lists")
    assert horizon == last != revision


@pytest.mark.requirement("FR-19")
@pytest.mark.parametrize("text", ["", "30", "d", "0d", "-1d", "1.5d", "30 d", "999999d", "1y"])
def test_a_malformed_age_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="must be like 30d"):
        age(text)


@pytest.mark.requirement("FR-19")
def test_a_malformed_age_removes_nothing(trashed: URL, purge: Callable[..., Done]) -> None:
    before = execute(trashed, TITLES)
    done = purge(trashed, "--older-than=30", "--apply")
    assert done.returncode == 2
    assert "must be like 30d" in done.stderr
    assert execute(trashed, TITLES) == before


@pytest.mark.requirement("FR-19")
def test_a_lost_database_ends_the_purge_with_one_line(purge: Callable[..., Done]) -> None:
    nowhere = URL.create("postgresql", "u", "hunter2", "127.0.0.1", 1, "none")
    done = purge(nowhere, "--older-than", "30d")
    assert done.returncode == 1
    assert done.stderr.startswith("The purge ended: The database cannot be reached.")
    assert "Traceback" not in done.stderr
