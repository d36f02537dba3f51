"""Hosts of every spelling: served, refused, or of no account; a malformed HEAD has no body."""

from contextlib import suppress

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.tests.support.databases import settings_for
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.raw import HOST, connected, head
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.server import Server

pytestmark = pytest.mark.requirement("FR-12", "NFR-29")


@pytest.mark.threat(72)
@pytest.mark.parametrize(
    "host",
    [
        *("a:99999", "a:65536", "[::::::]", "[::1", "[1.2.3.4]", "[::1]:65536", "[::g]", "[]"),
        *("::1", "[1:2:3:4:5:6:7:8:9]", "[::1]x", "a:b", "a:-1", "a:+1", "a: 1", "..", "a..b"),
        *("a" * 64, "a." * 2000),
        *("[" + ":" * 5000 + "]", "a:" + "0" * 5000, "@", f"user@{MARK}", "a/b"),
    ],
    ids=lambda host: host[:20],
)  # fmt: skip
def test_a_host_that_cannot_be_is_refused(client: RecordingClient, host: str) -> None:
    for url in ("/api/1/tasks", "/health/live"):
        response = client.get(url, headers={"Host": host})
        require_problem(response, 400, "validation_error")
    assert client.recorder.statements == []


@pytest.mark.threat(72)
@pytest.mark.parametrize(
    "host", ["a:65535", "a:", "[::1]:80", "[::]", "[::ffff:1.2.3.4]", "1.2.3.4", "A.b.", "x_y:0"]
)
def test_a_host_that_can_be_is_served(client: RecordingClient, host: str) -> None:
    assert client.get("/api/1/tasks", headers={"Host": host}).json() == []


@pytest.mark.threat(52)
def test_the_health_is_told_whatever_the_host_and_a_final_dot_does_not_matter(
    shared_database: URL,
) -> None:
    settings = settings_for(shared_database, trusted_hosts="tasks.example.com,*.tasks.example")
    with TestClient(create_app(settings)) as client:
        for host in ("tasks.example.com", "TASKS.example.com.", "tasks.example.com.:8000",
                     "a.tasks.example", "a.tasks.example.", "a.b.tasks.example.:80"):  # fmt: skip
            assert client.get("/api/1/tasks", headers={"Host": host}).status_code == 200, host
        for host in ("10.1.2.3", "10.1.2.3:8000", "[fd00::1]:8000", "localhost", "other.example."):
            for probe in ("/health/live", "/health/ready"):
                assert client.get(probe, headers={"Host": host}).status_code == 200
                assert client.head(probe, headers={"Host": host}).status_code == 200
            for url in ("/api/1/tasks", "/openapi.json", "/health", "/healthy", "/api/health/live"):
                response = client.get(url, headers={"Host": host})
                require_problem(response, 400, "validation_error")


@pytest.mark.threat(72)
@pytest.mark.parametrize(
    "sent",
    [
        head("HEAD /", HOST, f"X: {MARK}\0"),
        head("HEAD /", HOST).replace(b"1.1", b"9.9"),
        head("HEAD /", HOST, "Content-Length: 1", "Transfer-Encoding: chunked"),
        head("HEAD /", HOST, "Transfer-Encoding: chunked") + b"zz\r\n",
        b"HEAD /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HEAD / HTTP/1.1\nHost: x\n\n",
        b"HEAD /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        head("HEAD /", "Host: a:99999"),
        head("HEAD /", "Host: [::::::]", "Connection: close"),
        head("HEAD /"),
    ],
    ids=lambda sent: ascii(sent[:60]),
)
def test_a_malformed_head_is_answered_without_a_body(server: Server, sent: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(sent)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65_536)
        connection.settimeout(0.3)
        with suppress(TimeoutError):  # the connection stays, for the next request
            received += connection.recv(65_536)
    answer, _, body = received.partition(b"\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 414"))
    assert body == b""
    assert MARK.encode() not in answer


@pytest.mark.threat(72)
def test_a_malformed_get_after_a_head_has_its_body(server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(head("HEAD /health/live", HOST))
        while b"\r\n\r\n" not in connection.recv(65_536):
            pass
        connection.sendall(head("GET /", HOST, "X: \0"))
        assert b'"validation_error"' in b"".join(iter(lambda: connection.recv(65_536), b""))
