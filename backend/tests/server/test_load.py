"""More requests than slots; crowds that all get in are in test_concurrency.py."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.engine import URL

from backend.dev.postgres.cluster import Cluster
from backend.tests.support.api import Api
from backend.tests.support.arena import HOLD, WAITING
from backend.tests.support.databases import cloned
from backend.tests.support.problems import require_problem
from backend.tests.support.server import Server, running
from backend.tests.support.surfaces import PRIMARY
from backend.tests.support.waiting import STALL, wait_until

pytestmark = pytest.mark.slow

PLACES = 2
PATIENCE = 1.0
ORIGIN = {"Origin": "http://localhost:3000"}


@pytest.fixture(scope="module")
def address(cluster: Cluster, template: str) -> Iterator[URL]:
    with cloned(cluster, template) as url:
        yield url


@pytest.fixture(scope="module")
def narrow(address: URL) -> Iterator[Server]:
    """A server with few places, but a thread and a connection for each."""
    settings = {"MAX_CONCURRENCY": str(PLACES), "REQUEST_TIMEOUT": "20"}
    with running(address, ADMISSION_TIMEOUT=str(PATIENCE), **settings) as server:
        yield server


@pytest.fixture
def held(narrow: Server, address: URL) -> Iterator[Connection]:
    """All places taken by writes that wait for the row of owner 1, until it is given back."""
    with create_engine(address, poolclass=NullPool).connect() as holder:
        holder.exec_driver_sql(HOLD.format(1))
        with ThreadPoolExecutor(PLACES) as pool:
            sent = [pool.submit(create, narrow, 1) for _ in range(PLACES)]
            wait_until(lambda: holder.exec_driver_sql(WAITING).scalar_one() == PLACES)
            yield holder
            holder.rollback()
            assert [one.result() for one in sent] == [201] * PLACES


def create(server: Server, owner: int) -> int:
    with httpx.Client(base_url=server.client.base_url, timeout=30) as client:
        return client.post(f"/api/{owner}/tasks", json={"title": "x"}).status_code


@pytest.mark.requirement("NFR-10")
@pytest.mark.threat(28)
@pytest.mark.usefixtures("held")
def test_who_finds_no_place_is_told_soon_and_can_read_it(narrow: Server) -> None:
    api = Api(narrow.client, PRIMARY, 2)
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(api.create, ORIGIN, title="x"), pool.submit(api.list, headers=ORIGIN)]
        responses = [one.result() for one in sent]
    for response in responses:
        require_problem(response, 503, "overloaded")
        assert 1 <= int(response.headers["retry-after"]) <= 3
        assert response.headers["access-control-allow-origin"] == ORIGIN["Origin"]
        assert PATIENCE <= response.elapsed.total_seconds() < PATIENCE + STALL
    assert narrow.client.get("/health/live").status_code == 200
    assert narrow.client.get("/health/ready").status_code == 200


@pytest.mark.requirement("NFR-10")
@pytest.mark.threat(28)
def test_who_waits_is_served_when_a_place_is_free(narrow: Server, held: Connection) -> None:
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(create, narrow, 2) for _ in range(8)]
        held.rollback()
        assert [one.result() for one in waiting] == [201] * 8


@pytest.mark.requirement("NFR-10")
@pytest.mark.threat(30)
def test_who_sends_its_body_slowly_takes_no_place(narrow: Server) -> None:
    head = (
        "POST /api/2/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 100\r\n\r\n{"
    )
    slow = [socket.create_connection(("127.0.0.1", narrow.port)) for _ in range(3 * PLACES)]
    for connection in slow:
        connection.sendall(head.encode())
    assert [create(narrow, 2) for _ in range(3)] == [201] * 3
    for connection in slow:
        connection.close()
