"""Operators' commands in bad weather: what was done is said, and the rest goes on."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO

import pytest
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.engine import URL

from backend.database.batches import fill_in_batches
from backend.queries.search import fold
from backend.tests.support.commands import command, execute, python
from backend.tests.support.server import environment
from backend.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

OLD = (
    "INSERT INTO tasks (user_id, title, description, completed, priority, tags, revision, "
    "created_at, updated_at, deleted_at) SELECT owner, 'Straße ' || n, 'ÉTÉ', false, 0, '{{}}', n, "
    "now(), now(), {deleted} FROM generate_series(1, {owners}) AS owner, "
    "generate_series(1, {tasks}) AS n"
)
LISTS = (
    "INSERT INTO task_lists (user_id, revision, changed_at) "
    "SELECT owner, 100000, now() FROM generate_series(1, {owners}) AS owner"
)
NUMBER = "SELECT user_id, count(*) FROM tasks GROUP BY user_id ORDER BY user_id"
UNFOLDED = "SELECT count(*) FROM tasks WHERE title_folded <> 'strasse ' || revision"
PURGE = ("backend.commands.purge", "--older-than", "30d", "--apply")
REFILL = ("backend.commands.refill_search",)
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
LOCK = "SELECT FROM tasks WHERE user_id = {} ORDER BY id LIMIT 1 FOR UPDATE"

Fill = Callable[..., URL]


@pytest.fixture
def filled(fresh_database: URL) -> Fill:
    """A database with old tasks of several owners, which the search does not know."""

    def fill(owners: int, tasks: int, deleted: str = "NULL") -> URL:
        execute(fresh_database, LISTS.format(owners=owners))
        execute(fresh_database, OLD.format(owners=owners, tasks=tasks, deleted=deleted))
        limit = f"ALTER DATABASE \"{fresh_database.database}\" SET lock_timeout = '200ms'"
        execute(fresh_database, limit)
        return fresh_database

    return fill


@contextmanager
def holding(url: URL, statement: str) -> Iterator[Connection]:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        connection.exec_driver_sql("SET lock_timeout = 0")
        connection.exec_driver_sql(statement)
        yield connection
        connection.rollback()


def started(
    url: URL, *module: str, flags: str = ""
) -> AbstractContextManager[subprocess.Popen[str]]:
    return python(*flags.split(), "-m", *module, env=environment(url))


def first_line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(71)
def test_the_purge_passes_over_a_locked_row_and_goes_on(filled: Fill) -> None:
    url = filled(owners=3, tasks=5, deleted="now() - interval '31 days'")
    with holding(url, LOCK.format(2)):
        done = command(*PURGE, url=url)
    assert done.returncode == 1
    *_, line = done.stderr.splitlines()
    assert line.startswith("Removed 10 tasks of 2 owners and 0 expired keys; owner 2 passed over")
    assert "lock timeout" in line
    assert "Traceback" not in done.stderr
    assert "nothing was changed" not in done.stderr
    assert execute(url, NUMBER) == [(2, 5)]
    assert command(*PURGE, url=url).returncode == 0


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(71)
def test_ctrl_c_ends_the_purge_with_what_it_has_removed(filled: Fill) -> None:
    url = filled(owners=3, tasks=1500, deleted="now() - interval '31 days'")
    execute(url, f"ALTER DATABASE \"{url.database}\" SET lock_timeout = '60s'")
    with holding(url, LOCK.format(2)) as other, started(url, *PURGE) as process:
        said = [first_line(process.stderr) for _ in range(2)]
        assert "1500 of 4500 tasks, owner 1" in said[1]
        wait_until(lambda: other.exec_driver_sql(WAITING).scalar_one())
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (130, "")
    [line] = errors.splitlines()
    assert line.startswith("Removed 1500 tasks of 1 owners and 0 expired keys; interrupted")


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(71)
@pytest.mark.parametrize("module", [PURGE, REFILL], ids=["purge", "refill"])
def test_a_wrong_name_of_the_database_is_one_line(fresh_database: URL, module: tuple[str]) -> None:
    done = command(*module, url=fresh_database.set(database="nowhere"))
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert 'database "nowhere" does not exist' in line


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(71)
@pytest.mark.parametrize("module", ["backend.commands.purge", "backend.commands.doctor"])
def test_ctrl_c_while_a_command_is_loaded_prints_nothing(module: str, fresh_database: URL) -> None:
    """The handler is there before anything is imported that takes time."""
    with started(fresh_database, module, flags="-X importtime") as process:
        for line in process.stderr or ():
            if "pydantic" in line:
                process.send_signal(signal.SIGINT)
                break
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (130, "")
    assert "Traceback" not in errors


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(61)
@pytest.mark.parametrize("year", ["1999-01-01", "2199-01-01"])
def test_the_databases_clock_decides_what_is_old(
    filled: Fill, year: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The clock of this machine, as Python sees it, is wrong by many years."""
    url = filled(owners=1, tasks=3, deleted="now() - n * interval '16 days'")
    folder = tmp_path_factory.mktemp("clock")
    (folder / "sitecustomize.py").write_text(
        f"import time\nfrom datetime import datetime, timezone\n"
        f"wrong = datetime.fromisoformat('{year}').replace(tzinfo=timezone.utc).timestamp()\n"
        "time.time = lambda: wrong\n"
        "import datetime as module\n"
        "class Wrong(datetime):\n"
        "    @classmethod\n"
        "    def now(cls, tz=None):\n"
        "        return cls.fromtimestamp(wrong, tz)\n"
        "    utcnow = today = now\n"
        "module.datetime = Wrong\n"
    )
    paths = os.pathsep.join([str(folder), environment(url)["PYTHONPATH"]])
    done = command(*PURGE, url=url, PYTHONPATH=paths)
    assert done.stdout.startswith("Removed 2 tasks of 1 owners"), done.stderr


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58, 59)
def test_the_refill_lets_the_search_find_everything_and_changes_nothing_else(
    filled: Fill,
) -> None:
    url = filled(owners=2, tasks=1100)
    execute(url, "DELETE FROM task_lists WHERE user_id = 2")  # an import by hand forgot it
    columns = "user_id, id, title, revision, updated_at"
    kept = execute(url, f"SELECT {columns} FROM tasks ORDER BY 1, 2")
    lists = execute(url, "SELECT * FROM task_lists ORDER BY 1")
    done = command(*REFILL, url=url)
    assert done.stdout == "Filled 2200 of 2200 tasks of 2 owners.\n", done.stderr
    assert "owner 1: 1000 of 1100 tasks read" in done.stderr
    assert execute(url, UNFOLDED) == [(0,)]
    assert execute(url, "SELECT DISTINCT description_folded FROM tasks") == [("été",)]
    assert execute(url, f"SELECT {columns} FROM tasks ORDER BY 1, 2") == kept
    assert execute(url, "SELECT * FROM task_lists ORDER BY 1") == lists
    again = command(*REFILL, "--from-owner", "2", url=url)
    assert again.stdout == "Filled 0 of 1100 tasks of 1 owners.\n"


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(59)
def test_an_interrupted_refill_says_where_to_go_on(filled: Fill) -> None:
    url = filled(owners=3, tasks=5)
    execute(url, f"ALTER DATABASE \"{url.database}\" SET lock_timeout = '60s'")
    with holding(url, LOCK.format(2)) as other, started(url, *REFILL) as process:
        assert "owner 1: 5 of 5" in first_line(process.stderr)
        wait_until(lambda: other.exec_driver_sql(WAITING).scalar_one())
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == "Filled 5 of 5 tasks of 1 owners; go on with --from-owner 2\n"
    assert command(*REFILL, "--from-owner", "2", url=url).returncode == 0
    assert execute(url, UNFOLDED) == [(0,)]


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(59)
def test_the_refill_passes_over_a_locked_list_and_goes_on(filled: Fill) -> None:
    url = filled(owners=3, tasks=5)
    with holding(url, LOCK.format(2)):
        done = command(*REFILL, url=url)
    assert done.returncode == 1
    assert "Filled 10 of 10 tasks of 3 owners; owner 2 passed over" in done.stderr
    assert execute(url, UNFOLDED) == [(5,)]


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(59)
def test_a_migration_fills_in_batches_and_leaves_what_others_change(filled: Fill) -> None:
    """Between two batches nothing is locked; what is right already is not written again."""
    url = filled(owners=2, tasks=250)
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    calls = 0

    def compute(title: str) -> tuple[str]:
        nonlocal calls
        calls += 1
        if calls == 150:  # its batch has been read: the service changes one of it, and of another
            execute(url, "UPDATE tasks SET title = 'New', title_folded = 'new', revision = 999 "
                         "WHERE user_id = 1 AND revision IN (120, 240)")  # fmt: skip
        return (fold(title),)

    with engine.connect() as connection:
        written = fill_in_batches(
            connection, sources=["title"], targets=["title_folded"], compute=compute, batch=100
        )
        assert written == 498
        again = fill_in_batches(
            connection, sources=["title"], targets=["title_folded"], compute=compute, batch=100
        )
        assert again == 0
    assert execute(url, f"{UNFOLDED} AND title <> 'New'") == [(0,)]
    assert execute(url, "SELECT count(*) FROM tasks WHERE title_folded = 'new'") == [(2,)]
