"""A line that goes dead without a word: the service notices soon, and clients do not."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from sqlalchemy.engine import URL

from backend.tests.support.databases import as_service
from backend.tests.support.line import Line
from backend.tests.support.locks import locked
from backend.tests.support.proxy import proxied
from backend.tests.support.server import Server, running
from backend.tests.support.surfaces import Request, Surface
from backend.tests.support.waiting import STALL, wait_until

pytestmark = pytest.mark.slow

POOL = 4
SLOTS = 2 * POOL
CLIENTS = 20


@dataclass(frozen=True)
class Behind:
    """A server behind a line, and its database from below."""

    server: Server
    line: Line
    database: URL

    @property
    def client(self) -> httpx.Client:
        return self.server.client

    def fill_pool(self) -> None:
        """Open as many connections as there may be, and leave each idle for a suspect time."""
        with ThreadPoolExecutor(POOL) as pool, locked(self.database) as waiting:
            urls = [f"/api/{number}/tasks" for number in range(90, 90 + POOL)]  # no owner gets all
            sent = [pool.submit(self.client.get, url) for url in urls]
            wait_until(lambda: waiting() == POOL)
        assert all(one.result().is_success for one in sent)
        time.sleep(0.25)


@pytest.fixture(scope="module")
def running_behind(committed_database: URL) -> Iterator[Behind]:
    """Its connections are asked when they were idle at all; for a slot one waits a second."""
    with (
        TemporaryDirectory(dir="/tmp") as folder,  # a socket's path must be short
        proxied(as_service(committed_database), Path(folder), Line) as (url, line),
        running(url, VERIFY_AFTER="0.2", VERIFY_TIMEOUT="0.5", ADMISSION_TIMEOUT="1") as server,
    ):
        yield Behind(server, line, committed_database)


@pytest.fixture
def behind(running_behind: Behind, database: URL) -> Behind:
    """The same, on an empty database, with all of its connections open and idle."""
    running_behind.fill_pool()
    return running_behind


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(57)
def test_every_request_after_a_silent_drop_is_served(behind: Behind, surface: Surface) -> None:
    created = behind.client.request(**vars(surface.create(1, title="x"))).json()
    verbs = surface.verbs(1, created["id"])
    listing = Request("GET", surface.tasks(1))
    for request in (listing, surface.create(1, title="y"), *verbs.values()):
        behind.fill_pool()
        behind.line.go_dead()
        assert behind.client.request(**vars(request)).is_success, request


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(57)
def test_one_request_finds_out_and_the_others_pay_nothing(behind: Behind) -> None:
    """Each of the pool's connections is dead; whoever comes after the first asks none of them."""
    behind.line.go_dead()
    assert behind.client.get("/api/1/tasks").is_success
    behind.fill_pool()
    assert len(behind.line.unheard) == 1


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(57)
def test_all_connections_are_found_dead_at_once(behind: Behind) -> None:
    behind.line.go_dead()
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda _: behind.client.get("/api/1/tasks"), range(CLIENTS)))
    assert [answer.status_code for answer in answers] == [200] * CLIENTS


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(57)
def test_readiness_survives_a_silent_drop(behind: Behind) -> None:
    behind.line.go_dead()
    assert behind.client.get("/health/ready").is_success


@pytest.mark.requirement("NFR-27", "NFR-10")
@pytest.mark.threat(57, 79)
def test_twenty_clients_wait_for_a_database_that_wakes_and_are_served(behind: Behind) -> None:
    """Longer than anyone may wait for a slot, shorter than the time of a request."""
    behind.line.suspend()
    waking = threading.Timer(4, behind.line.wake)
    waking.start()

    def send(number: int) -> httpx.Response:
        if number % 2:
            return behind.client.get("/api/1/tasks")
        return behind.client.post("/api/1/tasks", json={"title": str(number)})

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(send, range(CLIENTS)))
    waking.join()
    assert {answer.status_code for answer in answers} == {200, 201}
    titles = [task["title"] for task in behind.client.get("/api/1/tasks").json()]
    assert len(titles) == len(set(titles)) == CLIENTS // 2


@pytest.mark.requirement("NFR-27", "NFR-10")
@pytest.mark.threat(79)
def test_a_database_that_does_not_wake_is_no_reason_to_wait_longer(behind: Behind) -> None:
    """Nobody is held longer than REQUEST_TIMEOUT, its own wait for a slot included."""
    lists = [f"/api/{owner}/tasks" for owner in range(1, CLIENTS + 1)]
    behind.line.suspend()
    with ThreadPoolExecutor(CLIENTS) as pool:
        sent = [pool.submit(behind.client.get, one) for one in lists[:SLOTS]]
        time.sleep(1)  # so that others get the slots of these, after seven seconds in line
        sent += [pool.submit(behind.client.get, one) for one in lists[SLOTS:]]
        answers = [one.result() for one in sent]
    behind.line.wake()
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["code"] for answer in answers} <= {"timeout", "overloaded"}
    slowest = max(answer.elapsed.total_seconds() for answer in answers)
    assert slowest < 8 + STALL  # and not 7 + 8
    wait_until(lambda: behind.client.get("/api/1/tasks").is_success)
