"""iCalendar as other programs write it, written by us in their shape."""

from typing import Any

import pytest

from backend.tests.support.files import flaws, left_out, records, shown

pytestmark = pytest.mark.requirement("FR-52")


def calendar(*todo: str, before: str = "", end: str = "\r\n") -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *before.split("\n")]
    lines += ["BEGIN:VTODO", *todo, "END:VTODO", "END:VCALENDAR"]
    return "\r\n".join(line for line in lines if line) + end


def one(*todo: str, zone: str = "UTC", **more: str) -> dict[str, Any]:
    [record] = records("ics", calendar(*todo, **more), zone)
    return shown(record)


def test_apple_reminders() -> None:
    task = one(
        "UID:1B2C",
        "SUMMARY:Buy milk",
        "CREATED:20261101T100000Z",
        "LAST-MODIFIED:20261102T100000Z",
        "DUE;TZID=Europe/Berlin:20261201T093000",
        "PRIORITY:1",
        "STATUS:NEEDS-ACTION",
        "X-APPLE-SORT-ORDER:785345678",
        "RELATED-TO;RELTYPE=PARENT:0A1B",
        "BEGIN:VALARM",
        "SUMMARY:not the task's",
        "ACTION:DISPLAY",
        "END:VALARM",
        end="",
    )
    assert task == {
        "title": "Buy milk",
        "description": None,
        "completed": False,
        "completed_at": None,
        "priority": "high",
        "due_date": None,
        "due_at": "2026-12-01T08:30:00.000000Z",
        "tags": [],
        "repeat": None,
        "repeat_from": "due",
        "repeat_zone": None,
        "order": 785345678,
        "created_at": "2026-11-01T10:00:00.000000Z",
        "updated_at": "2026-11-02T10:00:00.000000Z",
        "uid": "1B2C",
        "parent_uid": "0A1B",
        "repeat_of_uid": None,
    }


def test_nextcloud_tasks() -> None:
    task = one(
        *("UID:n", "SUMMARY:A", "PERCENT-COMPLETE:100", "COMPLETED:20261103T100000Z"),
        *("CATEGORIES:home,a\\,b\\;c", "CATEGORIES:later", "DUE;VALUE=DATE:20261201"),
        "PRIORITY:9",
    )
    assert (task["completed"], task["completed_at"]) == (True, "2026-11-03T10:00:00.000000Z")
    assert task["tags"] == ["home", "a,b;c", "later"]
    assert (task["due_date"], task["due_at"], task["priority"]) == ("2026-12-01", None, "low")


def test_thunderbird() -> None:
    zone = "BEGIN:VTIMEZONE\nTZID:Home\nX-LIC-LOCATION:Europe/Berlin\nBEGIN:STANDARD\nEND:STANDARD\nEND:VTIMEZONE"  # noqa: E501
    todo = ("SUMMARY:A", "DTSTART;TZID=Home:20261201T090000", "DURATION:PT30M", "SEQUENCE:2")
    assert one(*todo, before=zone)["due_at"] == "2026-12-01T08:30:00.000000Z"
    for name in ("/mozilla.org/20050126_1/Europe/Berlin", '"W. Europe Standard Time"'):
        due = one("SUMMARY:A", f"DUE;TZID={name}:20261201T093000")["due_at"]
        assert due == "2026-12-01T08:30:00.000000Z"


def test_tasks_org_and_what_is_left_out() -> None:
    text = calendar(
        *(
            "UID:t",
            "SUMMARY:A",
            "RRULE:FREQ=HOURLY",
            "RELATED-TO;RELTYPE=CHILD:c",
            "DTSTART:20261130T080000Z",
        ),
        *(
            "DUE:20261201T080000Z",
            "PERCENT-COMPLETE:40",
            "STATUS:IN-PROCESS",
            "URL:https://a.example",
        ),
        *("LOCATION:x", "ATTACH:y", "ORGANIZER:z", "X-OTHER:1", "DTSTAMP:20261130T080000Z"),
    )
    told = {
        "repeat",
        "parent",
        "start",
        "progress",
        "link",
        "place",
        "attachment",
        "person",
        "other",
    }
    assert left_out("ics", text).keys() == told


