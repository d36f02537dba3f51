"""Bodies over the limit: refused while they are read, before anything is done."""

import json
import socket
from collections.abc import Iterator
from itertools import product

import pytest

from backend.tests.support.api import Api
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.raw import answer
from backend.tests.support.server import Server

LIMIT = 1_048_576
JSON = {"Content-Type": "application/json"}
WRITES = ["create", "replace", "patch", "toggle", "complete"]


def body(size: int) -> bytes:
    """A valid task of exactly this many bytes, but for the length of its description."""
    head = b'{"user_id": 1, "title": "%s", "description": "' % MARK.encode()
    return head + b"x" * (size - len(head) - 2) + b'"}'


def in_chunks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), 65536):
        yield content[start : start + 65536]


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(4)
@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize("verb", WRITES)
def test_a_body_over_the_limit_is_refused_and_nothing_is_done(
    api: Api, verb: str, chunked: bool
) -> None:
    task = api.create(title="kept").json()
    request = {**api.verbs(task["id"]), "create": api.surface.create(1)}[verb]
    content = in_chunks(body(LIMIT + 1)) if chunked else body(LIMIT + 1)
    response = api.client.request(request.method, request.url, content=content, headers=JSON)
    statements = list(api.statements)
    require_problem(response, 413, "payload_too_large", "xxxx")
    assert statements == []
    assert api.list().json() == [task]


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(40)
@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize("content", [b'{"ids": [1]}', b" ", b"x" * (LIMIT + 1)], ids=len)
def test_a_request_that_takes_no_body_refuses_one_and_does_nothing(
    api: Api, content: bytes, chunked: bool
) -> None:
    task = api.create(title="kept").json()
    one, many = api.task(task["id"]), api.tasks()
    requests = [*product(("GET", "HEAD", "DELETE"), (one, many))]
    requests += [("POST", api.task(task["id"], "/restore")), ("GET", "/health/live")]
    for method, url in requests:
        sent = in_chunks(content) if chunked else content
        response = api.client.request(method, url, content=sent, headers=JSON)
        assert api.statements == []
        if method == "HEAD":
            assert (response.status_code, response.content) == (400, b"")
            continue
        problem = require_problem(response, 400, "validation_error", "xxxx")
        assert [(e["loc"], e["code"]) for e in problem["errors"]] == [("body", "unexpected_body")]
    assert api.client.get(many).json() == [task]


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(40)
@pytest.mark.parametrize("kind", [{}, {"Content-Type": "text/plain"}, {"Content-Encoding": "gzip"}])
def test_the_body_of_such_a_request_is_refused_whatever_it_says_it_is(
    api: Api, kind: dict[str, str]
) -> None:
    task = api.create(title="kept").json()
    response = api.client.request("DELETE", api.tasks(), content=b"\x1f\x8b", headers=kind)
    require_problem(response, 400, "validation_error")
    assert api.list().json() == [task]


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(4)
@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_a_body_at_the_limit_is_read(api: Api, chunked: bool) -> None:
    content = in_chunks(body(LIMIT)) if chunked else body(LIMIT)
    response = api.client.request("POST", api.surface.create(1).url, content=content, headers=JSON)
    problem = require_problem(response, 400, "validation_error", "xxxx")
    assert [error["loc"] for error in problem["errors"]] == ["body.description"]


def head(path: str, *lines: str) -> bytes:
    """The head of a request that creates a task."""
    fixed = (f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json")
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(4)
def test_the_server_refuses_without_reading_the_rest(server: Server) -> None:
    """No request ever ends: an answer proves that the rest is not waited for."""
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    for path in ("/api/1/tasks", "/api/v1/tasks"):
        declared = head(path, "Content-Length: 50000000"), body(LIMIT)[:1000]
        chunked = head(path, "Transfer-Encoding: chunked"), *[chunk] * 17
        for parts in (declared, chunked):
            status, headers, text = answer(server, *parts)
            assert (status, headers["content-type"]) == (413, "application/problem+json")
            assert json.loads(text)["code"] == "payload_too_large"
            assert json.loads(text)["request_id"] == headers["x-request-id"]
            assert MARK not in text
            assert "xxxx" not in text
    assert server.client.get("/api/1/tasks").json() == []


@pytest.mark.requirement("FR-12")
def test_a_client_that_leaves_before_its_body_is_read_is_no_defect(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = "POST /api/1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    assert server.client.get("/api/1/tasks").json() == []
    log = server.log(until="the client left")
    assert "Traceback" not in log
