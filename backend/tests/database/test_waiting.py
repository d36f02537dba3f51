"""Whoever waits for the database is in nobody's way: one thread serves all."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.database import waiting
from backend.tests.support.databases import settings_for
from backend.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

Send = Callable[..., Future[Response]]


@pytest.fixture
def fresh(database: URL) -> Iterator[TestClient]:
    """The service with two connections, not made yet."""
    with TestClient(create_app(settings_for(database, pool_size=2))) as client:
        yield client


@pytest.fixture
def send(fresh: TestClient) -> Iterator[Send]:
    """Requests beside each other."""
    with ThreadPoolExecutor(8) as clients:
        yield lambda *request, **more: clients.submit(fresh.request, *request, **more)


@pytest.mark.requirement("NFR-14")
def test_while_all_connections_wait_the_process_answers(
    fresh: TestClient, send: Send, database: URL
) -> None:
    urls = [fresh.post(f"/api/{n}/tasks", json={"title": "x"}).headers["location"] for n in (1, 2)]
    below = create_engine(database, poolclass=NullPool)
    with below.connect() as connection:
        connection.execute(text("SELECT FROM task_lists FOR UPDATE"))
        stuck = [send("PATCH", f"{url}/complete") for url in urls]  # no owner may take both
        waiting_for_us = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        wait_until(lambda: connection.execute(waiting_for_us).scalar_one() == 2)
        assert fresh.get("/health/live").is_success
        assert fresh.get("/health/ready").is_success, "which has a connection of its own"
        assert fresh.post("/api/1/tasks", json={}).status_code == 400
        assert not any(one.done() for one in stuck)
        connection.rollback()
    assert [one.result().json()["completed"] for one in stuck] == [True, True]


@pytest.mark.requirement("NFR-14", "NFR-05")
def test_a_connection_that_is_long_in_the_making_is_in_nobodys_way(
    fresh: TestClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libpq may look a name up for seconds, and cannot be asked to give way meanwhile."""
    connect, asked, answered = psycopg2.connect, threading.Event(), threading.Event()

    def slowly(*arguments: Any, **options: Any) -> Any:
        asked.set()
        assert answered.wait(5)
        return connect(*arguments, **options)

    monkeypatch.setattr(psycopg2, "connect", slowly)
    created = send("POST", "/api/1/tasks", json={"title": "x"})
    assert asked.wait(5)
    assert fresh.get("/health/live").is_success
    assert fresh.post("/api/1/tasks", json={}).status_code == 400
    assert not created.done()
    answered.set()
    assert created.result().status_code == 201


@pytest.mark.requirement("NFR-14")
def test_handlers_are_served_by_one_thread(fresh: TestClient, send: Send) -> None:
    fresh.post("/api/1/tasks", json={"title": "x"})
    seen = set()
    ready = waiting._ready

    async def watched(*arguments: Any, **options: Any) -> bool:
        seen.add(threading.get_ident())
        return await ready(*arguments, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(waiting, "_ready", watched)
        answers = [send("GET", "/api/1/tasks") for _ in range(20)]
        assert {answer.result().status_code for answer in answers} == {200}
    assert len(seen) == 1


@pytest.mark.requirement("NFR-14", "NFR-08")
def test_out_of_the_event_loop_a_thread_waits_for_itself() -> None:
    """The purge, Alembic and tests have no loop; a loop's own code has no greenlet."""
    waiting.sleep(0)
    assert waiting.run_in_thread(threading.get_ident) == threading.get_ident()

    async def in_a_loop() -> int:
        return waiting.run_in_thread(threading.get_ident)

    assert asyncio.run(in_a_loop()) == threading.get_ident()


@pytest.mark.requirement("NFR-07")
def test_a_test_client_that_starts_nothing_is_served(database: URL) -> None:
    """Without `with`, Starlette's client has a new event loop for each request, and no lifespan."""
    client = TestClient(create_app(settings_for(database)))
    created = client.post("/api/1/tasks", json={"title": "x"})
    assert client.get(created.headers["location"]).json() == created.json()
    assert client.get("/health/ready").is_success