@pytest.mark.requirement("FR-77")
def test_the_first_parent_counts_and_a_relation_of_no_type_is_one() -> None:
    parent, sibling = "RELATED-TO:p\\,q", "RELATED-TO;RELTYPE=SIBLING:s"
    for lines, told in (
        ([parent], set()),
        ([parent, "RELATED-TO;RELTYPE=parent:p\\,q"], set()),
        ([sibling, parent], {"parent"}),
        ([parent, "RELATED-TO:r"], {"parent"}),
    ):
        assert one("SUMMARY:a", *lines)["parent_uid"] == "p,q"
        assert left_out("ics", calendar("SUMMARY:a", *lines)).keys() == told
    assert one("SUMMARY:a", "RELATED-TO:")["parent_uid"] is None


def test_a_change_of_one_repetition_is_no_task() -> None:
    second = "UID:u\r\nRECURRENCE-ID:20261201T080000Z\r\nSUMMARY:only then"
    both = calendar("UID:u", "SUMMARY:A", "END:VTODO", "BEGIN:VTODO", second)
    assert [record.values["title"] for record in records("ics", both)] == ["A"]
    assert left_out("ics", both) == {"exception": [7]}


def test_events_are_no_tasks() -> None:
    event = "BEGIN:VEVENT\nSUMMARY:party\nEND:VEVENT"
    assert len(records("ics", calendar("SUMMARY:A", before=event))) == 1
    assert left_out("ics", calendar("SUMMARY:A", before=event)) == {"no_task": [3]}


def test_lines_are_unfolded_as_bytes() -> None:
    text = calendar("SUMMARY:Grüße", "DESCRIPTION:one\\ntwo\\, three\\\\n").encode()
    at = text.index("ü".encode()) + 1  # within the character
    folded = text[:at] + b"\r\n " + text[at:]
    [record] = records("ics", folded)
    assert record.values["title"] == "Grüße"
    assert record.values["description"] == "one\ntwo, three\\n"
    assert records("ics", folded.replace(b"\r\n", b"\n"))[0].values == record.values


def test_priorities_and_states() -> None:
    ranks = [one("SUMMARY:A", f"PRIORITY:{number}")["priority"] for number in range(10)]
    assert ranks == ["none", *["high"] * 4, "medium", *["low"] * 4]
    assert one("SUMMARY:A", "STATUS:CANCELLED")["completed"]
    assert not one("SUMMARY:A", "STATUS:NEEDS-ACTION", "COMPLETED:20261103T100000Z")["completed"]
    assert left_out("ics", calendar("SUMMARY:A", "STATUS:CANCELLED")) == {"cancelled": [3]}


def test_a_zone_that_nobody_knows_is_reported_and_not_guessed() -> None:
    text = calendar("SUMMARY:A", "DUE;TZID=Nowhere/At All:20261201T093000")
    assert shown(records("ics", text)[0])["due_at"] is None
    assert left_out("ics", text) == {"due": [3]}


def test_exact_values_of_ours_count_until_the_plain_ones_are_changed() -> None:
    exact = 'X-TASKS-EXACT:{"title":"a\\\\u0007"\\,"due_at":"2026-12-01T08:30:00.5Z"}'
    due = "DUE:20261201T083000Z"
    assert one("SUMMARY:a", due, exact)["title"] == "a\a"
    assert one("SUMMARY:changed", due, exact)["title"] == "changed"
    for broken in ("[", "[1]", '{"title":5}', '{"nonsense":1\\,"tags":7}', '{"due_at":"x"}'):
        assert one("SUMMARY:a", due, f"X-TASKS-EXACT:{broken}")["title"] == "a"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (calendar("SUMMARY:A", "DUE:20261301"), (5, "DUE", "invalid")),
        (calendar("SUMMARY:A", "CREATED:yesterday"), (5, "CREATED", "invalid")),
        (calendar("DTSTART:20261201T083000Z", "DURATION:long"), (5, "DURATION", "invalid")),
        (calendar("SUMMARY:A", "DUE:99991231T235959", before=""), None),
        ("BEGIN:VCALENDAR\nEND:VTODO\n", (2, "", "malformed_line")),
        ("BEGIN:VTODO\nEND:VTODO\n", (1, "", "no_calendar")),
        ("", (1, "", "unfinished")),
    ],
)
def test_what_cannot_be_read_is_said(text: str, found: tuple[int, str, str] | None) -> None:
    assert flaws("ics", text) == ([found] if found else [])
