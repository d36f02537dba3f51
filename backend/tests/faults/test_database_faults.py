"""What clients see when the database goes away, and that they need no restart when it is back."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from alembic import command
from fastapi.testclient import TestClient
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.database.execution import OwnedSession
from backend.database.retries import Attempts
from backend.dev.postgres.cluster import Cluster
from backend.errors import TimedOut
from backend.services.tasks import TaskService
from backend.tests.support.api import Api
from backend.tests.support.databases import (
    LOGIN,
    administer,
    alembic_config,
    as_service,
    settings_for,
    terminate_backends,
    url_of,
)
from backend.tests.support.problems import require_problem
from backend.tests.support.proxy import Proxy, proxied
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface
from backend.tests.support.waiting import STALL, wait_until

pytestmark = pytest.mark.slow


@pytest.mark.requirement("NFR-05")
def test_a_long_idle_connection_is_asked_before_use(
    database: URL,
) -> None:
    with (
        TemporaryDirectory(dir="/tmp") as folder,
        proxied(as_service(database), Path(folder), Proxy) as (url, proxy),
        TestClient(create_app(settings_for(url, pool_size=1, verify_after=0))) as client,
    ):
        assert client.get("/api/1/tasks").is_success
        before = proxy.round_trips
        assert client.get("/api/1/tasks").is_success
        assert proxy.round_trips - before == 2


@pytest.mark.requirement("NFR-05", "FR-12")
def test_without_its_database_the_service_says_so_and_recovers(
    cluster: Cluster, fresh_database: URL, surface: Surface
) -> None:
    with TestClient(create_app(settings_for(fresh_database))) as client:
        api = Api(client, surface)
        api.made(title="kept")
        administer(cluster, f'ALTER DATABASE "{fresh_database.database}" ALLOW_CONNECTIONS false')
        terminate_backends(cluster, fresh_database)
        for request in (surface.create(1, title="lost"), *api.verbs(1).values()):
            lost = api.send(request)
            assert lost.status_code == 503
            assert 1 <= int(lost.headers["retry-after"]) <= 3
            if request.method != "HEAD":
                assert lost.json()["code"] == "database_unavailable"
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").json()["code"] == "database_unavailable"
        administer(cluster, f'ALTER DATABASE "{fresh_database.database}" ALLOW_CONNECTIONS true')
        wait_until(lambda: client.get("/health/ready").is_success, seconds=2 + STALL)
        assert [task["title"] for task in api.list().json()] == ["kept"]
        assert client.get("/health/ready").status_code == 200


@pytest.mark.requirement("NFR-05")
def test_a_statement_that_takes_too_long_is_503_timeout(
    cluster: Cluster, fresh_database: URL
) -> None:
    name = fresh_database.database
    elsewhere = create_engine(fresh_database, poolclass=NullPool)
    with (
        TestClient(create_app(settings_for(fresh_database))) as client,
        elsewhere.connect() as blocker,
    ):
        task = client.post("/api/1/tasks", json={"title": "x"}).json()
        administer(cluster, f"ALTER DATABASE \"{name}\" SET statement_timeout = '100ms'")
        terminate_backends(cluster, fresh_database, LOGIN)
        blocker.exec_driver_sql("SELECT FROM task_lists FOR UPDATE")
        require_problem(client.patch(f"/api/1/tasks/{task['id']}/complete"), 503, "timeout")
        blocker.rollback()
        [(revision,)] = blocker.exec_driver_sql("SELECT revision FROM tasks")
        assert revision == task["revision"]


@pytest.mark.requirement("NFR-05")
def test_a_pool_without_a_free_connection_is_503_overloaded(live: RecordingClient) -> None:
    engine = live.app.state.runtime.engine
    engine.pool._timeout = 0.1
    held = [engine.connect() for _ in range(engine.pool.size() + 1)]
    answer = live.get("/api/1/tasks")
    for connection in held:
        connection.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert live.get("/api/1/tasks").status_code == 200


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(35)
@pytest.mark.parametrize("revision", ["base", "-1"])
def test_a_database_without_all_migrations_is_not_ready_and_says_so(
    fresh_database: URL, revision: str
) -> None:
    command.downgrade(alembic_config(fresh_database), revision)
    with TestClient(create_app(settings_for(fresh_database))) as client:
        ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["code"]) == (503, "database_unavailable")
    assert "newest migration" in ready.json()["detail"]


@pytest.mark.requirement("NFR-05", "NFR-09")
@pytest.mark.threat(35)
@pytest.mark.usefixtures("template")  # its login
def test_a_database_without_migrations_serves_nobody_and_is_not_waited_for(
    cluster: Cluster,
) -> None:
    cluster.create_database("bare")
    settings = settings_for(url_of(cluster, "bare"), retry_window=3)
    with TestClient(create_app(settings)) as client:
        listed = client.get("/api/1/tasks")
    assert (listed.status_code, listed.json()["code"]) == (503, "database_unavailable")
    assert "newest migration" in listed.json()["detail"]
    assert listed.elapsed.total_seconds() < settings.retry_window, "nothing is lost that may return"


@pytest.mark.requirement("NFR-08")
def test_a_request_whose_time_is_over_before_its_turn_asks_no_database(
    live: RecordingClient,
) -> None:
    live.recorder.clear()
    attempts = Attempts(until=time.monotonic() - 1)
    session = OwnedSession(live.app.state.runtime.sessions(), 1, "/", attempts)
    tasks = TaskService(session)
    with pytest.raises(TimedOut, match="nothing was changed"):
        tasks.read(1)
    assert live.recorder.statements == []
