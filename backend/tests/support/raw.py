"""Bytes that no HTTP client would send."""

import json
import socket
from http.client import HTTPResponse

from backend.tests.support.problems import MARK
from backend.tests.support.server import Server


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def head(line: str, *headers: str) -> bytes:
    """A request up to its body: `head("GET /", "Host: x")`."""
    return "\r\n".join([f"{line} HTTP/1.1", *headers, "", ""]).encode()


HOST = "Host: localhost"
POST = ("POST /api/1/tasks", HOST, "Content-Type: application/json")
CHUNKED = head(*POST, "Transfer-Encoding: chunked")


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], str]:
    """The next answer: status, headers, body."""
    with HTTPResponse(connection, method="POST") as response:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, response.read().decode()


def answer(server: Server, *parts: bytes) -> tuple[int, dict[str, str], str]:
    """What the server answers these bytes with, while more may be due: status, headers, body."""
    with connected(server) as connection:
        for part in parts:
            connection.sendall(part)
        return read_answer(connection)


def require_refusal(connection: socket.socket, status: int, code: str) -> None:
    """Read one problem, which repeats nothing, and the end of the connection."""
    got, headers, text = read_answer(connection)
    assert (got, headers["content-type"]) == (status, "application/problem+json"), text
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    problem = json.loads(text)
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"] == headers["x-request-id"]
    assert MARK not in f"{headers}{text}"
    assert connection.recv(1) == b""
