"""Databases for tests: one migrated template, and clones of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import URL, make_url

from backend.config import Settings, load_settings
from backend.dev.postgres.cluster import Cluster

ROOT = Path(__file__).parents[3]
OWNER, LOGIN = "postgres", "tasks_app"
"""Who migrates, and who serves: the application never has more than its role's rights."""
NOWHERE = make_url("postgresql://nobody:hunter2secret@127.0.0.1:1/none")
"""Where no database is."""
POOLED: dict[str, dict[str, str]] = {}
"""Where the service finds a cluster, by its socket folder, if a pooler stands before it."""

PATIENT_READINESS = 60.0
"""Seconds for a check of readiness: no test is about the 1.5 that it has in production, and a
machine that others use may stand still for longer."""

_numbers = count(1)


def alembic_config(url: URL) -> Config:
    """The project's own Alembic configuration, for another database."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config


def url_of(cluster: Cluster, database: str) -> URL:
    return make_url(cluster.url(database)).set(drivername="postgresql+psycopg2")


def as_service(url: URL) -> URL:
    """The same database as the login of README's "Production" sees it, pooled if a pooler runs."""
    where = POOLED.get(str(url.query["host"]), {}) if "host" in url.query else {}
    return url.set(username=LOGIN).update_query_dict(where) if url.username == OWNER else url


def rendered(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def settings_for(url: URL, **changes: object) -> Settings:
    """Settings of the service's login that nothing of the developer's own environment reaches."""
    given: dict[str, object] = {
        "database_url": rendered(as_service(url)),
        "retry_window": 0.2,
        "readiness_timeout": PATIENT_READINESS,
    }
    return load_settings(_env_file=None, **{**given, **changes})


def administer(cluster: Cluster, statement: str) -> None:
    """Execute what cannot run in a transaction."""
    engine = create_engine(
        url_of(cluster, "postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.execute(text(statement))


def terminate_backends(cluster: Cluster, url: URL, login: str = "%") -> None:
    """End all connections to a database, or those of one login, and wait until they are gone."""
    administer(
        cluster,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        f"WHERE datname = '{url.database}' AND usename LIKE '{login}'",
    )


def create_template(cluster: Cluster) -> str:
    """A database brought to the newest migration by Alembic, and the login of the service."""
    cluster.create_database("template_tasks")
    with create_engine(url_of(cluster, "template_tasks"), poolclass=NullPool).begin() as connection:
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))  # as is since 15
    command.upgrade(alembic_config(url_of(cluster, "template_tasks")), "head")
    administer(cluster, f"CREATE ROLE {LOGIN} LOGIN IN ROLE tasks_runtime")
    return "template_tasks"


def empty(url: URL) -> None:
    """Take all rows out, and let ids begin again."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        tables = "tasks, task_lists, idempotency_keys"
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))


@contextmanager
def cloned(cluster: Cluster, template: str) -> Iterator[URL]:
    """A database of one test's own."""
    name = f"clone_{next(_numbers)}"
    administer(cluster, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield url_of(cluster, name)
    finally:
        administer(cluster, f'DROP DATABASE "{name}" WITH (FORCE)')
