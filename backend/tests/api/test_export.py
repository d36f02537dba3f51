"""All tasks that match, as a file."""

import csv
import io
from typing import Any

import pytest

from backend.api import transfer
from backend.tests.support.api import Api
from backend.tests.support.contents import CONTENT, FILTERS, MANY
from backend.tests.support.files import records
from backend.tests.support.problems import require_problem

pytestmark = pytest.mark.requirement("FR-50")

FORMATS = ("json", "csv", "ics", "todotxt")
TYPES = {
    "json": ("application/json", "tasks.json"),
    "csv": ("text/csv; charset=utf-8; header=present", "tasks.csv"),
    "ics": ("text/calendar; charset=utf-8", "tasks.ics"),
    "todotxt": ("text/plain; charset=utf-8", "todo.txt"),
}


def titles(response: Any, format: str = "json") -> list[str]:
    assert response.status_code == 200, response.text
    return [record.values["title"] for record in records(format, response.content)]


def test_each_format_says_what_it_is_and_has_every_task_over_all_pages(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "PAGE", 2)
    for number in range(5):
        api.made(title=f"task {number}")
    api.of(2).made(title="another owner's")
    for kind in FORMATS:
        answer = api.export(kind)
        media_type, name = TYPES[kind]
        assert titles(answer, kind) == [f"task {number}" for number in range(5)]
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert answer.headers["etag"] == api.list().headers["etag"]


def test_a_list_without_tasks_is_a_file_without_tasks(api: Api) -> None:
    assert [titles(api.export(kind), kind) for kind in FORMATS] == [[]] * 4
    assert api.export("json").json() == []


def test_json_has_the_tasks_as_the_list_has_them_with_their_uids(api: Api) -> None:
    for content in (CONTENT, *({"title": title, **more} for title, more in MANY.items())):
        api.made(**content)
    exported = api.export("json").json()
    uids = [task.pop("uid") for task in exported]
    others = ("parent_uid", "repeat_of_uid")
    assert {task.pop(name) for task in exported for name in others} == {None}
    assert exported == api.list().json()
    assert len(set(uids)) == len(exported)
    assert uids == [task["uid"] for task in api.export("json").json()]


@pytest.mark.untraced
def test_every_filter_of_the_list_applies(api: Api) -> None:
    for title, content in MANY.items():
        api.made(title=title, **content)
    for query, letters in FILTERS.items():
        url = api.surface.under(1, "export", f"format=json&{query}".rstrip("&"))
        assert "".join(title[0] for title in titles(api.client.get(url))) == letters, query


def test_order_and_trash_are_those_of_the_list(api: Api) -> None:
    for title in "bca":
        api.made(title=title)
    api.delete(api.made(title="gone")["id"])
    assert titles(api.export("csv", sort="-title"), "csv") == ["c", "b", "a"]
    assert titles(api.export("ics", deleted=True), "ics") == ["gone"]


def test_who_has_the_file_is_sent_none(api: Api) -> None:
    api.made()
    tag = api.export("ics").headers["etag"]
    for kind in FORMATS:
        known = api.export(kind, {"If-None-Match": tag})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert api.export("ics", {"If-Match": '"0"'}).status_code == 412
    api.made()
    assert api.export("ics", {"If-None-Match": tag}).status_code == 200


def test_what_follows_the_clock_has_no_tag(api: Api) -> None:
    api.made(due_date="2026-01-01")
    answer = api.export("ics", {"If-None-Match": "*"}, overdue=True)
    assert titles(answer, "ics") == ["Buy milk"]
    assert "etag" not in answer.headers


@pytest.mark.requirement("NFR-52")
def test_head_has_the_head_and_reads_one_page(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "PAGE", 1)
    for _ in range(3):
        api.made()
    url = api.surface.under(1, "export", "format=csv")
    before = api.client.get(url).headers
    answer = api.client.head(url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == before["etag"]
    assert answer.headers["content-type"] == before["content-type"]


def test_days_of_todo_txt_are_those_of_the_time_zone(api: Api) -> None:
    api.made(due_at="2026-11-21T23:30:00Z")
    assert " due:2026-11-21 " in api.export("todotxt").text
    assert " due:2026-11-22 " in api.export("todotxt", time_zone="Europe/Berlin").text


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("", "query.format"),
        ("format=xml", "query.format"),
        ("format=todoist", "query.format"),
        ("format=json&limit=5", "query"),
        ("format=json&cursor=x", "query"),
        ("format=json&format=csv", "query.format"),
        ("format=json&sort=x", "query.sort"),
    ],
)
def test_what_cannot_be_exported_is_said(api: Api, query: str, place: str) -> None:
    answer = api.client.get(api.surface.under(1, "export", query))
    problem = require_problem(answer, 400, "validation_error")
    assert place in {error["loc"] for error in problem["errors"]}


def test_other_methods_are_refused_with_those_that_are_taken(api: Api) -> None:
    answer = api.client.put(api.surface.under(1, "export", ""))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    answer = api.client.get(api.surface.under(1, "import", ""))
    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")


def test_a_calendar_is_told_how_often_to_come_again(api: Api) -> None:
    lines = api.export("ics").text.split("\r\n")
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]


@pytest.mark.requirement("FR-53")
def test_no_cell_of_a_table_begins_with_a_formula(api: Api) -> None:
    api.made(title="=1+1", description="a\n \u00a0@x\r\n-1", tags=["=cmd", "+1"], order=-5)
    [row] = csv.DictReader(io.StringIO(api.export("csv").text.removeprefix("\ufeff"), newline=""))
    assert row["title"] == "'=1+1"
    assert row["description"] == "a\n' \u00a0@x\r\n'-1"
    assert row["tags"] == "'=cmd,+1"
    assert row["order"] == "-5"
