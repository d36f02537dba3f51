"""Files come in: all of their tasks or none, and nothing twice."""

import json
from typing import Any

import pytest
from sqlalchemy import Connection

from backend.services.transfer import importing
from backend.tests.support.api import Api
from backend.tests.support.contents import CONTENT, MANY

pytestmark = pytest.mark.requirement("FR-51")

FORMATS = ("json", "csv", "ics", "todotxt")
LOSSLESS = FORMATS[:3]
NOTHING = {"same": 0, "changed_here": 0, "undated": 0, "in_trash": 0}
OURS = {"id", "user_id", "revision", "url", "updated_at"}


def counts(report: dict[str, Any]) -> tuple[int, int, dict[str, int]]:
    skipped = {name: number for name, number in report["skipped"].items() if number}
    return report["made"], report["changed"], skipped


def without_ours(tasks: Any) -> list[dict[str, Any]]:
    return [{name: task[name] for name in task.keys() - OURS} for task in tasks]


def fill(api: Api) -> list[dict[str, Any]]:
    for content in (CONTENT, *({"title": title, **more} for title, more in MANY.items())):
        api.made(**content)
    tasks: list[dict[str, Any]] = api.list().json()
    return tasks


@pytest.mark.requirement("FR-53")
@pytest.mark.parametrize("format", FORMATS)
def test_an_export_comes_into_another_list_once(api: Api, format: str) -> None:
    sent, other = fill(api), api.of(2)
    file = api.export(format).content
    assert counts(other.brought(format, file)) == (len(sent), 0, {})
    came = other.list().json()
    assert [task["title"] for task in came] == [task["title"] for task in sent]
    if format in LOSSLESS:
        assert without_ours(came) == without_ours(sent)
    before = other.list().headers["etag"]
    assert counts(other.brought(format, file)) == (0, 0, {"same": len(sent)})
    assert counts(other.brought(format, other.export(format).content))[0] == 0
    assert other.list().headers["etag"] == before
    uids = [[task["uid"] for task in one.export("json").json()] for one in (api, other)]
    assert uids[0] == uids[1]


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_finds_its_own_tasks_again(api: Api, format: str) -> None:
    number = len(fill(api))
    made, changed, skipped = counts(api.brought(format, api.export(format).content))
    assert (made, changed, sum(skipped.values())) == (0, 0, number)
    assert format == "todotxt" or skipped == {"same": number}


def test_what_was_imported_in_one_format_is_known_in_another(api: Api) -> None:
    number = len(fill(api))
    other = api.of(2)
    other.brought("ics", api.export("ics").content)
    for kind in ("json", "csv"):
        assert counts(other.brought(kind, api.export(kind).content)) == (0, 0, {"same": number})


@pytest.mark.parametrize("format", LOSSLESS)
def test_what_was_changed_in_the_file_is_changed_here_but_nothing_newer(
    api: Api, below: Connection, format: str
) -> None:
    api.made(title="first", tags=["home"], order=4)
    api.made(title="second")
    file = api.export(format).text.replace("first", "FIRST").replace("second", "SECOND")
    first, second = api.list().json()
    api.patch(second["id"], title="mine")
    later = f"UPDATE tasks SET updated_at = now() + interval '1 hour' WHERE id = {second['id']}"
    below.exec_driver_sql(later)  # all requests of a test are one transaction, at one moment
    mine = api.read(second["id"]).json()
    report = api.brought(format, file.encode())
    assert counts(report) == (0, 1, {"changed_here": 1})
    changed, kept = api.list().json()
    assert kept == mine
    assert changed["title"] == "FIRST"
    assert changed["revision"] > mine["revision"]
    for name in first.keys() - {"title", "revision", "updated_at"}:
        assert changed[name] == first[name]
    assert len(api.list(q="FIRST").json()) == 1


def test_a_table_changes_only_what_it_has_a_column_for(api: Api) -> None:
    task = api.made(**CONTENT)
    [row] = api.export("json").json()
    table = f"title,UID,updated_at\nnew,{row['uid']},{row['updated_at']}\n"
    assert counts(api.brought("csv", table)) == (0, 1, {})
    changed = api.read(task["id"]).json()
    assert changed == {
        **task,
        **{name: changed[name] for name in ("revision", "updated_at")},
        "title": "new",
    }


def test_a_file_that_does_not_say_when_it_was_changed_changes_nothing(api: Api) -> None:
    task = api.made(title="here")
    uid = api.export("json").json()[0]["uid"]
    for modified in (None, "2999-01-01T00:00:00Z"):  # a time that has not come says nothing
        there = {"title": "there", "uid": uid, "updated_at": modified}
        assert counts(api.brought("json", json.dumps([there]))) == (0, 0, {"undated": 1})
    assert api.read(task["id"]).json() == task


def test_what_is_in_the_trash_stays_there(api: Api) -> None:
    task = api.made(title="gone")
    file = api.export("json").text
    api.delete(task["id"])
    assert counts(api.brought("json", file)) == (0, 0, {"in_trash": 1})
    assert counts(api.brought("json", file.replace("gone", "x"))) == (0, 0, {"in_trash": 1})
    assert api.list().json() == []
    api.restore(task["id"])
    assert counts(api.brought("json", file)) == (0, 0, {"same": 1})


@pytest.mark.parametrize("format", FORMATS)
def test_a_dry_run_reports_the_same_and_writes_nothing(api: Api, format: str) -> None:
    fill(api)
    file, other = api.export(format).content, api.of(2)
    planned = other.brought(format, file, dry_run=True)
    assert other.list().headers["etag"] == '"0-1"'
    done = other.brought(format, file)
    assert planned == {**done, "dry_run": True}


