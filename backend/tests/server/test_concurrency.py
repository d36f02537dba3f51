"""Many at once: nothing waits for itself, nothing is lost or counted twice."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from threading import Event, Thread

import httpx
import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.tests.support.recorder import RecordingClient
from backend.tests.support.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.untraced]


def create(client: httpx.Client, owner: int = 1) -> int:
    response = client.post(f"/api/{owner}/tasks", json={"title": "x"})
    assert response.status_code == 201, response.text
    task_id: int = response.json()["id"]
    return task_id


def status_of(server: Server, url: str) -> int:
    """The status of a GET over a connection of its own."""
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("GET", url)
        return connection.getresponse().status


@pytest.mark.requirement("NFR-04", "NFR-05")
@pytest.mark.threat(29)
def test_three_hundred_requests_at_once_do_not_deadlock(server: Server) -> None:
    """Where sessions are held until the answer is sent, most of these fail after half a minute."""
    task_id = create(server.client)
    urls = ["/api/1/tasks", f"/api/1/tasks/{task_id}"] * 150
    with ThreadPoolExecutor(300) as pool:
        answers = list(pool.map(partial(status_of, server), urls))
    assert answers == [200] * 300


@pytest.mark.requirement("FR-07")
@pytest.mark.threat(39)
def test_a_hundred_toggles_at_once_count_exactly(server: Server) -> None:
    task_id = create(server.client)
    url = f"/api/1/tasks/{task_id}/complete"
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.client.patch(url).json(), range(101)))
    assert sum(answer["completed"] for answer in answers) == 51
    assert len({answer["revision"] for answer in answers}) == 101
    assert server.client.get(f"/api/1/tasks/{task_id}").json()["completed"] is True


@pytest.mark.requirement("FR-09")
def test_numbers_and_times_are_given_in_one_order(server: Server) -> None:
    """Within an owner, the greater revision was created later and has the greater id."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: create(server.client), range(60)))
    tasks = server.client.get("/api/1/tasks").json()
    revisions = [task["revision"] for task in tasks]
    assert revisions == sorted(set(revisions))
    assert [task["id"] for task in tasks] == sorted(task["id"] for task in tasks)


@pytest.mark.requirement("FR-01")
def test_pages_meet_each_task_once_while_others_create(server: Server) -> None:
    before = [create(server.client) for _ in range(40)]
    done = Event()

    def write() -> None:
        with httpx.Client(base_url=server.client.base_url) as client:
            while not done.is_set():
                create(client)

    writer = Thread(target=write)
    writer.start()
    try:
        seen, url = [], "/api/1/tasks?limit=3"
        for _ in range(40):
            page = server.client.get(url)
            seen += [task["id"] for task in page.json()]
            if "next" not in page.links:
                break
            url = page.links["next"]["url"]
    finally:
        done.set()
        writer.join()
    assert seen[:40] == before
    everything = [task["id"] for task in server.client.get("/api/1/tasks").json()]
    assert seen == everything[: len(seen)]


@pytest.mark.requirement("FR-10")
def test_writers_of_different_owners_do_not_wait_for_each_other(
    live: RecordingClient, database: URL
) -> None:
    """One owner's row is locked elsewhere; another owner writes on."""
    create_here = live.post("/api/1/tasks", json={"title": "x"})
    assert create_here.status_code == 201
    with create_engine(database, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql("SELECT 1 FROM task_lists WHERE user_id = 1 FOR UPDATE")
        assert live.post("/api/2/tasks", json={"title": "y"}).status_code == 201
