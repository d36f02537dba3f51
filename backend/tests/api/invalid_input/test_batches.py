"""Batches that cannot be: refused with the place of each flaw, before any SQL."""

from typing import Any

import pytest

from backend.tests.support.api import Api
from backend.tests.support.problems import MARK, require_problem

pytestmark = pytest.mark.requirement("FR-42")

OPS = "complete, create, delete, restore, update"
CREATE: dict[str, Any] = {"op": "create", "task": {"title": "x"}}
FLAWS: dict[str, tuple[Any, str]] = {
    "an unknown op": ({"op": MARK, "id": 1}, "op"),
    "no op": ({"id": 1}, "op"),
    "an op that is no text": ({"op": 5}, "op"),
    "no object": ("create", ""),
    "null": (None, ""),
    "a create without a task": ({"op": "create"}, "task"),
    "a task without a title": ({"op": "create", "task": {}}, "task.title"),
    "a blank title": ({"op": "create", "task": {"title": " "}}, "task.title"),
    "both dues": (
        {
            "op": "create",
            "task": {"title": "x", "due_date": "2026-11-24", "due_at": "2026-11-24T08:00:00Z"},
        },
        "task.due_at",
    ),
    "an unknown field of a task": ({"op": "create", "task": {"title": "x", MARK: 1}}, "task"),
    "an unknown field": ({**CREATE, MARK: 1}, ""),
    "a create with an id": ({**CREATE, "id": 1}, ""),
    "a create with a revision": ({**CREATE, "revision": 1}, ""),
    "no id": ({"op": "delete"}, "id"),
    "a text for an id": ({"op": "delete", "id": "1"}, "id"),
    "an id of zero": ({"op": "delete", "id": 0}, "id"),
    "an id beyond 64 bits": ({"op": "delete", "id": 2**63}, "id"),
    "a null revision": ({"op": "delete", "id": 1, "revision": None}, "revision"),
    "a text for a revision": ({"op": "delete", "id": 1, "revision": "1"}, "revision"),
    "an update without changes": ({"op": "update", "id": 1}, "changes"),
    "a null title": ({"op": "update", "id": 1, "changes": {"title": None}}, "changes.title"),
    "21 tags": (
        {"op": "update", "id": 1, "changes": {"tags": [str(n) for n in range(21)]}},
        "changes.tags",
    ),
    "an empty tag": ({"op": "update", "id": 1, "changes": {"tags": ["a", ""]}}, "changes.tags.1"),
    "a completion without a value": ({"op": "complete", "id": 1}, "completed"),
    "a completion that is no flag": (
        {"op": "complete", "id": 1, "completed": "yes"},
        "completed",
    ),
}


def places(response: Any) -> list[str]:
    return [error["loc"] for error in response.json()["errors"]]


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_is_named_by_its_place_in_the_body(api: Api, flaw: str) -> None:
    operation, place = FLAWS[flaw]
    response = api.batch(CREATE, operation)
    require_problem(response, 400, "validation_error")
    assert places(response) == [f"body.operations.1{'.' if place else ''}{place}"]
    assert api.statements == []


def test_an_unknown_operation_is_told_those_that_there_are(api: Api) -> None:
    [error] = api.batch({"op": "toggle", "id": 1}).json()["errors"]
    assert error == {
        "loc": "body.operations.0.op",
        "message": f"must be one of: {OPS}",
        "code": "unknown_operation",
    }


def test_an_unknown_field_is_told_those_that_can_be_written_there(api: Api) -> None:
    [error] = api.batch({**CREATE, "x": 1}).json()["errors"]
    assert error["message"] == "takes only: op, task"
    [error] = api.batch({"op": "update", "id": 1, "changes": {"x": 1}}).json()["errors"]
    assert error["loc"] == "body.operations.0.changes"
    assert error["message"].startswith("takes only: title, description")


@pytest.mark.parametrize("operations", [[], [CREATE] * 101, {}, None, "x"], ids=repr)
def test_there_are_one_to_a_hundred_operations(api: Api, operations: Any) -> None:
    request = api.surface.batch(1)
    response = api.client.post(request.url, json={**request.json, "operations": operations})
    require_problem(response, 400, "validation_error")
    assert places(response) == ["body.operations"]


def test_each_task_may_be_named_once(api: Api) -> None:
    tasks = [{"op": "delete", "id": number} for number in (1, 2, 1, 3, 2)]
    response = api.batch(CREATE, *tasks, CREATE)
    require_problem(response, 400, "validation_error")
    assert places(response) == [f"body.operations.{number}.id" for number in (1, 2, 3, 5)]
    assert {error["code"] for error in response.json()["errors"]} == {"repeated"}
    assert api.statements == []


def test_all_flaws_are_named_at_once(api: Api) -> None:
    response = api.batch({"op": "delete"}, CREATE, {"op": "create", "task": {"title": ""}})
    assert places(response) == ["body.operations.0.id", "body.operations.2.task.title"]


@pytest.mark.parametrize("query", ["dry_run=1", "dry_run=", "dry_run=true&dry_run=true", "x=1"])
def test_a_malformed_query_is_refused(api: Api, query: str) -> None:
    require_problem(api.batch(CREATE, query=query), 400, "validation_error")
    assert api.statements == []


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match", "If-Unmodified-Since"])
def test_a_condition_on_the_whole_is_refused(api: Api, header: str) -> None:
    response = api.batch(CREATE, headers={header: '"1"'})
    assert require_problem(response, 400, "validation_error")["errors"][0]["code"] == (
        "unsupported_condition"
    )


def test_the_owner_is_named_once(api: Api) -> None:
    """In the path, or in the body on the flat surface."""
    request = api.surface.batch(1, CREATE)
    other = (
        {"operations": [CREATE]} if "user_id" in request.json else {**request.json, "user_id": 1}
    )
    require_problem(api.client.post(request.url, json=other), 400, "validation_error")
    require_problem(
        api.client.post(f"{request.url}?user_id=1", json=request.json), 400, "validation_error"
    )


def test_every_failing_operation_is_named_however_much_is_wrong(api: Api) -> None:
    wrong = {"op": "create", "task": {"title": "", "priority": "no", "tags": [""]}}
    problem = require_problem(api.batch(*[wrong] * 100), 400, "validation_error")
    named = {error["loc"].split(".")[2] for error in problem["errors"]}
    assert named == set(map(str, range(100)))
    assert len(problem["errors"]) == 100
