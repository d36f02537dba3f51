"""The doctor: each thing that can be wrong is a line with the way out, and a status."""

import json
import re

import pytest
from alembic import command as alembic_command
from sqlalchemy.engine import URL

from backend.database.migration_state import newest_migration
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.commands import Done, command, database_with, execute
from backend.tests.support.databases import LOGIN, alembic_config
from backend.tests.support.other_postgres import C_OF_LIBC

pytestmark = pytest.mark.slow

DOCTOR = "backend.commands.doctor"
GOOD = {"TRUSTED_HOSTS": "tasks.example", "PUBLIC_URL": "https://tasks.example"}


def found(done: Done, level: str) -> list[str]:
    """The lines of one level, without it."""
    lines = done.stdout.splitlines()
    return [line.removeprefix(level).strip() for line in lines if line.startswith(level)]


@pytest.fixture
def well(fresh_database: URL) -> URL:
    """A database as production should have it."""
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        execute(fresh_database, f"ALTER DATABASE \"{fresh_database.database}\" SET {name} = '3s'")
    for change in ("log_min_error_statement = panic", "log_error_verbosity = terse"):
        execute(fresh_database, f'ALTER DATABASE "{fresh_database.database}" SET {change}')
    return fresh_database


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(77)
def test_where_all_is_well_every_line_is_ok(well: URL) -> None:
    done = command(DOCTOR, url=well, **GOOD)
    assert (done.returncode, done.stderr) == (0, "")
    assert found(done, "warn") == found(done, "fail") == []
    said = "\n".join(found(done, "ok"))
    for text in (
        f"reached as {LOGIN} at the socket in",
        "migrations, way: direct",
        "encoding: UTF8",
        "version: PostgreSQL 18",
        "at the newest",
        "can read and write the rows of all tables",
        "statement_timeout: 3s",
        "begin with https://tasks.example (PUBLIC_URL)",
        "browsers may call from http://localhost:3000",
        "PostgreSQL's log: no content of tasks gets into it",
        "clock: the database's is",
    ):
        assert text in said


@pytest.mark.requirement("NFR-28")
def test_programs_get_the_same_as_json(well: URL) -> None:
    done = command(DOCTOR, "--json", url=well, **GOOD)
    findings = json.loads(done.stdout)
    assert {finding["level"] for finding in findings} == {"ok"}
    assert all(finding.keys() == {"level", "subject", "text"} for finding in findings)


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(77)
def test_what_could_be_better_is_a_warning_and_no_failure(fresh_database: URL) -> None:
    urls = dict.fromkeys(("DATABASE_URL", "MIGRATION_DATABASE_URL"), str(fresh_database))
    execute(fresh_database, "UPDATE alembic_version SET version_num = 'beef'")
    done = command(DOCTOR, url=fresh_database, CORS_ORIGINS="*", **urls)
    assert done.returncode == 0
    said = "\n".join(found(done, "warn"))
    for text in (
        "CORS_ORIGINS: every site may read answers",
        "TRUSTED_HOSTS: every Host header is answered",
        "statement_timeout: none: ALTER ROLE postgres SET statement_timeout = '3s'",
        "more than it needs to be (superuser)",
        "log_min_error_statement = panic",
        "log_error_verbosity = terse",
        f"at beef, which this code (at {newest_migration()}) does not know; it has all that",
    ):
        assert text in said


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
def test_a_login_that_may_create_tables_is_warned_of(fresh_database: URL) -> None:
    """As every login may in a database of PostgreSQL 14."""
    execute(fresh_database, "GRANT CREATE ON SCHEMA public TO PUBLIC")
    done = command(DOCTOR, url=fresh_database)
    assert done.returncode == 0
    assert any("more than it needs to be (may create tables)" in one for one in found(done, "warn"))


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", "this code needs"),
        (
            "UPDATE alembic_version SET version_num = 'beef'; ALTER TABLE tasks DROP description",
            "this code .* does not know",
        ),
        ("DROP TABLE alembic_version", "alembic_version.* run `alembic upgrade head`"),
        ("REVOKE ALL ON task_lists FROM tasks_runtime", "lacks .*INSERT on task_lists.*: GRANT"),
        ("REVOKE ALL ON SEQUENCE tasks_id_seq FROM tasks_runtime", "USAGE on tasks_id_seq"),
        ("ALTER DATABASE {} SET default_transaction_read_only = on", "read-only"),
    ],
)
def test_what_stops_the_service_is_a_failure(fresh_database: URL, spoil: str, said: str) -> None:
    execute(fresh_database, spoil.format(f'"{fresh_database.database}"'))
    done = command(DOCTOR, url=fresh_database)
    assert done.returncode == 1
    failures = "\n".join(found(done, "fail"))
    assert re.search(said, failures), done.stdout


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
@pytest.mark.usefixtures("template")  # its login
def test_a_database_of_another_encoding_fails(cluster: Cluster) -> None:
    with database_with(cluster, f"ENCODING 'LATIN1' {C_OF_LIBC}") as url:
        done = command(DOCTOR, url=url)
    assert done.returncode == 1
    assert any("LATIN1 cannot hold every text" in line for line in found(done, "fail"))


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(58)
def test_a_migrator_who_does_not_own_the_tables_fails(fresh_database: URL) -> None:
    alembic_command.upgrade(alembic_config(fresh_database), "head")
    mine = str(fresh_database.set(username=LOGIN))
    done = command(DOCTOR, url=fresh_database, MIGRATION_DATABASE_URL=mine)
    assert done.returncode == 1
    said = "\n".join(found(done, "fail"))
    assert f"{LOGIN} does not own tasks" in said or f"{LOGIN} does not own task_lists" in said
    assert f"{LOGIN} may not create in schema public" in said


@pytest.mark.requirement("NFR-28")
def test_a_database_that_is_away_fails_without_its_password() -> None:
    away = URL.create("postgresql", "u", "hunter2:/@%", "127.0.0.1", 1, "none")
    done = command(DOCTOR, url=away)
    assert done.returncode == 1
    assert len(found(done, "fail")) == 2
    assert all("127.0.0.1" in line and "refused" in line for line in found(done, "fail"))
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
