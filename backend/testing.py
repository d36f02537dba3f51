"""A plugin of pytest for tests in other repositories: `pytest_plugins = ["backend.testing"]`.

The service on a real PostgreSQL that lives as long as the run; docs/testing.md tells more.
"""

import os
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.database.engine import make_engine
from backend.dev.postgres.cluster import temporary_cluster
from backend.tests.support.databases import (
    as_service,
    cloned,
    create_template,
    empty,
    settings_for,
)
from backend.tests.support.savepoints import rolled_back


@pytest.fixture(scope="session")
def tasks_database() -> Iterator[URL]:
    """A migrated database on an embedded PostgreSQL; both end with the run."""
    with temporary_cluster() as cluster, cloned(cluster, create_template(cluster)) as url:
        yield url


@pytest.fixture(scope="session")
def _environment() -> Iterator[None]:
    """As it was, after the run: the engine sets libpq's time zone."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def tasks_app(_environment: None, tasks_database: URL) -> FastAPI:
    """The application, with the rights that it has in production and nobody's environment."""
    return create_app(settings_for(tasks_database))


@pytest.fixture(scope="session")
def _tasks_client(tasks_app: FastAPI) -> Iterator[TestClient]:
    with TestClient(tasks_app) as client:
        yield client


@pytest.fixture(scope="session")
def _tasks_connection(_environment: None, tasks_database: URL) -> Iterator[Connection]:
    engine = make_engine(as_service(tasks_database), pool_size=1)
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def tasks_client(_tasks_client: TestClient, _tasks_connection: Connection) -> Iterator[TestClient]:
    """A client whose requests leave nothing: one transaction for each test, rolled back."""
    with rolled_back(_tasks_client.app, _tasks_connection):  # type: ignore[arg-type]
        yield _tasks_client


@pytest.fixture
def tasks_live(_tasks_client: TestClient, tasks_database: URL) -> Iterator[TestClient]:
    """A client whose requests commit, for threads and streams; the tables are emptied after it."""
    yield _tasks_client
    empty(tasks_database)
