"""How files are read whatever their program: line ends, numbers, and what cannot be read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.services.transfer.source import MAX_LINE
from backend.tests.support.files import flaws, left_out, records

pytestmark = pytest.mark.requirement("FR-51")


def values(format: str, text: str, name: str) -> list[Any]:
    """This field of each task."""
    return [record.values[name] for record in records(format, text)]


@pytest.mark.parametrize("order", ["7.0", "-1.00", "9223372036854775807"])
def test_a_whole_number_may_be_written_with_a_fraction_of_zero(order: str) -> None:
    for kind, text in (
        ("json", f'{{"title": "a", "order": {order}}}'),
        ("csv", f"title,order\na,{order}\n"),
    ):
        assert values(kind, text, "order") == [int(order.partition(".")[0])]
    assert flaws("json", '{"title": "a", "order": 1.5}') == [(1, "order", "invalid")]


@pytest.mark.parametrize("format", ["csv", "todoist", "ticktick", "todotxt"])
def test_a_carriage_return_alone_ends_a_line(format: str) -> None:
    heads = {"csv": "title", "todoist": "TYPE,CONTENT", "ticktick": "Title,List Name"}
    begin = {"todoist": "task,"}.get(format, "")
    rows = [heads[format]] if format in heads else []
    rows += [f"{begin}task {number}" for number in range(3)]
    assert values(format, "\r".join(rows), "title") == ["task 0", "task 1", "task 2"]


def test_a_carriage_return_in_a_quoted_cell_stays_in_it() -> None:
    cell = "a\rb" * 1000
    text = "title,description\r" + "".join(f'{n},"{cell}"\r' for n in range(99))
    assert len(text) > MAX_LINE
    assert values("csv", text, "description") == [cell] * 99


@pytest.mark.parametrize(
    ("format", "text", "code"),
    [
        ("todoist", "a,b\n1,2\n", "no_header"),
        ("todoist", 'TYPE,CONTENT\ntask,"Buy', "unfinished"),
        ("csv", 'title,tags\na,"b,c', "unfinished"),
        ("csv", f"title,{'x' * 140_000}\n", "malformed_csv"),
        ("json", f'{{"title": "a", "tags": "{"x" * 140_000}"}}', "invalid"),
        ("json", '[\n{"title": "a"},\n', "malformed_json"),
        ("json", '[\n{"title": "a"}', "malformed_json"),
        ("taskwarrior", '[{"description": "a"},\n', "malformed_json"),
        ("google_tasks", "[]", "malformed_json"),
        ("google_tasks", '{"items": [{"items": [5]}]}', "no_object"),
        ("google_tasks", '{"items": [{"items": [{"title": 5}]}]}', "invalid"),
        ("google_tasks", '{"items": [{"items": [{"title": "x", "due": "soon"}]}]}', "invalid"),
        ("taskwarrior", "[5]", "no_object"),
        ("taskwarrior", '{"description": "x", "entry": "2026-01-01"}', "invalid"),
        ("taskwarrior", '{"description": "x", "tags": [5]}', "invalid"),
        ("ticktick", "List Name,Title,Due Date\na,b,tomorrow\n", "invalid"),
        ("ticktick", "List Name,Title,Order\na,b,x\n", "invalid"),
    ],
)
def test_what_cannot_be_read_is_said(format: str, text: str, code: str) -> None:
    assert [one[2] for one in flaws(format, text)] == [code]


LOSSES: list[tuple[str, str, set[str]]] = [
    *(
        (
            "ics",
            f"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a\n{line}\nEND:VTODO\nEND:VCALENDAR",
            {what},
        )
        for line, what in (
            ("STATUS:FOO", "other"),
            ("STATUS:IN-PROCESS", "progress"),
            ("PRIORITY:high", "other"),
            ("PRIORITY:99", "other"),
            ("PERCENT-COMPLETE:abc", "other"),
            ("PERCENT-COMPLETE:101", "other"),
            ("SUMMARY:b", "other"),
            ("DURATION:PT1H", "other"),
            ("COMPLETED:20260101T000000Z\nSTATUS:NEEDS-ACTION", "other"),
        )
    ),
    *(
        ("google_tasks", f'{{"items": [{{"items": [{{"title": "a", {field}}}]}}]}}', {what})
        for field, what in (
            ('"starred": true', "other"),
            ('"assignmentInfo": {"a": 1}', "person"),
            ('"colour": "red"', "other"),
            ('"scheduled_time": [{"start": "2026-01-01T00:00:00Z"}]', "due"),
            ('"status": "odd"', "other"),
        )
    ),
    ("taskwarrior", '{"description": "a", "priority": "X"}', {"other"}),
    ("todoist", "TYPE,CONTENT,COLOUR\ntask,a,red\n", {"other"}),
    ("todoist", "TYPE,CONTENT,PRIORITY\ntask,a,9\n", {"other"}),
    ("todoist", "TYPE,CONTENT,INDENT\ntask,a,x\n", {"other"}),
    ("todoist", "TYPE,CONTENT,DATE,TIMEZONE\ntask,a,2026-01-01 09:00,Nowhere\n", {"due"}),
    ("ticktick", "Title,List Name,Colour\na,b,red\n", {"other"}),
    ("ticktick", "Title,Priority\na,7\n", {"other"}),
    ("ticktick", "Title,Status\na,9\n", {"other"}),
    (
        "ticktick",
        "Title,Due Date,Timezone,Is All Day\na,2026-01-01T23:00:00+0000,Nowhere,true\n",
        {"due"},
    ),
    ("csv", "title,order\na,1,more\n", {"other"}),
    ("csv", "title,title\na,b\n", {"other"}),
    ("json", '{"title": "a", "completed_at": "2026-01-01T00:00:00Z"}', {"other"}),
]


@pytest.mark.parametrize(("format", "text", "lost"), LOSSES)
def test_nothing_is_dropped_in_silence(format: str, text: str, lost: set[str]) -> None:
    assert left_out(format, text).keys() == lost
    assert values(format, text, "title") == ["a"]


def test_a_line_of_nothing_but_tags_and_keys_is_called_by_them() -> None:
    text = "@a +b uid:1\n2026-01-01 due:2026-01-01 uid:2\n"
    assert values("todotxt", text, "title") == ["@a +b", "due:2026-01-01"]
    assert values("todotxt", text, "tags") == [["a", "b"], []]


def test_a_leap_second_is_the_one_before_it() -> None:
    todo = "BEGIN:VTODO\nSUMMARY:a\nDUE:20161231T235960Z\nEND:VTODO"
    [due] = values("ics", f"BEGIN:VCALENDAR\n{todo}\nEND:VCALENDAR", "due_at")
    assert due == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert values("json", '{"title": "a", "due_at": "2016-12-31T23:59:60.5Z"}', "due_at") == [
        due.replace(microsecond=500_000)
    ]
