"""Files made to cost: each is refused, or read, within bounds."""

import io
import time
import tracemalloc
from collections.abc import Callable

import pytest

from backend.api.transfer import MAX_ITEMS, MAX_LINES, MAX_TASKS
from backend.services.transfer.formats import FORMATS
from backend.services.transfer.reading import Contents, Reading
from backend.services.transfer.source import Source
from backend.tests.support.files import UTC

pytestmark = pytest.mark.slow
SIZE = 10_485_760
LINES, ITEMS = "too_many_lines", "too_many"
CALENDAR = b"BEGIN:VCALENDAR\n"
TODO = b"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a\n"
END = b"END:VTODO\nEND:VCALENDAR\n"
ZONE = b"BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"


def filled(part: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """As large as one import may be."""
    return before + part * ((SIZE - len(before) - len(after)) // len(part)) + after


BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "nesting": ("json", lambda: filled(b"["), "too_deep"),
    "nested objects": ("json", lambda: filled(b'{"a":', b"["), "too_deep"),
    "empty arrays": ("json", lambda: filled(b"[],", b"["), "no_object"),
    "one long value": ("json", lambda: filled(b"[],", b'[{"title":['), "value_too_long"),
    "a long number": ("json", lambda: filled(b"9", b'[{"title":"x","order":'), "value_too_long"),
    "white space": ("json", lambda: filled(b" "), ""),
    "google nesting": ("google_tasks", lambda: filled(b'{"items":['), "too_deep"),
    "properties": ("ics", lambda: filled(b"A:1\n", TODO, END), "too_many_properties"),
    "components": ("ics", lambda: filled(b"BEGIN:VTODO\n", b"BEGIN:VCALENDAR\n"), "too_deep"),
    "a folded line": ("ics", lambda: filled(b"\n a", TODO), "line_too_long"),
    "a long line": ("ics", lambda: filled(b"a", TODO), "line_too_long"),
    "rules of a zone": (
        "ics",
        lambda: filled(b"RRULE:FREQ=SECONDLY\n", ZONE, b"END:STANDARD\nEND:VTIMEZONE\n" + END),
        LINES,
    ),
    "events": ("ics", lambda: filled(b"BEGIN:VEVENT\nEND:VEVENT\n", CALENDAR), ITEMS),
    "empty tasks": ("ics", lambda: filled(b"BEGIN:VTODO\nEND:VTODO\n", CALENDAR), ITEMS),
    "categories": ("ics", lambda: filled(b"CATEGORIES:" + b"," * 200_000 + b"\n", TODO, END), ""),
    "parameters": ("ics", lambda: filled(b"A;B=C:1\n", CALENDAR), LINES),
    "parameters of a line": (
        "ics",
        lambda: filled(b"DUE" + b";B=c" * 50_000 + b":1\n", TODO),
        "too_many_parameters",
    ),
    "empty objects": ("json", lambda: filled(b"{},", b"["), ITEMS),
    "lists of Google": ("google_tasks", lambda: filled(b"{},", b'{"items":['), ITEMS),
    "fields of Google": ("google_tasks", lambda: filled(b'"a":1,', b"{"), ITEMS),
    "deleted tasks": ("taskwarrior", lambda: filled(b'{"status":"deleted"},', b"["), ITEMS),
    "rows without a title": ("csv", lambda: filled(b",x\n", b"title,uid\n"), ITEMS),
    "one UID": ("csv", lambda: filled(b"a,x\n", b"title,uid\n"), ITEMS),
    "columns": ("csv", lambda: filled(b"a\n", b"title" + b",a" * 2000 + b"\n"), "too_many_columns"),
    "notes": ("todoist", lambda: filled(b"note,x\n", b"TYPE,CONTENT\ntask,x\n"), ITEMS),
    "one long note": (
        "todoist",
        lambda: filled(b"note," + b"x" * 1000 + b"\n", b"TYPE,CONTENT\ntask,x\n"),
        "",
    ),
    "nothing but UIDs": ("todotxt", lambda: filled(b"uid:a\n"), ITEMS),
    "commas": ("csv", lambda: filled(b",", b"title\n"), "line_too_long"),
    "a header of commas": ("csv", lambda: filled(b",", b"title"), "line_too_long"),
    "a large cell": ("csv", lambda: filled(b"x\n", b'title\n"'), "malformed_csv"),
    "rows": ("csv", lambda: filled(b"a\n", b"title,uid\n"), ""),
    "empty rows": ("csv", lambda: filled(b"\n", b"title,uid\n"), LINES),
    "no header": ("csv", lambda: filled(b"a\n"), "no_header"),
    "lines": ("todotxt", lambda: filled(b"a\n"), ""),
    "empty lines": ("todotxt", lambda: filled(b"\n"), LINES),
    "tags": ("todotxt", lambda: filled(b"@a "), "line_too_long"),
}


def read(format: str, body: bytes) -> Contents:
    source = Source(io.BytesIO(body), UTC, MAX_LINES, MAX_ITEMS)
    return Reading(FORMATS[format].read, source).take(MAX_TASKS + 1)


@pytest.mark.requirement("NFR-53")
@pytest.mark.parametrize("name", BOMBS)
def test_it_costs_little(name: str) -> None:
    kind, make, code = BOMBS[name]
    body, began = make(), time.process_time()
    contents = read(kind, body)
    assert time.process_time() - began < 20  # seconds on a slow machine; a bomb takes minutes
    assert [flaw.code for flaw in contents.flaws][:1] == ([code] if code else [])
    assert len(contents.flaws) <= 100


@pytest.mark.requirement("NFR-53")
@pytest.mark.parametrize("name", ["one long value", "commas", "rows"])
def test_it_takes_little_memory(name: str) -> None:
    kind, make, _ = BOMBS[name]
    body = make()
    tracemalloc.start()
    read(kind, body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000_000
