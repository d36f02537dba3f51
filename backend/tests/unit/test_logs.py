"""A record begins a line, and nothing that was sent, or that failed, can begin another."""

import json
import logging
import re
import sys

import pytest

from backend.observability.logs import (
    JsonFormatter,
    TextFormatter,
    request_id,
    request_scope,
)
from backend.observability.tracing import trace_id

FORGED = "2026-11-21T07:45:33.258Z INFO backend.access [x] GET /admin 200 1.0 ms"
HOSTILE = f"a\n{FORGED}\r{FORGED}\x1b[2J\x85{FORGED}\u2028{FORGED}\x00\u202e"
START = re.compile(r"^\d{4}-\d\d-\d\dT", re.MULTILINE)


def fail() -> None:
    raise ValueError(HOSTILE)


def record(message: str, *, failed: bool = False) -> logging.LogRecord:
    """A record with hostile text in its message, or in the exception that it tells of."""
    trace = None
    if failed:
        try:
            fail()
        except ValueError:
            trace = sys.exc_info()
    return logging.LogRecord("backend.x", logging.ERROR, __file__, 1, message, None, trace)


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(20)
def test_a_message_is_one_line_of_printable_characters() -> None:
    line = TextFormatter().format(record(HOSTILE))
    assert line.isprintable()
    assert len(START.findall(line)) == 1


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(20)
def test_a_trace_begins_no_line_as_a_record_does() -> None:
    text = TextFormatter().format(record("unforeseen", failed=True))
    first, *rest = text.split("\n")
    assert "Traceback" in text
    assert all(line.isprintable() for line in (first, *rest))
    assert all(line.startswith("    ") for line in rest)
    assert len(START.findall(text)) == 1


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(20)
def test_json_is_one_line_of_ascii_whatever_is_in_it() -> None:
    line = JsonFormatter().format(record(HOSTILE, failed=True))
    assert line.isascii()
    assert line.isprintable()
    entry = json.loads(line)
    assert entry["message"] == HOSTILE
    assert HOSTILE.partition("\r")[0] in entry["trace"]


@pytest.mark.requirement("FR-66")
def test_a_line_tells_owner_route_request_and_trace_of_its_request() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    sent = [(b"host", b"x"), (b"traceparent", f"00-{trace}-b7ad6b7169203331-01".encode())]
    state = {"owner": 7, "route": "/api/{user_id}/tasks", "waits_since": 1.0}
    ended = request_scope.set({"headers": sent, "state": state})
    named = request_id.set("r-1")
    try:
        line, entry = TextFormatter().format(record("x")), JsonFormatter().format(record("x"))
    finally:
        request_scope.reset(ended)
        request_id.reset(named)
    assert line.endswith(f"[r-1] x owner=7 route=/api/{{user_id}}/tasks trace_id={trace}")
    told = json.loads(entry)
    assert told["request_id"] == "r-1"
    assert (told["owner"], told["route"], told["trace_id"]) == (7, state["route"], trace)
    assert "waits_since" not in told
    assert TextFormatter().format(record("x")).endswith("] x")


@pytest.mark.requirement("FR-66")
def test_a_traceparent_that_is_none_is_not_told() -> None:
    for hostile in (b"", b"00-x", b"00-" + b"0" * 31 + b"g-b7ad6b7169203331-01", b"\xff" * 60):
        assert trace_id([(b"traceparent", hostile)]) is None
