"""Clients that are slow or silent, against the real server."""

import socket
import time
from contextlib import suppress

import pytest
from sqlalchemy.engine import URL

from backend.tests.support.locks import locked
from backend.tests.support.raw import CHUNKED, HOST, POST, connected, head, read_answer
from backend.tests.support.server import Server, running
from backend.tests.support.waiting import STALL, wait_until

pytestmark = pytest.mark.slow

TIMEOUT = 0.5  # of the impatient server


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(30)
def test_silent_connections_are_closed_and_others_are_served(impatient: Server) -> None:
    started = time.monotonic()
    silent = [connected(impatient) for _ in range(500)]
    served = 0
    while time.monotonic() - started < TIMEOUT + 0.3:
        assert impatient.client.get("/api/1/tasks").is_success
        served += 1
    for connection in silent:
        with connection:
            assert connection.recv(1) == b""
    assert time.monotonic() - started < TIMEOUT + STALL
    assert served > 5


DRIPS = {
    "nothing": (b"", b""),
    "headers": (head("GET /", HOST)[:-2], b"x"),
    "body": (head(*POST, "Content-Length: 100") + b"{", b" "),
    "chunks": (CHUNKED + b"1\r\n{\r\n", b"1\r\n \r\n"),
    "trailers": (CHUNKED + b"1\r\n{\r\n0\r\n", b"x"),
    "empty lines": (b"", b"\r\n"),
    "empty lines later": (head("GET /health/live", HOST), b"\r\n"),
}


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(30)
def test_a_slow_client_is_closed_however_it_drips(impatient: Server) -> None:
    started = time.monotonic()
    slow = {name: connected(impatient) for name in DRIPS}
    for name, connection in slow.items():
        connection.sendall(DRIPS[name][0])
        connection.setblocking(False)
    while slow:
        time.sleep(0.05)
        for name in [name for name, connection in slow.items() if is_ended(connection)]:
            assert time.monotonic() - started > TIMEOUT * 0.9, name
            slow.pop(name).close()
        for name, connection in slow.items():
            with suppress(ConnectionError):  # it ends just now
                connection.sendall(DRIPS[name][1])
        assert time.monotonic() - started < TIMEOUT + STALL, slow.keys()
    assert impatient.client.get("/api/1/tasks").json() == []
    assert "Traceback" not in impatient.log()


def is_ended(connection: socket.socket) -> bool:
    """Whether the server has closed it; what else it said is passed over."""
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        pass
    return True


def size_of_long_list(server: Server) -> int:
    """The bytes of the owner's list, which has a hundred long tasks from now on."""
    for _ in range(100):
        task = {"title": "x", "description": "x" * 10_000}
        assert server.client.post("/api/1/tasks", json=task).status_code == 201
    return len(server.client.get("/api/1/tasks", headers={"Host": "localhost"}).content)


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(30)
def test_a_client_that_takes_no_answer_is_closed(impatient: Server) -> None:
    times, size = 10, size_of_long_list(impatient)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", impatient.port))
        connection.sendall(head("GET /api/1/tasks", HOST) * times)
        time.sleep(TIMEOUT * 2.5)
        received = 0
        connection.settimeout(5)
        try:
            while part := connection.recv(1 << 20):
                received += len(part)
        except ConnectionResetError:
            pass
    assert received < times * size


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(30)
def test_a_client_that_takes_its_answer_slowly_has_all_of_it(database: URL) -> None:
    """It takes longer than anyone may be silent, and is never silent for as long."""
    timeout, times = 3.0, 10
    with running(database, CLIENT_TIMEOUT=str(timeout)) as server:
        size = size_of_long_list(server)
        with connected(server) as connection:
            connection.sendall(head("GET /api/1/tasks", HOST) * times)
            started = time.monotonic()
            received = 0
            while received < times * size:
                part = connection.recv(times * size // 100)
                assert part
                received += len(part)
                time.sleep(timeout / 80)
    assert time.monotonic() - started > timeout


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(30)
@pytest.mark.parametrize("begun", [b"GET /", CHUNKED + b"5\r\n"], ids=["head", "body"])
def test_a_request_under_way_is_answered_though_the_next_one_is_late(
    impatient: Server, database: URL, begun: bytes
) -> None:
    with connected(impatient) as connection:
        with locked(database) as waiting:
            connection.sendall(head("GET /api/1/tasks", HOST) + begun)
            wait_until(waiting)
            time.sleep(TIMEOUT * 1.2)
        assert read_answer(connection)[0] == 200
        assert connection.recv(1) == b""


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(30)
def test_an_idle_connection_waits_for_its_next_request(impatient: Server) -> None:
    with connected(impatient) as connection:
        for pause in (TIMEOUT * 1.4, 0):
            connection.sendall(head("GET /health/live", HOST))
            assert read_answer(connection)[0] == 200
            time.sleep(pause)
