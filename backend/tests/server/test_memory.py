"""Memory follows the settings, not the number of clients, against the real server."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psutil
import pytest
from sqlalchemy.engine import URL

from backend.tests.support.raw import HOST, POST, connected, head, read_answer
from backend.tests.support.server import Server, running
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.requirement("NFR-21", "NFR-29")]

MEGABYTE = 1_048_576
TASK = b'{"title": "x", "url": "%b"}'
LARGE = TASK % (b"x" * (MEGABYTE - 100))


SMALL = {
    "MAX_CONCURRENCY": "1",
    "CLIENT_TIMEOUT": "60",  # none is let go for being slow here, but for the room it takes
    "MAX_BUFFERED_BYTES": str(16 * MEGABYTE),
    "MAX_UNSENT_BYTES": str(8 * MEGABYTE),
}


@pytest.fixture
def small_server(database: URL) -> Iterator[Server]:
    """A server with one place and little room, for bodies and for answers."""
    with running(database, **SMALL) as server:
        yield server


@pytest.fixture
def patient_server(database: URL) -> Iterator[Server]:
    """The same, where a request may wait long for the one place."""
    with running(database, ADMISSION_TIMEOUT="60", **SMALL) as server:
        yield server


def memory(server: Server) -> int:
    """Bytes of the process that are in memory."""
    size: int = psutil.Process(server.process.pid).memory_info().rss
    return size


def make_long_list(server: Server) -> int:
    """The bytes of the owner's list from now on: more than the kernel takes for a client."""
    for _ in range(150):
        task = {"title": "x", "description": "\U0001f600" * 10_000}
        assert server.client.post("/api/1/tasks", json=task).status_code == 201
    return len(server.client.get("/api/1/tasks").content)


def sent_until_blocked(connection: socket.socket, content: bytes) -> None:
    connection.settimeout(0.2)
    with suppress(TimeoutError, ConnectionError):
        connection.sendall(content)


@pytest.mark.threat(62, 67)
def test_bodies_that_are_half_sent_take_bounded_memory_and_let_small_ones_in(
    small_server: Server,
) -> None:
    before = memory(small_server)
    request = head(*POST, f"Content-Length: {len(LARGE)}")
    with ExitStack() as stack:
        halves = [stack.enter_context(connected(small_server)) for _ in range(100)]
        for connection in halves:
            sent_until_blocked(connection, request + LARGE[: MEGABYTE // 2])
        response = small_server.client.post("/api/2/tasks", json={"title": "x" * 200})
        assert response.status_code == 201
        assert memory(small_server) - before < 80 * MEGABYTE  # of 50 that were sent, and copies
    assert "MAX_BUFFERED_BYTES" in small_server.log(until="MAX_BUFFERED_BYTES")
    wait_until(
        lambda: (
            small_server.client.post(
                "/api/2/tasks", content=LARGE, headers={"Content-Type": "application/json"}
            ).is_success
        )
    )


@pytest.mark.threat(63, 67)
def test_clients_that_read_long_lists_slowly_hold_no_place_and_the_slowest_are_closed(
    patient_server: Server,
) -> None:
    size = make_long_list(patient_server)
    before = memory(patient_server)
    with ExitStack() as stack:
        readers = []
        for _ in range(20):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", patient_server.port))
            reader.sendall(head("GET /api/1/tasks", HOST) * 2)
            readers.append(reader)
            assert patient_server.client.get("/api/2/tasks").json() == []  # the one place is free
        assert memory(patient_server) - before < 70 * MEGABYTE  # 20 to 47 as malloc likes, else 125
        assert len(patient_server.client.get("/api/1/tasks").content) == size  # who reads, has it
        closed = sum(is_closed_early(reader, size) for reader in readers)
    assert 10 < closed < 20
    assert "MAX_UNSENT_BYTES" in patient_server.log()


def is_closed_early(reader: socket.socket, size: int) -> bool:
    reader.settimeout(5)
    received = 0
    try:
        while received < size:
            part = reader.recv(1 << 20)
            if not part:
                return True
            received += len(part)
    except ConnectionError:
        return True
    return False


@pytest.mark.threat(67)
def test_a_request_begins_when_the_answer_before_it_is_taken(small_server: Server) -> None:
    """Else each connection would hold one answer more than is counted."""
    make_long_list(small_server)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", small_server.port))
        delete = head("DELETE /api/1/tasks", HOST)
        connection.sendall(head("GET /api/1/tasks", HOST) + delete)
        time.sleep(0.3)
        assert len(small_server.client.get("/api/1/tasks").json()) == 150
        status, _, text = read_answer(connection)
        assert (status, text.count('"id"')) == (200, 150)
        wait_until(lambda: small_server.client.get("/api/1/tasks").json() == [])
