"""A database that takes no writes for a while: a failover, a standby, or by decree."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy.engine import URL

from backend.dev.postgres.cluster import Cluster
from backend.tests.chaos.world import World, world
from backend.tests.support.databases import POOLED, administer, cloned, terminate_backends
from backend.tests.support.problems import require_problem
from backend.tests.support.server import Server, running
from backend.tests.support.surfaces import Request, Surface
from backend.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

READS = ("read", "head")


@pytest.fixture(scope="module")
def serving(cluster: Cluster, template: str) -> Iterator[tuple[Server, URL]]:
    with cloned(cluster, template) as url, running(url, RETRY_WINDOW="0") as server:
        yield server, url


@pytest.fixture(scope="module")
def patient(cluster: Cluster, template: str) -> Iterator[tuple[Server, URL]]:
    """With the retry window of the defaults, and more time in line for a connection."""
    with cloned(cluster, template) as url, running(url, ADMISSION_TIMEOUT="60") as server:
        yield server, url


def set_read_only(cluster: Cluster, url: URL) -> None:
    """As a failover does it: connections end, and new ones find a database without writes."""
    administer(cluster, f'ALTER DATABASE "{url.database}" SET default_transaction_read_only = on')
    terminate_backends(cluster, url)


def set_writable(cluster: Cluster, url: URL) -> None:
    """Sessions from before stay read-only as long as they live.

    The service replaces its own; those of a pooler are the operator's to replace (RECONNECT).
    """
    administer(cluster, f'ALTER DATABASE "{url.database}" RESET default_transaction_read_only')
    if POOLED:
        terminate_backends(cluster, url)


@contextmanager
def read_only(cluster: Cluster, url: URL) -> Iterator[None]:
    set_read_only(cluster, url)
    try:
        yield
    finally:
        set_writable(cluster, url)


def every_request(client: httpx.Client, surface: Surface, owner: int) -> dict[str, Request]:
    """Every verb, on a task that is there."""
    task_id = client.request(**vars(surface.create(owner, title="x"))).json()["id"]
    listing = Request("GET", surface.tasks(owner))
    trashing = Request("DELETE", surface.tasks(owner))
    create = surface.create(owner, title="y")
    verbs = surface.verbs(owner, task_id)
    return {"list": listing, "create": create, "delete all": trashing, **verbs}


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(41)
def test_reads_go_on_and_writes_are_told_that_nothing_was_done(
    serving: tuple[Server, URL], cluster: Cluster, surface: Surface
) -> None:
    server, url = serving
    client = server.client
    requests = every_request(client, surface, 1)
    before = client.request(**vars(requests["list"])).json()
    with read_only(cluster, url):
        for verb, request in requests.items():
            answer = client.request(**vars(request))
            if verb in {"list", *READS}:
                assert answer.is_success, verb
            elif verb == "restore" and answer.status_code == 404:
                continue
            else:
                problem = require_problem(answer, 503, "database_unavailable")
                assert "read-only" in problem["detail"]
                assert "Nothing was done" in problem["detail"]
                assert 1 <= int(answer.headers["retry-after"]) <= 3
        require_problem(client.get("/health/ready"), 503, "database_unavailable")
        assert "read-only" in client.get("/health/ready").json()["detail"]
        assert client.request(**vars(requests["list"])).json() == before
    assert client.get("/health/ready").is_success, "without a write that finds out first"


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(41)
def test_no_connection_from_that_time_stays(
    patient: tuple[Server, URL], cluster: Cluster, surface: Surface
) -> None:
    """Sessions that began read-only are replaced by the first write, within its time."""
    server, url = patient
    with read_only(cluster, url), ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: server.client.get(surface.tasks(2)), range(64))
        assert all(answer.is_success for answer in answers)
    for number in range(8):
        create = surface.create(2, title=f"after {number}")
        assert server.client.request(**vars(create)).status_code == 201


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(41)
def test_a_short_time_without_writes_delays_them(
    patient: tuple[Server, URL], cluster: Cluster, surface: Surface
) -> None:
    """Any of them may be sent again, one that cannot be repeated after success, too."""
    server, url = patient
    with ThreadPoolExecutor(1) as pool:
        with read_only(cluster, url):
            sent = pool.submit(server.client.request, **vars(surface.create(3, title=surface.name)))
            time.sleep(1)
            assert not sent.done()
        assert sent.result().status_code == 201
    titles = [task["title"] for task in server.client.get(surface.tasks(3)).json()]
    assert titles.count(surface.name) == 1


@pytest.fixture(scope="module")
def ours() -> Iterator[World]:
    with world(RETRY_WINDOW="0") as made:
        yield made


@pytest.mark.requirement("NFR-27")
@pytest.mark.threat(41)
def test_a_standby_serves_reads_and_after_its_promotion_writes(ours: World) -> None:
    client = ours.service.client
    created = client.post("/api/1/tasks", json={"title": "x"}).json()
    ours.ctl("stop", "-m", "fast", "-w")
    (ours.postgres.data / "standby.signal").touch()
    ours.postgres.start()
    wait_until(lambda: client.get(f"/api/1/tasks/{created['id']}").is_success)
    refused = client.patch(f"/api/1/tasks/{created['id']}", json={"title": "y"})
    assert "Nothing was done" in require_problem(refused, 503, "database_unavailable")["detail"]
    assert "read-only" in client.get("/health/ready").json()["detail"]
    ours.ctl("promote", "-w")
    wait_until(lambda: client.get("/health/ready").is_success)
    assert client.patch(f"/api/1/tasks/{created['id']}", json={"title": "y"}).is_success
