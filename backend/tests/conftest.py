"""The real PostgreSQL of the whole run, and a client for each kind of test."""

import os
import signal
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import fastapi
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.database.engine import make_engine
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.api import Api
from backend.tests.support.arena import Arena
from backend.tests.support.below import beneath
from backend.tests.support.databases import as_service, cloned, create_template, empty, settings_for
from backend.tests.support.other_postgres import chosen_cluster
from backend.tests.support.pooler import pooled
from backend.tests.support.proxy import Proxy, proxied
from backend.tests.support.recorder import Recorder, RecordingClient
from backend.tests.support.savepoints import rolled_back
from backend.tests.support.server import Server, running
from backend.tests.support.surfaces import FLAT, PRIMARY, Surface
from backend.tests.support.tracer import keep_greenlets_of_threads

for _name in ("MIGRATION_DATABASE_URL", "PUBLIC_URL", "LOG_FORMAT"):
    os.environ.pop(_name, None)
os.environ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"  # for `backend.main:app` alone

_ONE_CONNECTION = {"pool_size": 1, "verify_after": 3600}
REVIEWED_FASTAPI = "0.165"
"""The minor version whose resolution of arguments `api/routing/` was compared with."""


def require_reviewed_framework(version: str) -> None:
    """Raise UsageError for another minor version of FastAPI."""
    if not version.startswith(f"{REVIEWED_FASTAPI}."):
        message = f"FastAPI {version}: compare api/routing/ with it, then change REVIEWED_FASTAPI"
        raise pytest.UsageError(message)


def pytest_configure() -> None:
    require_reviewed_framework(fastapi.__version__)
    keep_greenlets_of_threads()
    # A shell starts what runs in its background with SIGINT ignored, and so would be all that the
    # tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A throwaway PostgreSQL, of the programs in TEST_POSTGRES and behind a PgBouncer for
    TEST_POOLER, if these are set."""
    through = pooled if os.environ.get("TEST_POOLER") else nullcontext
    with chosen_cluster() as cluster, through(cluster):
        yield cluster


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The name of a migrated database to clone."""
    return create_template(cluster)


@pytest.fixture(
    params=[
        pytest.param(PRIMARY, id="primary"),
        pytest.param(FLAT, id="flat", marks=[pytest.mark.untraced, pytest.mark.slow]),  # same code
    ]
)
def surface(request: pytest.FixtureRequest) -> Surface:
    """Each surface in turn."""
    chosen: Surface = request.param
    return chosen


@pytest.fixture(scope="session")
def shared_database(cluster: Cluster, template: str) -> Iterator[URL]:
    """The database of all tests that roll back what they did."""
    with cloned(cluster, template) as url:
        yield url


@pytest.fixture(scope="session")
def shared_connection(shared_database: URL) -> Iterator[tuple[Connection, Recorder]]:
    """One transactional connection, with a record of what it sends."""
    engine = make_engine(as_service(shared_database), pool_size=1)
    recorder = Recorder(engine)
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        yield connection, recorder
    engine.dispose()


@pytest.fixture(scope="session")
def shared_app(shared_database: URL) -> FastAPI:
    """The application of all tests that roll back what they did."""
    return create_app(settings_for(shared_database))


@pytest.fixture(scope="session")
def shared_client(shared_app: FastAPI) -> Iterator[RecordingClient]:
    with RecordingClient(shared_app) as client:
        yield client


@pytest.fixture
def client(
    shared_client: RecordingClient,
    shared_app: FastAPI,
    shared_connection: tuple[Connection, Recorder],
) -> Iterator[RecordingClient]:
    """A client whose requests run in savepoints and leave nothing; each statement is checked."""
    connection, shared_client.recorder = shared_connection
    with rolled_back(shared_app, connection):
        yield shared_client


@pytest.fixture
def api(client: RecordingClient, surface: Surface) -> Api:
    """The first owner's requests, on each surface in turn."""
    return Api(client, surface)


@pytest.fixture
def fresh_database(cluster: Cluster, template: str) -> Iterator[URL]:
    """A migrated database that this test may spoil."""
    with cloned(cluster, template) as url:
        yield url


@pytest.fixture(scope="session")
def committed_database(cluster: Cluster, template: str) -> Iterator[URL]:
    with cloned(cluster, template) as url:
        yield url


@pytest.fixture
def database(committed_database: URL) -> Iterator[URL]:
    """An empty database for what needs several connections or commits."""
    yield committed_database
    empty(committed_database)


@pytest.fixture(scope="session")
def committing_client(committed_database: URL) -> Iterator[RecordingClient]:
    app = create_app(settings_for(committed_database))
    with RecordingClient(app) as client:
        client.recorder = Recorder(app.state.runtime.engine)
        yield client


@pytest.fixture
def live(committing_client: RecordingClient, database: URL) -> RecordingClient:
    """A client of the service as it is in production, on an empty database."""
    return committing_client


@pytest.fixture(scope="session")
def proxied_client(committed_database: URL) -> Iterator[tuple[TestClient, Proxy]]:
    # Behind a pooler the first statement that misses costs one more round trip.
    settings = {"prepare_statements": "TEST_POOLER" not in os.environ, **_ONE_CONNECTION}
    with (
        TemporaryDirectory(dir="/tmp") as folder,  # a socket's path must be short
        proxied(as_service(committed_database), Path(folder), Proxy) as (url, proxy),
        TestClient(create_app(settings_for(url, **settings))) as client,
    ):
        yield client, proxy


@pytest.fixture
def behind_proxy(
    proxied_client: tuple[TestClient, Proxy], database: URL
) -> tuple[TestClient, Proxy]:
    """The service with one connection, already open, through a proxy that counts round trips."""
    client, _ = proxied_client
    assert client.get("/health/ready").is_success
    return proxied_client


@pytest.fixture(scope="session")
def server_process(committed_database: URL) -> Iterator[Server]:
    with running(committed_database) as server:
        yield server


@pytest.fixture
def server(server_process: Server, database: URL) -> Server:
    """The real server process, on an empty database."""
    server_process.forget_log()
    return server_process


@pytest.fixture(scope="session")
def impatient_process(committed_database: URL) -> Iterator[Server]:
    with running(committed_database, CLIENT_TIMEOUT="0.5", KEEP_ALIVE="2") as server:
        yield server


@pytest.fixture
def impatient(impatient_process: Server, database: URL) -> Server:
    """A server that waits half a second for a client, on an empty database."""
    impatient_process.forget_log()
    return impatient_process


@pytest.fixture(scope="session")
def arena(cluster: Cluster, template: str) -> Iterator[Arena]:
    """A real server with places for twenty requests of one owner."""
    with cloned(cluster, template) as url, running(url, LOG_LEVEL="error", POOL_SIZE="28") as run:
        yield Arena(run.client, url)


@pytest.fixture
def below(
    client: RecordingClient, shared_connection: tuple[Connection, Recorder]
) -> Iterator[Connection]:
    """A look at the client's own transaction, past the guard."""
    assert client.recorder is shared_connection[1]
    connection = beneath(shared_connection[0])
    yield connection
    connection.rollback()
