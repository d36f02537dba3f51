"""What is no proper HTTP/1.1, or too long, against the real server."""

import time

import pytest

from backend.tests.support.api import Api
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.raw import (
    CHUNKED,
    HOST,
    POST,
    answer,
    connected,
    head,
    read_answer,
    require_refusal,
)
from backend.tests.support.server import Server

ORIGIN = "http://localhost:3000"
TASK = b'{"title": "%s"}' % MARK.encode()
MALFORMED = {
    "a length and chunks": head(*POST, "Content-Length: 5", "Transfer-Encoding: chunked"),
    "chunks and a length": head(*POST, "Transfer-Encoding: chunked", "Content-Length: 5"),
    "two lengths": head(*POST, "Content-Length: 5", "Content-Length: 6"),
    "a signed length": head(*POST, "Content-Length: +5"),
    "a coding before chunks": head(*POST, "Transfer-Encoding: gzip, chunked"),
    "another coding": head(*POST, "Transfer-Encoding: identity"),
    "chunks in HTTP/1.0": CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a chunk without a size": CHUNKED + b"zz\r\n" + TASK,
    "a chunk that is too long": CHUNKED + b"1\r\n" + TASK,
    "no host": head("GET /api/1/tasks"),
    "two hosts": head("GET /api/1/tasks", HOST, HOST),
    "a bad host": head("GET /api/1/tasks", f"Host: a/{MARK}@b"),
    "raw bytes in the target": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "a control character in the target": head(f"GET /{MARK}\x01", HOST),
    "NUL in a header": head("GET /", HOST, f"X: {MARK}\0"),
    "a folded header": head("GET /", HOST, f"X: {MARK}", " folded"),
    "a space before the colon": head("GET /", HOST, f"X : {MARK}"),
    "line feeds alone": b"GET / HTTP/1.1\nHost: x\n\n",
    "an unknown version": head("GET /", HOST).replace(b"1.1", b"9.9"),
    "another version": head("GET /api/1/tasks", HOST).replace(b"1.1", b"2.0"),
    "a tunnel": head("CONNECT localhost:80", HOST),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(14)
def test_an_address_over_8_kb_is_refused(api: Api) -> None:
    url = api.tasks(f"{MARK}=")
    at_limit = url + "x" * (8192 - len(url))
    require_problem(api.client.get(at_limit), 400, "validation_error")
    response = api.client.get(f"{at_limit}x", headers={"Origin": ORIGIN})
    require_problem(response, 414, "uri_too_long", "xxxx")
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert api.statements == []


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(14)
def test_headers_over_32_kb_together_are_refused(api: Api) -> None:
    url = api.tasks()
    sent = api.client.get(url).request.headers.raw
    left = 32_768 - sum(len(name) + len(value) + 4 for name, value in sent)
    several = {"X-A": "x" * 8000, "Origin": ORIGIN}
    left -= sum(len(name) + len(value) + 4 for name, value in several.items()) + len("X-B") + 4
    assert api.client.get(url, headers={**several, "X-B": MARK * (left // len(MARK))}).is_success
    api.statements.clear()
    response = api.client.get(url, headers={**several, "X-B": "x" * (left + 1)})
    require_problem(response, 431, "headers_too_large", "xxxx")
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert api.statements == []


@pytest.mark.requirement("FR-12")
@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /" + b"x" * 70_000, 414, "uri_too_long"),
        (b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 70_000, 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 12_000, 431, "headers_too_large"),
        (CHUNKED + b"1;" + b"x" * 70_000, 431, "headers_too_large"),
        (CHUNKED + b"0\r\nX: " + b"x" * 70_000, 431, "headers_too_large"),
    ],
    ids=["target", "whole target", "one header", "many headers", "chunk extension", "trailer"],
)
@pytest.mark.threat(14)
def test_what_never_ends_is_refused_while_it_is_read(
    server: Server, sent: bytes, status: int, code: str
) -> None:
    with connected(server) as connection:
        connection.sendall(sent[:-69_000])
        time.sleep(0.02)  # the rest in a read of its own: where a part begins, nothing is counted
        connection.sendall(sent[-69_000:])
        time.sleep(0.02)
        connection.sendall(b"x" * 69_000)  # as a client does that has not read the answer yet
        require_refusal(connection, status, code)


@pytest.mark.requirement("FR-12", "NFR-20")
@pytest.mark.threat(18)
def test_what_is_not_http_is_refused_and_closed(server: Server) -> None:
    for name, sent in MALFORMED.items():
        with connected(server) as connection:
            connection.sendall(sent)
            status, headers, text = read_answer(connection)
            assert (status, headers["content-type"]) == (400, "application/problem+json"), name
            assert headers["x-request-id"] in text
            assert '"validation_error"' in text
            assert MARK not in text
            if name not in {"no host", "two hosts", "a bad host"}:  # the next is readable
                assert (headers["connection"], connection.recv(1)) == ("close", b""), name
    assert server.client.get("/api/1/tasks").json() == []
    log = server.log()
    assert "Traceback" not in log
    assert MARK not in log


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(18)
def test_a_broken_request_behind_a_good_one_takes_no_answer_of_it(server: Server) -> None:
    good = head("GET /api/1/tasks", HOST)
    for broken in (MALFORMED["a length and chunks"], MALFORMED["a chunk without a size"]):
        with connected(server) as connection:
            connection.sendall(good + broken)
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        assert received.count(b"HTTP/1.1 ") == (b" 200 " in received)
        assert b" 400 " not in received
    assert server.client.get("/api/1/tasks").json() == []


@pytest.mark.requirement("FR-12")
def test_a_trailer_is_no_header(server: Server) -> None:
    trailer = f"0\r\nX-Request-ID: {MARK}\r\nIdempotency-Key: {MARK}\r\n\r\n".encode()
    parts = CHUNKED, b"%x\r\n%b\r\n" % (len(TASK), TASK), trailer
    status, headers, _ = answer(server, b"".join(parts))
    assert (status, MARK in headers["x-request-id"]) == (201, False)


@pytest.mark.requirement("FR-12")
def test_an_offer_of_another_protocol_is_declined_and_the_body_is_read(server: Server) -> None:
    """As Java's client and `curl --http2` make it (RFC 9110, 7.8)."""
    offer = "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", f"Content-Length: {len(TASK)}"
    for upgrade in (offer, ("Connection: Upgrade", "Upgrade: websocket", offer[2])):
        with connected(server) as connection:
            for _ in range(2):
                connection.sendall(head(*POST, *upgrade))
                connection.sendall(TASK)
                assert read_answer(connection)[0] == 201
    assert len(server.client.get("/api/1/tasks").json()) == 4


@pytest.mark.requirement("FR-14")
@pytest.mark.parametrize("origin", [ORIGIN, "https://other.example"])
def test_a_browser_can_read_a_refusal_if_its_origin_may(server: Server, origin: str) -> None:
    status, headers, _ = answer(server, head("FOO /api/1/tasks", HOST, f"Origin: {origin}"))
    assert (status, headers["vary"]) == (400, "Origin")
    assert headers.get("access-control-allow-origin") == (ORIGIN if origin == ORIGIN else None)


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(30)
def test_requests_far_ahead_of_their_answers_end_the_connection(server: Server) -> None:
    """Two hundred thousand in one go took 400 MB."""
    one = head("GET /health/live", HOST)
    for sent, least, most in ((10, 11, 11), (2000, 0, 20)):
        with connected(server) as connection:
            connection.sendall(one * sent + head("GET /health/live", HOST, "Connection: close"))
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        assert least <= received.count(b"HTTP/1.1 200") <= most
