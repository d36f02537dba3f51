"""Many operations at once: each as the single request, all of them or none."""

from typing import Any

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.below import rows
from backend.tests.support.contents import CONTENT
from backend.tests.support.problems import require_problem
from backend.tests.support.tags import tag_of

pytestmark = pytest.mark.requirement("FR-42")

IGNORED = {"revision", "updated_at", "created_at", "completed_at", "id", "url"}


def create(**content: object) -> dict[str, Any]:
    return {"op": "create", "task": {"title": "x", **content}}


def update(task: Any, **changes: object) -> dict[str, Any]:
    return {"op": "update", "id": task["id"], "changes": changes}


def of(op: str, task: Any, **more: object) -> dict[str, Any]:
    return {"op": op, "id": task["id"], **more}


def done(response: Any) -> list[Any]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    results: list[Any] = response.json()["results"]
    return results


def failures(response: Any) -> dict[str, str]:
    return {one["loc"]: one["code"] for one in response.json()["errors"]}


def test_each_operation_answers_as_its_single_request(api: Api) -> None:
    tasks = [api.made(title=title) for title in "abcde"]
    api.delete(tasks[4]["id"])
    results = done(
        api.batch(
            create(title=" new ", tags=["b", "a"]),
            update(tasks[0], title="A", due_date="2026-11-24", order=7),
            of("complete", tasks[1], completed=True),
            of("delete", tasks[2]),
            of("restore", tasks[4]),
            of("complete", tasks[3], completed=False),
        )
    )
    assert [result["status"] for result in results] == [201, 200, 200, 204, 200, 200]
    assert results[3] == {"status": 204}
    for number in (0, 1, 2, 4, 5):
        task = results[number]["task"]
        assert api.read(task["id"]).json() == task
    assert results[0]["task"]["title"] == "new"
    assert (results[1]["task"]["order"], results[1]["task"]["title"]) == (7, "A")
    assert results[2]["task"]["completed_at"] == results[2]["task"]["updated_at"]
    assert results[5]["task"] == tasks[3]
    assert [task["id"] for task in api.list(deleted=True).json()] == [tasks[2]["id"]]


def test_a_create_holds_every_field_as_a_single_one_does(api: Api) -> None:
    alone = api.made(**CONTENT)
    [result] = done(api.batch(create(**CONTENT)))
    for name in alone.keys() - IGNORED:
        assert result["task"][name] == alone[name]
    assert result["task"]["url"].endswith(f"/api/1/tasks/{result['task']['id']}")


@pytest.mark.parametrize(
    "tags",
    [[], ['"'], ["\\"], ["a,b", "{x}", "NULL", "null"], ["\\\"{},'"], [" später ", "a\tb"], ["%s"]],
)
def test_tags_of_every_kind_arrive_as_they_are(api: Api, tags: list[str]) -> None:
    alone = api.made(tags=tags)
    other = api.made(tags=["old"])
    first, second = done(api.batch(create(tags=tags), update(other, tags=tags)))
    assert first["task"]["tags"] == second["task"]["tags"] == alone["tags"]


def test_an_update_keeps_what_is_not_sent_and_resets_what_is_null(api: Api) -> None:
    task = api.made(**CONTENT)
    [kept] = done(api.batch(update(task, title="other")))
    for name in task.keys() - {"title", "revision", "updated_at"}:
        assert kept["task"][name] == task[name]
    nulls = ("description", "due_date", "due_at", "order", "tags", "priority", "completed")
    [reset] = done(api.batch(update(task, **dict.fromkeys(nulls))))
    assert reset["task"]["title"] == "other"
    plain = api.made()
    for name in (*nulls, "completed_at"):
        assert reset["task"][name] == plain[name]


def test_what_was_changed_is_found_by_the_search(api: Api) -> None:
    task = api.made(title="old", description="old")
    done(api.batch(create(title="Straße"), update(task, description="GRÖẞE")))
    assert len(api.list(q="STRASSE").json()) == len(api.list(q="größe").json()) == 1


def test_each_changed_task_has_a_number_of_its_own_in_the_order_of_the_operations(
    api: Api,
) -> None:
    tasks = [api.made(title=str(number)) for number in range(3)]
    last = api.changes().json()["revision"]
    results = done(
        api.batch(create(), update(tasks[2], title="z"), of("delete", tasks[0]), create(title="y"))
    )
    numbers = [item["revision"] for item in api.changes(since=last).json()["items"]]
    ids = [item["id"] for item in api.changes(since=last).json()["items"]]
    new = [results[0]["task"]["id"], results[3]["task"]["id"]]
    assert ids == [new[0], tasks[2]["id"], tasks[0]["id"], new[1]]
    assert numbers[0] > last
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert new == sorted(new)
    assert api.list().headers["etag"] == tag_of(numbers[-1])


