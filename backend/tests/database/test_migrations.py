"""Alembic owns the schema: up, down, up again; nothing drifts and nothing is lost."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, inspect
from sqlalchemy.engine import URL

from backend.database.migration_lock import free_of_timeouts
from backend.database.migration_state import known_migrations
from backend.dev.postgres.cluster import Cluster
from backend.tests.support import commands
from backend.tests.support.databases import ROOT, administer, alembic_config, cloned
from backend.tests.support.server import environment
from backend.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

REVISIONS = [
    script.revision for script in ScriptDirectory(str(ROOT / "backend/alembic")).walk_revisions()
]

WAITED_LONG = (
    "SELECT count(*) FROM pg_locks "
    "WHERE NOT granted AND waitstart < clock_timestamp() - interval '150 ms'"
)


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[URL]:
    """A database without any table."""
    with cloned(cluster, "template1") as url:
        yield url


def tables(url: URL) -> set[str]:
    engine = create_engine(url, poolclass=NullPool)
    return set(inspect(engine).get_table_names())


def execute(url: URL, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


@pytest.mark.requirement("NFR-03")
def test_the_schema_goes_up_and_down_and_up_again(empty: URL) -> None:
    config = alembic_config(empty)
    command.upgrade(config, "head")
    assert {"tasks", "task_lists"} <= tables(empty)
    command.downgrade(config, "base")
    assert tables(empty) == {"alembic_version"}
    command.upgrade(config, "head")
    assert {"tasks", "task_lists"} <= tables(empty)


@pytest.mark.requirement("NFR-03")
def test_the_name_of_each_migration_begins_with_its_revision() -> None:
    """So the service knows the newest one without Alembic."""
    assert [*known_migrations()] == REVISIONS[::-1]


@pytest.mark.requirement("NFR-03")
def test_models_and_migrations_say_the_same(database: URL) -> None:
    command.check(alembic_config(database))


@pytest.mark.requirement("NFR-03")
@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_a_step_down_and_up_again_keeps_the_data(fresh_database: URL, revision: str) -> None:
    config = alembic_config(fresh_database)
    command.downgrade(config, revision)
    execute(fresh_database, "INSERT INTO task_lists VALUES (1, 1, now())")
    execute(
        fresh_database,
        "INSERT INTO tasks (user_id, title, completed, priority, tags, revision, created_at, "
        "updated_at) VALUES (1, 'kept', false, 0, '{a}', 1, now(), now())",
    )
    before = execute(fresh_database, "SELECT user_id, id, title, tags, created_at FROM tasks")
    command.downgrade(config, "-1")
    if "tasks" in tables(fresh_database):
        command.upgrade(config, "head")
        assert (
            execute(fresh_database, "SELECT user_id, id, title, tags, created_at FROM tasks")
            == before
        )
    else:
        assert revision == REVISIONS[-1]


@pytest.mark.requirement("NFR-03")
def test_every_key_and_index_leads_with_the_owner(database: URL) -> None:
    inspector = inspect(create_engine(database, poolclass=NullPool))
    for table in set(inspector.get_table_names()) - {"alembic_version"}:
        assert inspector.get_pk_constraint(table)["constrained_columns"][0] == "user_id"
        for index in inspector.get_indexes(table):
            assert index["column_names"][0] == "user_id", index["name"]


@pytest.mark.requirement("NFR-03", "NFR-08")
def test_a_migration_is_free_of_the_services_statement_timeout(
    cluster: Cluster, empty: URL
) -> None:
    """It waits for another one longer than a statement of the service may take."""
    administer(cluster, f"ALTER DATABASE \"{empty.database}\" SET statement_timeout = '100ms'")
    engine = create_engine(empty, poolclass=NullPool)
    with ThreadPoolExecutor(1) as pool, engine.connect() as other:
        other.exec_driver_sql("CREATE TABLE alembic_version (version_num text)")
        migrated = pool.submit(command.upgrade, alembic_config(empty), "head")
        wait_until(lambda: migrated.done() or other.exec_driver_sql(WAITED_LONG).scalar_one())
        other.rollback()
    assert migrated.exception() is None
    assert {"tasks", "task_lists"} <= tables(empty)


LIMITS = ("idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout")


@pytest.mark.requirement("NFR-03", "NFR-08")
def test_a_transaction_of_a_migration_has_one_limit_and_leaves_the_roles_as_they_were(
    cluster: Cluster, empty: URL, caplog: pytest.LogCaptureFixture
) -> None:
    def limits(connection: Connection) -> list[str]:
        return [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in LIMITS]

    for name in LIMITS:
        administer(cluster, f"ALTER DATABASE \"{empty.database}\" SET {name} = '9s'")
    engine = create_engine(empty, poolclass=NullPool)
    free_of_timeouts(engine)
    with engine.connect() as connection:
        with connection.begin():
            assert limits(connection) == ["0", "5s", "0"]
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        with caplog.at_level("INFO", "sqlalchemy.dialects.postgresql"):  # the server's warnings
            assert limits(alone) == ["9s"] * 3
        assert caplog.messages == []


@pytest.mark.requirement("NFR-03")
def test_alembic_runs_from_the_command_line(empty: URL) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=environment(empty),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {"tasks", "task_lists"} <= tables(empty)


@pytest.mark.requirement("NFR-03")
def test_alembic_prints_the_sql_without_a_database() -> None:
    nowhere = URL.create("postgresql", host="127.0.0.1", port=1, database="none")
    done = commands.command("alembic", "upgrade", "head", "--sql", url=nowhere)
    assert done.returncode == 0, done.stderr
    assert "CREATE TABLE tasks" in done.stdout


@pytest.mark.requirement("FR-09")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("title", "''"),
        ("title", "repeat('x', 201)"),
        ("description", "repeat('x', 10001)"),
        ("priority", "4"),
        ("completed_at", "now()"),
        ("tags", "array_fill('x'::text, ARRAY[21])"),
        ("id", "0"),
        ("user_id", "0"),
    ],
)
def test_the_database_itself_refuses_what_no_task_may_be(
    shared_database: URL, column: str, value: str
) -> None:
    values = {
        "user_id": "1",
        "id": "1",
        "title": "'x'",
        "completed": "false",
        "priority": "0",
        "tags": "'{}'",
        "revision": "1",
        "created_at": "now()",
        "updated_at": "now()",
        column: value,
    }
    statement = f"INSERT INTO tasks ({', '.join(values)}) VALUES ({', '.join(values.values())})"
    with pytest.raises(Exception, match=r"violates check constraint|value too long"):
        execute(shared_database, statement)