def test_tasks_without_a_uid_are_told_apart_and_known_again(api: Api) -> None:
    lines = "Buy milk\nBuy milk\n(A) Call mum @phone due:2026-12-01\n"
    assert counts(api.brought("todotxt", lines)) == (3, 0, {})
    assert counts(api.brought("todotxt", lines)) == (0, 0, {"same": 3})
    assert counts(api.brought("todotxt", lines + "Buy milk\nx Call mum\n")) == (2, 0, {"same": 3})
    task = api.list(q="mum", completed=False).json()[0]
    assert (task["priority"], task["tags"], task["due_date"]) == ("high", ["phone"], "2026-12-01")


def test_each_task_has_a_number_of_its_own_and_is_in_the_feed(api: Api) -> None:
    last = api.made()["revision"]
    api.brought("json", json.dumps([{"title": str(n)} for n in range(4)]))
    page = api.changes(since=last).json()
    assert [item["title"] for item in page["items"]] == list("0123")
    numbers = [item["revision"] for item in page["items"]]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert (
        page["revision"]
        == numbers[-1]
        == int(api.list().headers["etag"].strip('"').partition("-")[0])
    )
    ids = [item["id"] for item in page["items"]]
    assert ids == sorted(ids)


def test_moments_of_a_new_task_are_those_of_the_file_or_now(api: Api) -> None:
    old = {"created_at": "2020-01-01T00:00:00Z", "completed_at": "2021-01-01T00:00:00+01:00"}
    api.brought("json", json.dumps([{"title": "old", "completed": True, **old}, {"title": "new"}]))
    first, second = api.list().json()
    assert first["created_at"] == "2020-01-01T00:00:00.000000Z"
    assert first["completed_at"] == "2020-12-31T23:00:00.000000Z"
    assert first["updated_at"] == second["updated_at"] == second["created_at"] > "2026"
    assert second["completed_at"] is None


def test_what_is_too_long_is_cut_and_said(api: Api) -> None:
    long, tags = "ü" * 250, [f"t{n}" for n in range(25)]
    task = {"title": long, "description": "more", "tags": tags, "colour": "red"}
    report = api.brought(
        "json", json.dumps([task, {"title": " ", "description": " \nsecond\n"}, {}])
    )
    told = {one["what"]: one["lines"] for one in report["not_carried_over"]}
    assert told == {"long_title": [1], "tags": [1], "other": [1], "empty": [1]}
    assert all(one["message"] and one["count"] == 1 for one in report["not_carried_over"])
    first, second = api.list().json()
    assert (first["title"], first["description"]) == (long[:200], f"{long}\n\nmore")
    assert first["tags"] == tags[:20]
    assert (second["title"], second["description"]) == ("second", " \nsecond\n")


def test_one_uid_is_one_task(api: Api) -> None:
    file = json.dumps([{"title": "a", "uid": "x"}, {"title": "b", "uid": "x"}])
    report = api.brought("json", file)
    assert counts(report) == (1, 0, {})
    assert [one["what"] for one in report["not_carried_over"]] == ["duplicate"]
    assert [task["title"] for task in api.list().json()] == ["a"]


def test_a_uid_of_another_servers_task_is_not_taken_for_one_of_ours(api: Api) -> None:
    task = api.made()
    foreign = f"{task['id']}.1.20200101000000000000@tasks.invalid"
    report = api.brought("json", json.dumps([{"title": "theirs", "uid": foreign}]))
    assert counts(report) == (1, 0, {})
    assert len(api.list().json()) == 2


def test_what_a_list_answers_can_be_imported(api: Api) -> None:
    fill(api)
    assert counts(api.brought("json", api.list().content))[0] == 0
    assert counts(api.of(2).brought("json", api.list().content))[0] == len(api.list().json())
    assert counts(api.of(2).brought("ics", api.export("ics").content))[0] == 0


@pytest.mark.parametrize(
    ("format", "media_type"),
    [
        ("csv", "text/csv;charset=UTF-8"),
        ("csv", "application/vnd.ms-excel"),
        ("todotxt", "text/plain"),
        ("csv", "text/plain"),
    ],
)
def test_what_programs_call_a_file_is_taken(api: Api, format: str, media_type: str) -> None:
    assert api.bring(format, "title\nx\n", {"Content-Type": media_type}).status_code == 200


def test_times_without_a_zone_are_in_the_one_that_is_named(api: Api) -> None:
    file = "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a\nDUE:20261121T090000\nEND:VTODO\nEND:VCALENDAR"
    api.brought("ics", file, time_zone="Europe/Berlin")
    assert api.list().json()[0]["due_at"] == "2026-11-21T08:00:00.000000Z"


def test_what_was_changed_meanwhile_is_read_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = api.made(title="a")
    file = api.export("json").text.replace('"a"', '"b"')
    reads: list[object] = []
    plain = importing.ImportService._here

    def overtaken(self: importing.ImportService, records: Any) -> Any:
        here = plain(self, records)
        reads.append(here)
        if len(reads) == 1:
            return {uid: one._replace(revision=one.revision - 1) for uid, one in here.items()}
        return here

    monkeypatch.setattr(importing.ImportService, "_here", overtaken)
    assert counts(api.brought("json", file)) == (0, 1, {})
    assert len(reads) == 2
    assert api.read(task["id"]).json()["title"] == "b"
