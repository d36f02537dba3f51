"""The service's login reads and writes rows; whoever steals it can do no more than that."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from fastapi.testclient import TestClient
from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import connection as Login  # noqa: N812  (the driver's class)
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.engine import URL
from sqlmodel import SQLModel

from backend.app import create_app
from backend.dev.postgres.cluster import Cluster
from backend.tests.database.test_migrations import REVISIONS
from backend.tests.support.commands import command
from backend.tests.support.databases import LOGIN, as_service, cloned, rendered, settings_for
from backend.tests.support.recorder import RecordingClient

pytestmark = pytest.mark.slow

ROWS = {"SELECT", "INSERT", "UPDATE", "DELETE"}
GRANTED = (
    "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
    "WHERE grantee = 'tasks_runtime'"
)
FORBIDDEN = [
    *("DROP TABLE tasks", "TRUNCATE tasks", "ALTER TABLE tasks ADD x int", "DROP INDEX pk_tasks"),
    *("ALTER TABLE tasks DISABLE TRIGGER ALL", "ALTER TABLE tasks DROP CONSTRAINT pk_tasks"),
    *("ALTER TABLE tasks DISABLE ROW LEVEL SECURITY", "CREATE INDEX ON tasks (title)"),
    *("CREATE TABLE x ()", "CREATE SCHEMA x", "CREATE DATABASE x", "CREATE ROLE x"),
    "CREATE FUNCTION x() RETURNS int LANGUAGE sql RETURN 1",
    *("CREATE VIEW x AS SELECT 1", "ALTER TABLE tasks OWNER TO tasks_app"),
    *("ALTER ROLE tasks_app SUPERUSER", "ALTER ROLE tasks_app CREATEDB", "SET ROLE postgres"),
    *("SET SESSION AUTHORIZATION postgres", "GRANT pg_read_all_data TO tasks_app"),
    *("SET session_replication_role = replica", "ALTER SYSTEM SET fsync = off"),
    *("SELECT * FROM pg_authid", "SELECT * FROM pg_user_mapping", "SELECT pg_reload_conf()"),
    *("SELECT pg_read_file('PG_VERSION')", "SELECT lo_import('PG_VERSION')"),
    *("COPY tasks TO '/tmp/tasks'", "COPY tasks TO PROGRAM 'true'", "COPY tasks FROM '/dev/null'"),
    *("UPDATE alembic_version SET version_num = '0'", "DELETE FROM alembic_version"),
    *("SELECT setval('tasks_id_seq', 1)", "ALTER SEQUENCE tasks_id_seq RESTART"),
]


@pytest.fixture(scope="module")
def login(shared_database: URL) -> Iterator[Login]:
    """A session of the login, outside of any transaction."""
    dsn = rendered(as_service(shared_database).set(drivername="postgresql"))
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        yield connection


def ask(url: URL, statement: str) -> list[tuple[object, ...]]:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


@pytest.mark.requirement("FR-10")
def test_the_suite_serves_as_the_login(
    below: Connection, live: RecordingClient, committed_database: URL
) -> None:
    assert below.exec_driver_sql("SELECT current_user").scalar_one() == LOGIN
    engine = live.app.state.runtime.engine
    assert engine.url.username == LOGIN
    assert settings_for(committed_database).url.username == LOGIN


@pytest.mark.requirement("NFR-03", "FR-10")
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_login_may_not(login: Login, statement: str) -> None:
    with login.cursor() as cursor, pytest.raises(InsufficientPrivilege):
        cursor.execute(statement)


@pytest.mark.requirement("NFR-03", "FR-10")
def test_the_login_owns_nothing_and_is_nobody_special(
    login: Login,
) -> None:
    with login.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls, "
            "(SELECT count(*) FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o') "
            "FROM pg_roles AS r WHERE rolname IN ('tasks_app', 'tasks_runtime')"
        )
        assert cursor.fetchall() == [(False, 0)] * 2
        cursor.execute(
            "SELECT array_agg(roleid::regrole::text) FROM pg_auth_members "
            "WHERE member = 'tasks_app'::regrole OR member = 'tasks_runtime'::regrole"
        )
        assert cursor.fetchall() == [(["tasks_runtime"],)]


@pytest.mark.requirement("NFR-03", "FR-10")
def test_every_table_is_granted_row_by_row_and_the_migrations_to_read(shared_database: URL) -> None:
    """A migration that brings a table and forgets its grants fails here."""
    tables = {(table, right) for table in SQLModel.metadata.tables for right in ROWS}
    assert set(ask(shared_database, GRANTED)) == tables | {("alembic_version", "SELECT")}


@pytest.mark.requirement("NFR-03", "FR-10")
def test_the_sql_that_alembic_prints_is_the_script_with_the_grants(
    cluster: Cluster, shared_database: URL
) -> None:
    """For who reviews SQL and applies it by hand: the same grants, and the service works."""
    with cloned(cluster, "template1") as url:
        script = command("alembic", "upgrade", "head", "--sql", url=url)
        assert script.returncode == 0, script.stderr
        dsn = rendered(url.set(drivername="postgresql"))
        with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
            cursor.execute(script.stdout)
        assert set(ask(url, GRANTED)) == set(ask(shared_database, GRANTED))
        assert ask(url, "SELECT version_num FROM alembic_version") == [(REVISIONS[0],)]
        with TestClient(create_app(settings_for(url))) as client:
            assert client.get("/health/ready").status_code == 200
            key = {"Idempotency-Key": "k"}
            assert client.post("/api/1/tasks", json={"title": "x"}, headers=key).is_success
