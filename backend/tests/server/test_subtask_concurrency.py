"""Whatever happens at once, no task is under one in the trash, or under a sub-task."""

import json
from typing import Any

import pytest

from backend.tests.support.api import Api
from backend.tests.support.arena import Arena
from backend.tests.support.surfaces import PRIMARY

pytestmark = [pytest.mark.untraced, pytest.mark.requirement("FR-73")]


def require_whole(api: Api) -> list[dict[str, Any]]:
    """All that is live: each parent is live, too, and no sub-task; each has a number of its own."""
    live: list[dict[str, Any]] = api.list().json()
    top = {task["id"] for task in live if task["parent_id"] is None}
    assert {task["parent_id"] for task in live} - {None} <= top
    everything = live + api.list(deleted=True).json()
    assert len({task["revision"] for task in everything}) == len(everything)
    return live


def test_a_parent_that_goes_takes_along_what_was_put_under_it_just_before(arena: Arena) -> None:
    api = arena.api(PRIMARY)
    parent, lone, series = api.made(), api.made(title="lone"), api.made(title="series")
    daily = {"repeat": "FREQ=DAILY", "due_date": "2026-11-30", "parent_id": parent["id"]}
    api.patch(series["id"], **daily)
    new = {"title": "new", "parent_id": parent["id"]}
    ways = (
        lambda: api.create(**new),
        lambda: api.create(headers={"Idempotency-Key": "k"}, **new),
        lambda: api.patch(lone["id"], parent_id=parent["id"]),
        lambda: api.complete(series["id"]),
        lambda: api.batch({"op": "create", "task": new}),
        lambda: api.delete(parent["id"]),
        lambda: api.delete_all(q="milk"),
        lambda: api.batch({"op": "delete", "id": parent["id"]}),
    )
    answers = arena.at_once(api.owner, 16, lambda number: ways[number % len(ways)]())
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404, 409}
    require_whole(api)
    if api.restore(parent["id"]).is_success:
        require_whole(api)


def test_two_tasks_at_once_do_not_get_under_each_other(arena: Arena) -> None:
    api = arena.api(PRIMARY)
    tasks = [api.made(title=str(number))["id"] for number in range(4)]

    def send(number: int) -> Any:
        child, parent = tasks[number % 4], tasks[(number + 1) % 4]
        if number % 3:
            return api.patch(child, parent_id=parent)
        return api.batch({"op": "update", "id": child, "changes": {"parent_id": parent}})

    answers = arena.at_once(api.owner, 12, send)
    assert {answer.status_code for answer in answers} == {200, 409}
    require_whole(api)


def test_a_sub_task_comes_back_while_its_parent_goes(arena: Arena) -> None:
    api = arena.api(PRIMARY)
    parent = api.made()
    children = [api.made(title=str(n), parent_id=parent["id"])["id"] for n in range(4)]
    for child in children:
        api.delete(child)
    ways = (
        lambda: api.restore(children[0]),
        lambda: api.batch({"op": "restore", "id": children[1]}),
        lambda: api.client.post(api.surface.restore(api.owner, "q=2")),
        lambda: api.delete(parent["id"]),
        lambda: api.restore(parent["id"]),
    )
    answers = arena.at_once(api.owner, 10, lambda number: ways[number % len(ways)]())
    assert {answer.status_code for answer in answers} <= {200, 204, 404}
    require_whole(api)


@pytest.mark.requirement("FR-76", "NFR-60")
@pytest.mark.parametrize("first", range(3))
def test_a_file_puts_no_task_under_a_parent_that_goes(arena: Arena, first: int) -> None:
    api = arena.api(PRIMARY)
    daily = {"repeat": "FREQ=DAILY", "due_date": "2026-11-30"}
    parent, other, series = (api.made(**daily)["id"] for _ in range(3))
    uids = {task["id"]: task["uid"] for task in api.export("json").json()}
    new = {"title": "new", "parent_uid": uids[parent], "repeat_of_uid": uids[series]}
    ways = (
        lambda: api.bring("json", json.dumps(new)),
        lambda: api.patch(parent, parent_id=other),
        lambda: api.complete(series),
        lambda: api.create(title="x", parent_id=other),
        lambda: api.delete(parent),
    )
    answers = arena.at_once(api.owner, 5, lambda number: ways[(number + first) % len(ways)]())
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404, 409}
    everything = require_whole(api) + api.list(deleted=True).json()
    assert [task["repeat_of"] for task in everything].count(series) == 1
