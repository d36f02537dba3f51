"""A record begins a line, and nothing that was sent, or that failed, can begin another."""

import json
import logging
import re
import sys

import pytest

from backend.observability.logs import JsonFormatter, TextFormatter

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
