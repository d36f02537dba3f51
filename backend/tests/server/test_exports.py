"""Exports against the real server: slow and absent clients, many at once, a lost database."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest
from sqlalchemy.engine import URL

from backend.tests.support.api import Api
from backend.tests.support.commands import execute
from backend.tests.support.problems import require_problem
from backend.tests.support.raw import HOST, head
from backend.tests.support.server import Server, running
from backend.tests.support.surfaces import PRIMARY
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-50", "NFR-52")]

EXPORT = "/api/1/tasks/export?format=json"
NUMBER = 6000
LONG = """
INSERT INTO task_lists (user_id, revision, changed_at) VALUES (1, 10000, now());
INSERT INTO tasks (user_id, id, title, description, completed, priority, tags, revision,
    created_at, updated_at)
SELECT 1, n, 'Task ' || n, repeat('x', 3000), false, 0, '{}', n,
    '2026-01-01Z'::timestamptz + n * interval '1 second', now()
FROM generate_series(1, 6000) AS n;
"""
BUSY = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND xact_start < now() - interval '1 second'"
)


@pytest.fixture
def small_server(database: URL) -> Iterator[Server]:
    """A server with one connection, one place, and places for four exports."""
    execute(database, LONG)
    settings = {"MAX_CONCURRENCY": "1", "POOL_SIZE": "1", "MAX_EXPORTS": "4", "RETRY_WINDOW": "0"}
    with running(database, CLIENT_TIMEOUT="12", **settings) as server:
        yield server


def asked(stack: ExitStack, server: Server) -> tuple[socket.socket, bytes]:
    """A client that asks for an export, and reads no more than its status line."""
    reader = stack.enter_context(socket.socket())
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(("127.0.0.1", server.port))
    reader.sendall(head("GET /api/1/tasks/export?format=json", HOST))
    return reader, reader.recv(15)


def begun(stack: ExitStack, server: Server) -> socket.socket:
    reader, line = asked(stack, server)
    assert line == b"HTTP/1.1 200 OK"
    return reader


def has_whole_share(server: Server) -> bool:
    """Whether no export of this owner is under way: there is room for all that it may have."""
    with ExitStack() as stack:
        return all(asked(stack, server)[1] == b"HTTP/1.1 200 OK" for _ in range(3))


def test_slow_clients_hold_no_place_and_no_transaction_and_are_closed(
    small_server: Server, database: URL
) -> None:
    api = Api(small_server.client, PRIMARY)
    with ExitStack() as stack:
        readers = [begun(stack, small_server) for _ in range(3)]
        assert len(api.list(limit=3).json()) == 3  # the one place is free
        assert api.of(2).made()["title"] == "Buy milk"
        assert execute(database, BUSY) == [(0,)]
        problem = require_problem(api.export("csv"), 503, "overloaded")  # this owner has its share
        assert "exports" in problem["detail"]
        assert len(api.of(2).export("json").json()) == 1
        wait_until(lambda: has_whole_share(small_server))
        assert all(map(is_closed, readers))
    assert len(api.export("json").json()) == NUMBER
    assert "Traceback" not in small_server.log()


def is_closed(reader: socket.socket) -> bool:
    """Whether the server has ended the connection: what it sent before is read away."""
    reader.settimeout(10)
    with suppress(ConnectionError):
        while part := reader.recv(1 << 20):
            if part.endswith(b"0\r\n\r\n"):
                return False
    return True


def test_a_client_that_leaves_ends_its_export(small_server: Server) -> None:
    api = Api(small_server.client, PRIMARY)
    for _ in range(5):  # more than there are places
        with ExitStack() as stack:
            begun(stack, small_server)
        wait_until(lambda: api.export("csv", completed=True).status_code == 200)
    assert all(small_server.client.head(EXPORT).status_code == 200 for _ in range(5))


def test_an_export_that_cannot_be_finished_does_not_look_like_a_whole_one(
    small_server: Server, database: URL
) -> None:
    with small_server.client.stream("GET", "/api/1/tasks/export?format=json") as answer:
        parts = answer.iter_raw()
        next(parts)
        execute(database, "ALTER TABLE tasks RENAME TO tasks_away")
        try:
            with pytest.raises(httpx.RemoteProtocolError):
                list(parts)
        finally:
            execute(database, "ALTER TABLE tasks_away RENAME TO tasks")
    assert "a stream ended before its end" in small_server.log(until="a stream ended")
    assert "Traceback" not in small_server.log()
