"""Sub-tasks and repeating tasks go out and come in: as parts of, and after, the same tasks."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api

pytestmark = pytest.mark.requirement("FR-76")

LOSSLESS = ("json", "csv", "ics")
LATER = "2999-01-01T00:00:00Z"


def lost(report: dict[str, Any]) -> dict[str, list[int]]:
    return {one["what"]: one["lines"] for one in report["not_carried_over"]}


def ties(api: Api) -> dict[str, tuple[str | None, str | None]]:
    """The titles of what each task is a part of, and repeats, by its own."""
    tasks = [task for gone in (False, True) for task in api.list(deleted=gone).json()]
    titles = {task["id"]: task["title"] for task in tasks} | {None: None}
    return {task["title"]: (titles[task["parent_id"]], titles[task["repeat_of"]]) for task in tasks}


def household(api: Api) -> dict[str, tuple[str | None, str | None]]:
    """A task with two parts, of which one is in its third week."""
    parent = api.made(title="house")["id"]
    api.made(title="paint", parent_id=parent)
    rule = {"repeat": "FREQ=WEEKLY", "due_date": "2026-12-01", "repeat_zone": "Europe/Berlin"}
    week = api.made(title="week 1", parent_id=parent, **rule)["id"]
    for number in (2, 3):
        api.complete(week)
        [week] = [task["id"] for task in api.list().json() if task["repeat_of"] == week]
        api.patch(week, title=f"week {number}")
    found = ties(api)
    assert found["week 3"] == ("house", "week 2")
    return found


@pytest.mark.parametrize("format", LOSSLESS)
def test_a_family_and_a_series_come_into_another_list_once(api: Api, format: str) -> None:
    known, other = household(api), api.of(2)
    reports = [
        other.brought(format, api.export(format, sort=sort).content)
        for sort in ("-created_at", "created_at")
    ]
    assert [(report["changed"], lost(report)) for report in reports] == [(0, {})] * 2
    assert reports[1]["skipped"]["same"] == len(known)
    assert ties(other) == known
    assert api.brought(format, other.export(format).content)["skipped"]["same"] == len(known)
    assert ties(api) == known


def test_todo_txt_carries_a_plain_rule_and_no_family(api: Api) -> None:
    household(api)
    api.of(2).brought("todotxt", api.export("todotxt").content)
    assert set(ties(api.of(2)).values()) == {(None, None)}
    rules = {(task["repeat"], task["repeat_from"]) for task in api.of(2).list().json()}
    assert rules == {(None, "due"), ("FREQ=WEEKLY", "due")}


def test_what_a_list_answers_has_its_families_by_its_own_ids(api: Api) -> None:
    known = household(api)
    answer = api.list("sort=-created_at").content
    assert lost(api.of(2).brought("json", answer)) == {}
    assert ties(api.of(2)) == known
    lines = [{"id": 1.0, "title": "a", "parent_id": 2}, {"id": 2, "title": "b", "parent_id": "x"}]
    assert lost(api.of(3).brought("json", json.dumps(lines, indent=1))) == {"parent": [7]}
    assert ties(api.of(3)) == {"a": ("b", None), "b": (None, None)}


def test_a_part_whose_parent_is_not_in_the_file_finds_it_here_or_stands_alone(api: Api) -> None:
    household(api)
    api.made(title="rest", completed=True)
    parts = api.export("csv", parent=api.list().json()[0]["id"]).content
    report = api.of(2).brought("csv", parts)
    assert lost(report) == {"parent": [2, 3, 4, 5]}
    assert {parent for parent, _ in ties(api.of(2)).values()} == {None}
    assert lost(api.of(2).brought("csv", parts)) == lost(report)
    tops = api.export("csv", parent="none").content
    assert api.of(3).brought("csv", tops)["made"] == 2
    assert lost(api.of(3).brought("csv", parts)) == {}
    assert ties(api.of(3)) == ties(api)


def test_a_series_whose_beginning_is_missing_says_so_and_goes_on(api: Api) -> None:
    household(api)
    report = api.of(2).brought("ics", api.export("ics", completed=False).content)
    assert lost(report).keys() == {"series"}
    week = next(task for task in api.of(2).list().json() if task["title"] == "week 3")
    assert (week["repeat"], week["repeat_of"]) == ("FREQ=WEEKLY", None)
    api.of(2).complete(week["id"])
    assert len(api.of(2).list(completed=False).json()) == 3


def test_a_task_is_repeated_once_whoever_else_says_so(api: Api) -> None:
    first = {"title": "first", "uid": "1", "repeat": "FREQ=DAILY", "due_date": "2026-12-01"}
    follow = [{"title": n, "uid": n, "repeat_of_uid": "1"} for n in ("2", "3")]
    assert lost(api.brought("json", json.dumps([*follow, first], indent=1))) == {"series": [7]}
    assert ties(api) == {"first": (None, None), "2": (None, "first"), "3": (None, None)}
    more = [{**follow[0], "uid": "4", "title": "4"}]
    assert lost(api.brought("json", json.dumps(more))) == {"series": [1]}
    assert ties(api)["4"] == (None, None)
    api.delete(api.list().json()[-1]["id"])


def test_what_repeats_a_task_in_the_trash_is_made_and_a_part_of_one_stands_alone(api: Api) -> None:
    api.brought("json", '{"title": "gone", "uid": "gone"}')
    api.delete(api.list().json()[0]["id"])
    tied = {"title": "new", "parent_uid": "gone", "repeat_of_uid": "gone"}
    assert lost(api.brought("json", json.dumps(tied))) == {"parent": [1]}
    assert ties(api) == {"new": (None, "gone"), "gone": (None, None)}
    both = json.dumps([{"title": "gone", "uid": "gone"}, {**tied, "title": "newer"}], indent=1)
    assert lost(api.brought("json", both)) == {"parent": [6], "series": [6]}


def chain(*names: str, **more: Any) -> str:
    """Each a part of the one before."""
    pairs = zip(names, (None, *names), strict=False)
    tasks = [{"title": name, "uid": name, "parent_uid": above, **more} for name, above in pairs]
    return json.dumps(tasks[::-1], indent=1)


def test_deeper_parts_are_put_under_the_topmost_task(api: Api) -> None:
    file = chain("a", "b", "c", "d")
    assert lost(api.brought("json", file)) == {"nested": [2, 7]}
    under_a = {name: ("a" if name != "a" else None, None) for name in "abcd"}
    assert ties(api) == under_a
    again = api.brought("json", file)
    assert (again["skipped"]["same"], lost(again)) == (4, {"nested": [2, 7]})
    alone = json.dumps({"title": "e", "uid": "e", "parent_uid": "d"})
    assert lost(api.brought("json", alone)) == {"nested": [1]}
    assert ties(api)["e"] == ("a", None)


def test_a_circle_is_broken_and_said(api: Api) -> None:
    tasks = [{"title": n, "uid": n, "parent_uid": above} for n, above in ("ab", "ba", "cc", "da")]
    tasks += [{"title": n, "uid": n, "repeat_of_uid": before} for n, before in ("ef", "fe", "gg")]
    report = api.brought("json", json.dumps(tasks))
    assert {one["what"]: one["count"] for one in report["not_carried_over"]} == {
        "parent": 2,
        "series": 2,
    }
    found = ties(api)
    assert [found[n] for n in "cg"] == [(None, None)] * 2
    assert [found[n][0] for n in "abd"] == [None, "a", "a"]
    assert api.brought("json", json.dumps(tasks))["changed"] == 0
    assert ties(api) == found


def aged(below: Connection) -> None:
    """All was changed long ago, so that a file may change it."""
    below.exec_driver_sql("UPDATE tasks SET updated_at = '2020-01-01'")


def test_a_file_that_is_newer_moves_tasks_under_others_and_out_again(
    api: Api, below: Connection
) -> None:
    now = datetime.now(UTC).isoformat()
    for name in "abc":
        api.brought("json", json.dumps({"title": name, "uid": name}))
    for file, expected in (
        (chain("a", "b", updated_at=now), {"a": None, "b": "a", "c": None}),
        (chain("a", "b", updated_at=now), {"a": None, "b": "a", "c": None}),
        (chain("b", "c", updated_at=now), {"a": None, "b": None, "c": "b"}),
        (chain("new", "a", updated_at=now), {"a": "new", "b": None, "c": "b", "new": None}),
        # What has parts stays where it is.
        (chain("new", "a", "b", updated_at=now), {"a": "new", "b": None, "c": "b", "new": None}),
    ):
        aged(below)
        api.brought("json", file)
        assert {name: parent for name, (parent, _) in ties(api).items()} == expected
    assert lost(api.brought("json", chain("a", "b"))) == {"parent": [2]}
    noted = "SELECT count(*) FROM tasks WHERE nested_at IS NOT NULL AND uid IN ('a', 'b')"
    assert below.exec_driver_sql(noted).scalar_one() == 2


def test_a_file_without_a_word_of_parents_leaves_them(api: Api, below: Connection) -> None:
    household(api)
    known = ties(api)
    aged(below)
    now = datetime.now(UTC).isoformat()
    tasks = api.export("json").json()
    lines = [f"{task['uid']},{task['title']},more,{now}" for task in tasks]
    file = "\n".join(["uid,title,description,updated_at", *lines])
    assert api.brought("csv", file)["changed"] == len(known)
    assert ties(api) == known


def test_a_foreign_task_is_no_parent_and_repeated_by_none(api: Api) -> None:
    mine = api.made(title="mine")
    [uid] = uids(api)
    file = json.dumps([{"title": "x", "parent_uid": uid, "repeat_of_uid": uid}])
    other = api.of(2)
    other.made(title="another")
    foreign = lost(other.brought("json", file))
    nowhere = lost(api.of(3).brought("json", file.replace(str(mine["id"]), "4")))
    assert foreign == nowhere == {"parent": [1], "series": [1]}
    assert ties(other)["x"] == (None, None)


def uids(api: Api) -> list[str]:
    return [task["uid"] for task in api.export("json").json()]


def test_what_is_wrong_in_a_name_is_said(api: Api) -> None:
    for field in ("parent_uid", "repeat_of_uid"):
        for value, code in ((5, "invalid"), ("a\0", "unstorable_text")):
            answer = api.bring("json", json.dumps({"title": "x", field: value}))
            assert answer.status_code == 400
            assert answer.json()["errors"][0]["code"] == code
    long = json.dumps([{"title": "a", "uid": "u" * 300}, {"title": "b", "parent_uid": "u" * 300}])
    assert lost(api.brought("json", long)) == {}
    assert ties(api)["b"] == ("a", None)
