"""Bodies of many clients, and answers that are read slowly, in a real server with little room."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy.engine import URL

from backend.tests.support.raw import HOST, POST, connected, head, read_answer
from backend.tests.support.server import Server, running
from backend.tests.support.waiting import wait_until

ROOM = 300_000


@pytest.fixture(scope="module")
def small_process(committed_database: URL) -> Iterator[Server]:
    """With one slot, and room for the bodies of three."""
    settings = {"MAX_CONCURRENCY": "1", "MAX_BUFFERED_BYTES": str(ROOM), "ADMISSION_TIMEOUT": "5"}
    with running(committed_database, **settings) as server:
        yield server


@pytest.fixture
def small(small_process: Server, database: URL) -> Server:
    small_process.forget_log()
    return small_process


def half(server: Server, size: int) -> socket.socket:
    """A client that has sent this much of twice as much."""
    connection = connected(server)
    connection.sendall(head(*POST, f"Content-Length: {2 * size}") + b" " * size)
    return connection


@pytest.mark.requirement("NFR-21")
def test_bodies_beyond_the_bound_of_the_process_are_503_until_there_is_room(small: Server) -> None:
    with ExitStack() as clients:
        held = [clients.enter_context(half(small, ROOM // 3)) for _ in range(3)]
        with half(small, ROOM // 3) as too_many:
            status, headers, text = read_answer(too_many)
        assert (status, json.loads(text)["code"]) == (503, "overloaded")
        assert int(headers["retry-after"]) >= 1
        assert small.client.get("/api/1/tasks").is_success, "which has no body"
        held[0].close()
        create = {"title": "x", "description": "x" * 10_000}
        wait_until(lambda: small.client.post("/api/1/tasks", json=create).status_code == 201)
    assert small.log().count("MAX_BUFFERED_BYTES") == 1


@pytest.mark.requirement("NFR-21")
def test_clients_that_do_not_read_their_answers_keep_no_slot(small: Server) -> None:
    for _ in range(50):
        task = {"title": "x", "description": "😀" * 10_000}
        assert small.client.post("/api/1/tasks", json=task).status_code == 201
    with ExitStack() as clients:
        for _ in range(4):
            slow = clients.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", small.port))
            slow.sendall(head("GET /api/1/tasks", HOST))
            assert slow.recv(12) == b"HTTP/1.1 200"
        assert small.client.get("/api/2/tasks").json() == []
