"""Migrations on databases that are not made for them: done, or refused with what to do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command as alembic_command
from fastapi.testclient import TestClient
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.database.migration_lock import MIGRATION_LOCK
from backend.dev.postgres.cluster import Cluster, temporary_cluster
from backend.tests.support.commands import Done, command, database_with, execute, login
from backend.tests.support.databases import (
    LOGIN,
    administer,
    alembic_config,
    settings_for,
)
from backend.tests.support.other_postgres import C_OF_LIBC
from backend.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

UTF8 = "ENCODING 'UTF8'"
PRIVILEGES = "SELECT has_table_privilege('tasks_runtime', 'tasks', 'SELECT')"
ANOTHERS = (
    "CREATE TABLE alembic_version (version_num varchar(32)); "
    "INSERT INTO alembic_version VALUES ('f00dcafe')"
)


def upgrade(url: URL, *more: str) -> Done:
    return command("alembic", "upgrade", "head", *more, url=url)


def one_line(done: Done) -> str:
    """What a command that was refused says, which is one line, without a trace."""
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if " INFO " not in line]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[URL]:
    with database_with(cluster, UTF8) as url:
        yield url


@pytest.fixture(scope="module")
def other_cluster() -> Iterator[Cluster]:
    """A cluster in which no runtime role is made yet."""
    with temporary_cluster() as cluster:
        yield cluster


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_text_is_refused(cluster: Cluster, encoding: str) -> None:
    with database_with(cluster, f"ENCODING '{encoding}' {C_OF_LIBC}") as url:
        line = one_line(upgrade(url))
        assert f"the database is in {encoding}" in line
        assert "ENCODING 'UTF8'" in line
        assert execute(url, "SELECT to_regclass('tasks')") == [(None,)]


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("CREATE TABLE tasks (id int)", 'relation "tasks" already exists: it is not of these'),
        (ANOTHERS, "belongs to another application"),
        ("ALTER DATABASE {} SET default_transaction_read_only = on", "must lead to the primary"),
        ("ALTER DATABASE {} SET search_path = nowhere", "create the schema that"),
    ],
)
def test_what_stands_in_the_way_is_named_with_the_way_out(
    empty: URL, there: str, said: str
) -> None:
    execute(empty, there.format(f'"{empty.database}"'))
    assert said in one_line(upgrade(empty))


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
def test_a_database_that_is_away_or_missing_is_one_line(empty: URL) -> None:
    assert "nowhere" in one_line(upgrade(empty.set(database="nowhere")))
    away = URL.create("postgresql", "u", "hunter2%/@", "127.0.0.1", 1, "none")
    line = one_line(upgrade(away))
    assert line.startswith("The database cannot be reached")
    assert "hunter2" not in line


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
def test_a_migrator_who_does_not_own_the_tables_is_told_so(cluster: Cluster, empty: URL) -> None:
    alembic_command.upgrade(alembic_config(empty), "0002")
    with login(cluster) as name:
        execute(empty, f"GRANT SELECT, UPDATE ON alembic_version TO {name}")
        line = one_line(upgrade(empty.set(username=name)))
        execute(empty, f"REVOKE ALL ON alembic_version FROM {name}")
    assert "must be owner of table tasks" in line
    assert "MIGRATION_DATABASE_URL must be of the owner" in line


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
def test_the_grants_arrive_when_the_role_does(other_cluster: Cluster) -> None:
    """A migrator without CREATEROLE, and the role made by somebody else afterwards."""
    administer(other_cluster, "CREATE ROLE migrator LOGIN")
    with database_with(other_cluster, f"{UTF8} OWNER migrator") as url:
        mine = url.set(username="migrator")
        done = upgrade(mine)
        assert done.returncode == 0, done.stderr
        warning = [line for line in done.stderr.splitlines() if " WARNING " in line]
        assert len(warning) == 1
        assert "CREATE ROLE tasks_runtime NOLOGIN, then run `alembic upgrade head`" in warning[0]
        administer(other_cluster, "CREATE ROLE tasks_runtime NOLOGIN")
        assert execute(url, PRIVILEGES) == [(False,)]
        done = upgrade(mine)
        assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr
        assert execute(url, PRIVILEGES) == [(True,)]
        administer(other_cluster, f"CREATE ROLE {LOGIN} LOGIN IN ROLE tasks_runtime")
        with TestClient(create_app(settings_for(url))) as client:
            assert client.get("/health/ready").status_code == 200
            assert client.post("/api/1/tasks", json={"title": "x"}).status_code == 201


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
def test_grants_come_with_an_upgrade_to_the_head_and_with_nothing_else(
    fresh_database: URL,
) -> None:
    execute(fresh_database, "REVOKE ALL ON tasks FROM tasks_runtime")
    config = alembic_config(fresh_database)
    alembic_command.current(config)
    alembic_command.check(config)
    assert execute(fresh_database, PRIVILEGES) == [(False,)]
    for _ in range(2):
        alembic_command.upgrade(config, "head")
        assert execute(fresh_database, PRIVILEGES) == [(True,)]
    alembic_command.downgrade(config, "0001")
    assert execute(fresh_database, PRIVILEGES) == [(False,)]


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
def test_two_migrations_at_once_run_one_after_the_other(cluster: Cluster, empty: URL) -> None:
    """The second waits for the first, longer than for any other lock, and says so."""
    engine = create_engine(empty, poolclass=NullPool)
    with ThreadPoolExecutor() as both, engine.connect() as other:
        other.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        waiting = [both.submit(upgrade, empty) for _ in range(2)]
        held_up = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND starts_with(query, 'SELECT pg_try_advisory_xact_lock') "
            "AND xact_start < clock_timestamp() - interval '5.2 s'"
        )
        wait_until(lambda: execute(empty, held_up) == [(2,)], 60)
        other.rollback()
    for done in [upgrading.result() for upgrading in waiting]:
        assert done.returncode == 0, done.stderr
        assert "another migration is running on this database" in done.stderr
    assert execute(empty, "SELECT count(*) FROM alembic_version") == [(1,)]


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
def test_printed_sql_says_that_the_search_must_be_filled(empty: URL) -> None:
    done = upgrade(empty, "--sql")
    assert done.returncode == 0
    assert "-- SQL cannot fill the columns of the search" in done.stdout
    assert "backend.commands.refill_search" in done.stderr
    down = command("alembic", "downgrade", "head:base", "--sql", url=empty)
    assert (down.returncode, "refill" in down.stdout + down.stderr) == (0, False)


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(59)
def test_each_migration_commits_on_its_own(empty: URL) -> None:
    """What was done stays where a later one fails, and the next run goes on from there."""
    execute(empty, "CREATE TABLE idempotency_keys (id int)")
    assert 'relation "idempotency_keys" already exists' in one_line(upgrade(empty))
    assert execute(empty, "SELECT version_num FROM alembic_version") == [("0002",)]
    execute(empty, "DROP TABLE idempotency_keys")
    assert upgrade(empty).returncode == 0


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
def test_a_table_in_use_is_waited_for_and_then_named(fresh_database: URL) -> None:
    alembic_command.downgrade(alembic_config(fresh_database), "0002")
    with create_engine(fresh_database, poolclass=NullPool).connect() as other:
        other.exec_driver_sql("SELECT FROM tasks")
        line = one_line(upgrade(fresh_database))
        other.rollback()
    assert "another session uses the table" in line
