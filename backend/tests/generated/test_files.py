"""Tasks of every content go out and come in through each format."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

from backend.services.transfer.cells import neutral, restored
from backend.tests.support.files import NASTY, families, out, records, shown, tasks

pytestmark = pytest.mark.slow

EXAMPLES = settings(max_examples=40, deadline=None)


@pytest.mark.requirement("FR-53")
@pytest.mark.parametrize("format", ["json", "ics", "csv"])
@EXAMPLES
@given(families())
def test_these_formats_lose_nothing(format: str, sent: list[dict[str, Any]]) -> None:
    file = out(format, sent[:1], sent[1:]) if sent[1:] else out(format, sent)
    assert [shown(record) for record in records(format, file)] == sent


@pytest.mark.requirement("FR-50")
@EXAMPLES
@given(tasks())
def test_todo_txt_carries_what_it_says_it_carries(task: dict[str, Any]) -> None:
    task |= {"title": f"Buy {len(task['title'])} things", "tags": ["home", "a,b"]}
    is_plain = "BY" not in (task["repeat"] or "")
    [record] = records("todotxt", out("todotxt", [task]))
    came = shown(record)
    for name in ("title", "completed", "priority", "tags", "uid"):
        assert came[name] == task[name]
    due = task["due_date"] or (task["due_at"] and task["due_at"][:10])
    assert came["due_date"] == due
    assert came["created_at"][:10] == task["created_at"][:10]
    assert (came["completed_at"] or "")[:10] == (task["completed_at"] or "")[:10]
    assert came.get("repeat") == (task["repeat"] if is_plain else None)
    if came.get("repeat"):
        assert came["repeat_from"] == task["repeat_from"]


@pytest.mark.requirement("FR-50")
@EXAMPLES
@given(st.lists(tasks(), min_size=1, max_size=3))
def test_todo_txt_has_a_line_for_each_task_whatever_it_holds(sent: list[dict[str, Any]]) -> None:
    lines = out("todotxt", sent).decode().split("\n")
    assert len(lines) == len(sent) + 1
    assert len(records("todotxt", out("todotxt", sent))) == len({task["uid"] for task in sent})


@pytest.mark.requirement("FR-53")
@EXAMPLES
@given(tasks())
def test_two_other_readers_understand_our_icalendar(task: dict[str, Any]) -> None:
    task |= {"title": "Milk, bread; butter", "tags": ["home", "später"], "order": 5}
    task |= {"parent_uid": "1.1.2@tasks.invalid", "repeat_of_uid": "before"}
    file = out("ics", [task])
    calendar: Any = Calendar.from_ical(file)
    [todo] = calendar.walk("VTODO")
    assert (str(todo["UID"]), str(todo["SUMMARY"])) == (task["uid"], task["title"])
    assert list(map(str, todo["CATEGORIES"].cats)) == task["tags"]
    read: Any = IcsCalendarStream.calendar_from_ics(file.decode())
    [other] = read.todos
    assert (other.uid, other.summary) == (task["uid"], task["title"])
    assert other.categories == task["tags"]
    [related], theirs = other.related_to, todo["RELATED-TO"]
    assert str(theirs) == related.uid == task["parent_uid"]
    assert theirs.params["RELTYPE"] == related.reltype.value == "PARENT"
    for due in (todo.get("DUE") and todo["DUE"].dt, other.due):
        expected = task["due_date"] or (task["due_at"] and task["due_at"][:19])
        assert (due.isoformat()[:19] if due else None) == expected
    is_done = "COMPLETED" if task["completed"] else "NEEDS-ACTION"
    assert str(todo["STATUS"]) == is_done == str(other.status.value)


@pytest.mark.requirement("FR-53")
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from((*NASTY, " ", "\t", "\r", "\n", "=", "'", "+a", "@", "b", ";", "|")))
)
def test_a_neutral_cell_begins_no_line_with_a_formula_and_comes_back(parts: list[str]) -> None:
    cell = "".join(parts)
    safe = neutral(cell)
    assert restored(safe) == cell
    for part in re.split(r"[;\t|]", "\n".join(safe.splitlines())):
        for line in part.splitlines():
            assert line.strip(" \t\u00a0\u200b\ufeff\x07")[:1] not in set(
                "=+-@\uff1d\uff0b\uff0d\uff20"
            )


@pytest.mark.requirement("FR-50")
def test_pages_join_to_one_json_text() -> None:
    pages = [[{"title": "a"}, {"title": "b"}], [{"title": "c"}]]
    assert json.loads(out("json", *pages)) == [*pages[0], *pages[1]]
    assert json.loads(out("json")) == []
