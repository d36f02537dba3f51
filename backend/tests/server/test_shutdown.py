"""The end of the process: not ready first, then closed, and no request lost."""

import signal
import threading
from contextlib import suppress

import httpx
import pytest
from sqlalchemy.engine import URL

from backend.tests.support.locks import locked
from backend.tests.support.problems import require_problem
from backend.tests.support.raw import connected, head, read_answer
from backend.tests.support.server import Server, running
from backend.tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

TASK = b'{"title": "in flight"}'
POST = head(
    "POST /api/1/tasks", "Host: x", "Content-Type: application/json", f"Content-Length: {len(TASK)}"
)


def is_closed(server: Server) -> bool:
    try:
        connected(server).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(31)
def test_it_is_not_ready_first_and_requests_in_flight_finish(database: URL) -> None:
    with running(database, SHUTDOWN_DELAY="0.5") as server, connected(server) as connection:
        idle = connected(server)
        connection.sendall(POST + TASK[:5])
        assert server.client.get("/health/ready").is_success
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: server.client.get("/health/ready").status_code == 503)
        problem = require_problem(server.client.get("/health/ready"), 503, "overloaded")
        assert "shutting down" in problem["detail"]
        assert server.client.get("/health/live").is_success
        assert server.client.get("/api/1/tasks").json() == []
        wait_until(lambda: is_closed(server))
        assert idle.recv(1) == b""
        connection.sendall(TASK[5:])
        status, headers, _ = read_answer(connection)
        assert (status, headers["connection"]) == (201, "close")
        assert server.process.wait(30) == 0  # though the client's own connections are open
        assert "Traceback" not in server.log()
        idle.close()


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(31)
def test_a_second_signal_ends_it_at_once(database: URL) -> None:
    with running(database, SHUTDOWN_DELAY="60") as server:
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: server.client.get("/health/ready").status_code == 503)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == -signal.SIGTERM


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(31)
def test_what_outlives_the_grace_period_is_left_behind(database: URL) -> None:
    """A statement that waits for a lock holds a thread, for which Python would wait."""
    patient = {"SHUTDOWN_GRACE": "1", "REQUEST_TIMEOUT": "60"}
    with running(database, **patient) as server, locked(database) as waiting:
        asking = threading.Thread(target=_ask, args=(server.port,))
        asking.start()
        wait_until(waiting)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 1  # though the statement may wait for a minute
        asking.join()
        assert "ended with 1 requests under way" in server.log()


def _ask(port: int) -> None:
    with suppress(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/api/1/tasks")