def test_what_changes_nothing_is_no_change(api: Api) -> None:
    task, trashed = api.made(), api.made()
    operations = [
        update(task, title=task["title"]),
        of("restore", api.made(title="live")),
        of("complete", trashed, completed=False),
    ]
    before = api.list()
    results = done(api.batch(*operations))
    assert api.list().headers["etag"] == before.headers["etag"]
    assert [result["task"] for result in results] == [
        before.json()[0],
        before.json()[2],
        before.json()[1],
    ]
    mixed = done(api.batch(update(task, title=task["title"]), create()))
    assert mixed[0]["task"] == task
    assert mixed[1]["task"]["revision"] > trashed["revision"]


def test_a_failure_writes_nothing_and_names_each_failing_operation(
    api: Api, below: Connection
) -> None:
    task, due = api.made(), api.made(due_date="2026-11-24")
    trashed, foreign = api.made(), api.of(2).made()
    api.delete(trashed["id"])
    before = rows(below)
    response = api.batch(
        create(),
        of("complete", {"id": 10**15}, completed=True),
        update(task, title="new"),
        of("delete", trashed),
        of("restore", foreign),
        update(due, due_at="2026-11-24T08:00:00Z"),
    )
    problem = require_problem(response, 404, "task_not_found")
    assert failures(response) == {
        "body.operations.1": "task_not_found",
        "body.operations.3": "task_not_found",
        "body.operations.4": "task_not_found",
        "body.operations.5": "conflict",
    }
    assert problem["detail"].startswith("Nothing was written")
    assert rows(below) == before


def test_a_revision_is_the_operations_condition(api: Api) -> None:
    first, second = api.made(), api.made()
    stale = api.batch(
        create(),
        of("delete", first, revision=first["revision"] - 1),
        update(second, title="new") | {"revision": 0},
    )
    require_problem(stale, 412, "precondition_failed")
    assert failures(stale) == {
        "body.operations.1": "precondition_failed",
        "body.operations.2": "precondition_failed",
    }
    assert len(api.list().json()) == 2
    results = done(
        api.batch(
            of("complete", first, completed=True, revision=first["revision"]),
            of("restore", second, revision=second["revision"]),
        )
    )
    assert (results[0]["task"]["completed"], results[1]["task"]) == (True, second)


def test_an_unchanged_task_of_another_revision_fails_all_the_same(api: Api) -> None:
    task = api.made()
    response = api.batch(update(task, title=task["title"]) | {"revision": 1})
    require_problem(response, 412, "precondition_failed")


def test_a_dry_run_answers_the_same_and_writes_nothing(api: Api, below: Connection) -> None:
    tasks = [api.made(title=title) for title in "abc"]
    operations = [
        create(title="new", completed=True),
        update(tasks[0], title="A"),
        of("delete", tasks[1]),
        update(tasks[2], title="c"),
    ]
    before = rows(below)
    foretold = done(api.batch(*operations, query="dry_run=true", headers={"Idempotency-Key": "k"}))
    assert rows(below) == before
    results = done(api.batch(*operations, query="dry_run=false"))
    assert [one["status"] for one in foretold] == [one["status"] for one in results]
    for dry, real in zip(foretold, results, strict=True):
        for name in dry.get("task", {}).keys() - IGNORED:
            assert dry["task"][name] == real["task"][name]
        assert dry.keys() == real.keys()
    assert foretold[0]["task"]["completed_at"] == foretold[0]["task"]["created_at"]
    assert foretold[1]["task"]["revision"] > tasks[2]["revision"]
    assert foretold[3]["task"] == results[3]["task"] == tasks[2]
    failing = api.batch(of("delete", {"id": 10**15}), query="dry_run=true")
    require_problem(failing, 404, "task_not_found")


def test_the_first_write_of_an_owner_may_be_a_batch(api: Api) -> None:
    results = done(api.of(77).batch(create(title="a"), create(title="b")))
    listed = api.of(77).list()
    assert [result["task"] for result in results] == listed.json()
    assert listed.headers["etag"] == tag_of(results[1]["task"]["revision"])
    nothing = api.of(78).batch(of("delete", {"id": 5}))
    require_problem(nothing, 404, "task_not_found")
    assert api.of(78).list().headers["etag"] == tag_of(0)


def test_a_hundred_operations_fit(api: Api) -> None:
    results = done(api.batch(*(create(title=str(number), tags=["a"]) for number in range(100))))
    assert [result["task"]["title"] for result in results] == [str(n) for n in range(100)]
    assert [task["title"] for task in api.list().json()] == [str(n) for n in range(100)]
