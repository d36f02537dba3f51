"""One owner's dearest queries leave room for the others, against the real server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from backend.tests.support.arena import HOLD, WAITING
from backend.tests.support.server import Server, running
from backend.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def small_pool(database: URL) -> Iterator[Server]:
    with running(database, POOL_SIZE="2", REQUEST_TIMEOUT="20", ADMISSION_TIMEOUT="20") as server:
        yield server


@pytest.mark.requirement("NFR-10", "NFR-29")
@pytest.mark.threat(69)
@pytest.mark.parametrize("flat", [False, True])
def test_others_are_served_while_sixteen_requests_of_one_owner_take_long(
    small_pool: Server, database: URL, flat: bool
) -> None:
    """They wait for a row that another session holds: no query is slower."""
    url = "/api/v1/tasks" if flat else "/api/1/tasks"
    body = {"title": "x", **({"user_id": 1} if flat else {})}
    with ThreadPoolExecutor(16) as pool, create_engine(database).connect() as holder:
        holder.exec_driver_sql(HOLD.format(1))
        sent = [pool.submit(small_pool.client.post, url, json=body) for _ in range(16)]
        wait_until(lambda: holder.exec_driver_sql(WAITING).scalar_one() > 0)
        for _ in range(20):
            assert small_pool.client.post("/api/2/tasks", json={"title": "y"}).status_code == 201
            assert small_pool.client.get("/api/v1/tasks?user_id=3").json() == []
        assert not any(one.done() for one in sent)
        holder.rollback()
        assert [one.result().status_code for one in sent] == [201] * 16
    assert len(small_pool.client.get("/api/1/tasks").json()) == 16
