"""Several processes on one port: they leave together, and one that is killed is replaced."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import URL

from backend.tests.support.commands import python
from backend.tests.support.locks import locked
from backend.tests.support.raw import connected
from backend.tests.support.scrapes import Sample, number, scraped
from backend.tests.support.server import Server, environment, running
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.requirement("NFR-51")]

WORKERS = 2


@pytest.fixture
def servers(database: URL) -> Iterator[Server]:
    with running(database, WEB_CONCURRENCY=str(WORKERS)) as server:
        wait_until(lambda: len(workers(server)) == WORKERS)
        yield server


def workers(server: Server) -> set[int]:
    """The processes that serve."""
    pid = server.process.pid
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def lives(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def create(server: Server, owner: int) -> int:
    """On a connection of its own, so that any process may take it."""
    answer = httpx.post(
        f"http://127.0.0.1:{server.port}/api/{owner}/tasks", json={"title": "x"}, timeout=20
    )
    return answer.status_code


def test_they_serve_one_port_and_leave_together(servers: Server) -> None:
    serving = workers(servers)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda owner: create(servers, owner), range(1, 41))) == {201}
    log = servers.stop()
    assert servers.process.returncode == 0
    assert not any(map(lives, serving))
    assert log.count("listening on") == WORKERS
    assert "Traceback" not in log


def test_a_request_in_flight_is_finished_before_they_leave(database: URL, servers: Server) -> None:
    with ThreadPoolExecutor(1) as pool:
        with locked(database) as waiting:
            answer = pool.submit(create, servers, 1)
            wait_until(waiting)
            servers.process.send_signal(signal.SIGTERM)
            wait_until(lambda: len(workers(servers)) < WORKERS)
        assert answer.result() == 201
    assert servers.process.wait(30) == 0


def test_one_that_is_killed_is_replaced_and_others_are_served_meanwhile(servers: Server) -> None:
    killed = min(workers(servers))
    os.kill(killed, signal.SIGKILL)
    assert {create(servers, owner) for owner in range(1, 11)} == {201}
    wait_until(lambda: killed not in workers(servers) and len(workers(servers)) == WORKERS)
    assert f"process {killed} ended with status -9; another takes its place" in servers.log()
    assert {create(servers, owner) for owner in range(1, 11)} == {201}


def test_a_second_signal_ends_all_of_them_at_once(database: URL) -> None:
    """Sent until it has: two that come before a process could look at one are one."""

    def is_ended() -> bool:
        server.process.send_signal(signal.SIGTERM)
        return server.process.poll() is not None

    with running(database, WEB_CONCURRENCY=str(WORKERS), SHUTDOWN_DELAY="60") as server:
        wait_until(lambda: len(workers(server)) == WORKERS)
        serving = workers(server)
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: server.client.get("/health/ready").status_code == 503)
        wait_until(is_ended)
        assert abs(server.process.wait()) == signal.SIGTERM
        assert not any(map(lives, serving))


SIGNALLED = """
import os, signal, sys, time
from backend.edge.workers import Workers

def signalled(wait):
    def waited(*arguments):
        found = wait(*arguments)
        os.kill(os.getpid(), signal.SIGTERM)
        return found
    return waited

os.wait = signalled(os.wait)
sys.exit(Workers(3, lambda number: time.sleep(60 * number)).run())
"""


def test_a_signal_at_the_moment_when_one_ends_reaches_all_others(database: URL) -> None:
    """The system has let go of its number, and the process that looks after it has not yet."""
    with python("-c", SIGNALLED, env=environment(database)) as process:
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (signal.SIGTERM, "")


def test_without_their_parent_they_leave(servers: Server) -> None:
    serving = workers(servers)
    with connected(servers):
        servers.process.kill()
        servers.process.wait()
        wait_until(lambda: not any(map(lives, serving)))


@pytest.mark.requirement("FR-65")
def test_one_scrape_shows_all_of_them_and_what_a_killed_one_had_counted(servers: Server) -> None:
    def asked() -> dict[Sample, float]:
        with httpx.Client(base_url=f"http://127.0.0.1:{servers.port}") as client:
            return scraped(client)

    created = {"method": "POST", "route": "/api/{user_id}/tasks", "status": "201"}
    assert {create(servers, owner) for owner in range(1, 31)} == {201}
    for _ in range(4):  # whichever is asked
        numbers = asked()
        assert number(numbers, "tasks_requests_total", **created) == 30
        assert number(numbers, "tasks_processes") == WORKERS
        assert number(numbers, "tasks_requests_in_flight") == 1
    for process in workers(servers):
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: servers.log().count("Application startup complete") == 2 * WORKERS)
    numbers = asked()
    assert number(numbers, "tasks_requests_total", **created) == 30
    assert number(numbers, "tasks_process_starts_total") == 2 * WORKERS
    assert number(numbers, "tasks_requests_in_flight") == 1
