"""Readiness tells what is wrong with the database, and can be had cheaply."""

import socket

import pytest
from alembic import command
from fastapi.testclient import TestClient
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.database.migration_state import newest_migration
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.databases import (
    NOWHERE,
    administer,
    alembic_config,
    settings_for,
    url_of,
)
from backend.tests.support.problems import require_problem
from backend.tests.support.reasons import reasons
from backend.tests.support.recorder import Recorder, RecordingClient

pytestmark = pytest.mark.slow

TABLES = ("tasks", "task_lists", "idempotency_keys")


def below(url: URL, *statements: str) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def told(url: URL) -> str:
    """What a service that is not ready says of its database."""
    with TestClient(create_app(settings_for(url))) as client:
        problem = require_problem(client.get("/health/ready"), 503, "database_unavailable")
    return str(problem["detail"])


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78, 35)
def test_an_unmigrated_database_is_told_from_an_older_and_a_newer_one(fresh_database: URL) -> None:
    below(
        fresh_database,
        "UPDATE alembic_version SET version_num = 'of tomorrow'",
        "ALTER TABLE tasks RENAME description TO note",
    )
    newer = told(fresh_database)
    below(
        fresh_database,
        f"UPDATE alembic_version SET version_num = '{newest_migration()}'",
        "ALTER TABLE tasks RENAME note TO description",
    )
    command.downgrade(alembic_config(fresh_database), "-1")
    older = told(fresh_database)
    command.downgrade(alembic_config(fresh_database), "base")
    emptied = told(fresh_database)
    assert newer.endswith("at a newer one without columns that it needs.")
    assert older.endswith("at an older one.")
    assert all("newest migration" in detail for detail in (newer, older, emptied))


ADDITIONS = ("ALTER TABLE tasks ADD estimate bigint", "CREATE TABLE projects (id bigint)")


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78)
def test_an_old_process_stays_ready_while_a_newer_migration_has_only_added(
    fresh_database: URL, caplog: pytest.LogCaptureFixture
) -> None:
    below(fresh_database, *ADDITIONS, "UPDATE alembic_version SET version_num = '9999'")
    with TestClient(create_app(settings_for(fresh_database))) as client:
        assert client.get("/health/ready").json() == {"status": "ok"}
        assert client.post("/api/1/tasks", json={"title": "a"}).status_code == 201
        assert client.get("/health/ready").is_success
    assert reasons(caplog) == [
        "ready, but the database is at a newer migration than this process knows: replace it"
    ]


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78, 41)
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("DROP TABLE idempotency_keys", "without columns that it needs"),
        ("ALTER TABLE task_lists DROP COLUMN horizon", "without columns that it needs"),
        ("REVOKE INSERT ON tasks FROM tasks_runtime", "has not the rights"),
        ("REVOKE SELECT ON tasks FROM tasks_runtime", "has not the rights"),
        ("ALTER DATABASE {} SET default_transaction_read_only = on", "read-only"),
    ],
)
def test_a_newer_database_must_still_be_as_this_code_needs_it(
    fresh_database: URL, spoil: str, said: str
) -> None:
    changed = "UPDATE alembic_version SET version_num = '9999'"
    below(fresh_database, changed, spoil.format(f'"{fresh_database.database}"'))
    assert said in told(fresh_database)


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78, 35)
@pytest.mark.usefixtures("template")  # its login
def test_a_database_that_nobody_migrated_is_told_to_be_so(cluster: Cluster) -> None:
    cluster.create_database("never_migrated")
    try:
        assert told(url_of(cluster, "never_migrated")).endswith("newest migration of this service.")
        below(
            url_of(cluster, "never_migrated"),
            "CREATE TABLE alembic_version (version_num text)",
            "GRANT SELECT ON alembic_version TO PUBLIC",
        )
        assert told(url_of(cluster, "never_migrated")).endswith("it has none.")
    finally:
        administer(cluster, "DROP DATABASE never_migrated WITH (FORCE)")


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78)
@pytest.mark.parametrize(
    ("right", "table"),
    [
        *(("SELECT", table) for table in (*TABLES, "alembic_version")),
        *((right, table) for right in ("INSERT", "UPDATE", "DELETE") for table in TABLES),
    ],
)
def test_missing_rights_are_told(fresh_database: URL, right: str, table: str) -> None:
    below(fresh_database, f"REVOKE {right} ON {table} FROM tasks_runtime")
    assert "has not the rights" in told(fresh_database)


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78, 41)
def test_a_read_only_database_is_told(cluster: Cluster, fresh_database: URL) -> None:
    name = fresh_database.database
    administer(cluster, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    assert "read-only" in told(fresh_database)


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78)
def test_a_database_that_cannot_be_reached_is_told() -> None:
    assert told(NOWHERE) == "The database cannot be reached."


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78)
def test_a_database_that_says_nothing_is_told_at_the_time_for_readiness() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = NOWHERE.set(port=silent.getsockname()[1])
        with TestClient(create_app(settings_for(url, readiness_timeout=0.1))) as client:
            problem = require_problem(client.get("/health/ready"), 503, "timeout")
    assert problem["detail"] == "The database gave no answer in time."


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78)
def test_a_check_is_one_statement_and_a_success_of_late_saves_it(fresh_database: URL) -> None:
    for seconds, statements in ((0, 3), (3600, 1)):
        app = create_app(settings_for(fresh_database, readiness_cache=seconds))
        with TestClient(app) as client:
            recorder = Recorder(app.state.runtime.engine)
            for _ in range(3):
                assert client.get("/health/ready").is_success
            assert len(recorder.statements) == statements


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78)
def test_a_failure_is_not_remembered(cluster: Cluster, fresh_database: URL) -> None:
    below(fresh_database, "REVOKE INSERT ON tasks FROM tasks_runtime")
    with TestClient(create_app(settings_for(fresh_database, readiness_cache=3600))) as client:
        assert client.get("/health/ready").status_code == 503
        below(fresh_database, "GRANT INSERT ON tasks TO tasks_runtime")
        assert client.get("/health/ready").is_success


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(78)
def test_the_shared_client_is_ready(live: RecordingClient) -> None:
    assert live.get("/health/ready").json() == {"status": "ok"}
