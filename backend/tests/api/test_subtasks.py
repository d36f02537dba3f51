"""Sub-tasks: one level under a task of the same owner, and along with it wherever it goes."""

from typing import Any

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.below import rows
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface
from backend.tests.support.tags import revision_of

pytestmark = pytest.mark.requirement("FR-73")


def family(api: Api, *titles: str) -> list[dict[str, Any]]:
    """A task, and sub-tasks of these titles."""
    parent = api.made(title="parent")
    return [parent, *(api.made(title=title, parent_id=parent["id"]) for title in titles)]


def titles(answer: Any) -> list[str]:
    return sorted(task["title"] for task in answer.json())


def test_a_task_is_put_under_another_and_taken_out_again(api: Api) -> None:
    parent, child = family(api, "child")
    other = api.made(title="other")
    assert child["parent_id"] == parent["id"]
    assert api.patch(child["id"], parent_id=other["id"]).json()["parent_id"] == other["id"]
    moved = api.patch(child["id"], parent_id=parent["id"]).json()
    assert moved["parent_id"] == parent["id"]
    assert api.patch(child["id"], parent_id=parent["id"]).json() == moved  # no change
    kept = api.replace(child["id"], title="kept").json()
    assert kept["parent_id"] == parent["id"]
    assert api.replace(child["id"], title="out", parent_id=None).json()["parent_id"] is None
    assert api.read(parent["id"]).json() == parent  # it notes nothing that is seen


def test_the_list_and_the_numbers_are_of_one_parent_or_of_what_has_none(api: Api) -> None:
    parent, *_ = family(api, "a", "b")
    api.made(title="alone")
    assert titles(api.list(parent=parent["id"])) == ["a", "b"]
    assert titles(api.list(parent="none")) == ["alone", "parent"]
    assert titles(api.list(parent=parent["id"], q="a")) == ["a"]
    assert api.list(parent=10**9).json() == []
    for asked, number in ((parent["id"], 2), ("none", 2), (10**9, 0)):
        assert api.summary(parent=asked).json()["open"] == number
    assert api.summary().json()["open"] == 4
    assert api.delete_all(parent=parent["id"]).status_code == 204
    assert titles(api.list()) == ["alone", "parent"]
    for value in ("0", "-1", "None", "x", "1.0", ""):
        for answer in (api.list(f"parent={value}"), api.delete_all(f"parent={value}")):
            require_problem(answer, 400, "validation_error")


def test_what_cannot_be_a_parent_is_refused_and_a_foreign_one_as_a_missing_one(
    api: Api, below: Connection
) -> None:
    parent, child, trashed = family(api, "child", "trashed")
    api.delete(trashed["id"])
    lone, gone = api.made(title="lone", repeat="FREQ=DAILY"), api.made(title="gone")
    api.delete(gone["id"])
    foreign = api.of(2).made()["id"]
    before, told = rows(below), set[str]()
    for parent_id in (10**9, foreign, gone["id"], child["id"]):
        for answer in (
            api.create(title="x", parent_id=parent_id),
            api.create(title="x", parent_id=parent_id, headers={"Idempotency-Key": "k"}),
            api.patch(lone["id"], parent_id=parent_id),
            api.patch(lone["id"], parent_id=parent_id, completed=True),
            api.replace(lone["id"], title="x", parent_id=parent_id),
        ):
            problem = require_problem(answer, 409, "conflict")
            assert [one["loc"] for one in problem["errors"]] == ["body.parent_id"]
            told.add(problem["detail"] + problem["errors"][0]["message"])
        create = {"op": "create", "task": {"title": "x", "parent_id": parent_id}}
        update = {"op": "update", "id": lone["id"], "changes": {"parent_id": parent_id}}
        assert api.batch(create, update).status_code == 409
    assert len(told) == 1
    for task_id, parent_id in ((parent["id"], lone["id"]), (lone["id"], lone["id"])):
        require_problem(api.patch(task_id, parent_id=parent_id), 409, "conflict")
    require_problem(api.patch(10**9, parent_id=parent["id"]), 404, "task_not_found")
    stale = api.patch(lone["id"], {"If-Match": '"1"'}, parent_id=10**9)
    require_problem(stale, 412, "precondition_failed")
    for value in (0, -1, "1", 2**63, 1.5, True):
        require_problem(api.create(title="x", parent_id=value), 400, "validation_error")
    assert rows(below) == before


def test_a_key_answers_the_create_of_a_sub_task_again(api: Api) -> None:
    parent, key = api.made(), {"Idempotency-Key": "k"}
    first, second = (api.create(title="x", parent_id=parent["id"], headers=key) for _ in range(2))
    assert (first.content, second.headers["idempotent-replayed"]) == (second.content, "true")
    api.delete(parent["id"])
    assert api.create(title="x", parent_id=parent["id"], headers=key).content == first.content
    other = api.create(title="x", headers=key)
    require_problem(other, 422, "idempotency_key_reused")


def test_sub_tasks_go_to_the_trash_and_come_back_with_their_parent(
    live: RecordingClient, surface: Surface
) -> None:
    """Each has a number of its own, and what was in the trash before stays there."""
    api = Api(live, surface)
    parent, first, second, before = family(api, "a", "b", "before")
    api.delete(before["id"])
    assert api.delete(parent["id"]).status_code == 204
    assert api.list().json() == []
    last = revision_of(api.list().headers["etag"])
    trash = {task["id"]: task["revision"] for task in api.list(deleted=True).json()}
    assert sorted(trash) == [parent["id"], first["id"], second["id"], before["id"]]
    assert trash[parent["id"]] < trash[first["id"]] < trash[second["id"]] == last
    told = api.changes(since=before["revision"]).json()["items"]
    assert {item["id"] for item in told if item.get("deleted")} == {*trash}
    assert api.restore(parent["id"]).json()["id"] == parent["id"]
    assert titles(api.list()) == ["a", "b", "parent"]
    assert {task["parent_id"] for task in api.list(q="a").json()} >= {parent["id"]}
    assert titles(api.list(deleted=True)) == ["before"]
    assert api.restore(before["id"]).json()["parent_id"] == parent["id"]


def test_a_sub_task_that_comes_back_alone_is_no_sub_task_any_more(api: Api) -> None:
    parent, child, other = family(api, "child", "other")
    api.delete(parent["id"])
    assert api.restore(child["id"]).json()["parent_id"] is None
    back = api.batch({"op": "restore", "id": other["id"]}).json()["results"][0]["task"]
    assert back["parent_id"] is None
    api.restore(parent["id"])
    assert api.list(parent=parent["id"]).json() == []


def test_many_at_once_take_their_sub_tasks_along(live: RecordingClient, surface: Surface) -> None:
    api = Api(live, surface)
    parent, child, trashed = family(api, "child", "trashed")
    lone = api.made(title="lone")
    api.delete(trashed["id"])
    assert api.delete_all(q="parent").status_code == 204
    assert titles(api.list()) == ["lone"]
    revisions = [task["revision"] for task in api.list(deleted=True).json()]
    assert len(set(revisions)) == 3
    assert max(revisions) == revision_of(api.list().headers["etag"])
    restored = api.client.post(api.surface.restore(api.owner, "q=parent"))
    assert restored.json() == {"restored": 2}
    assert titles(api.list(parent=parent["id"])) == ["child"]
    api.delete_all()
    assert api.client.post(api.surface.restore(api.owner)).json() == {"restored": 4}
    found = {task["id"]: task["parent_id"] for task in api.list().json()}
    assert found == {
        parent["id"]: None,
        lone["id"]: None,
        child["id"]: parent["id"],
        trashed["id"]: parent["id"],
    }
    api.delete(parent["id"])
    assert api.client.post(api.surface.restore(api.owner, "q=child")).json() == {"restored": 1}
    assert api.read(child["id"]).json()["parent_id"] is None


def test_what_follows_a_repeating_sub_task_is_a_sub_task_too(api: Api) -> None:
    parent = api.made()
    daily = {"repeat": "FREQ=DAILY", "due_date": "2026-11-30", "parent_id": parent["id"]}
    for whole in (True, False):
        task = api.made(title=str(whole), **daily)
        completing = {"op": "complete", "id": task["id"], "completed": True}
        assert (api.complete(task["id"]) if whole else api.batch(completing)).is_success
        [after] = [one for one in api.list().json() if one["repeat_of"] == task["id"]]
        assert after["parent_id"] == parent["id"]


def test_a_repeating_task_is_put_under_another_and_completed_at_once(api: Api) -> None:
    parent = api.made()["id"]
    for is_under in (True, False):
        under = {"parent_id": parent} if is_under else {}
        task = api.made(repeat="FREQ=DAILY", **under)["id"]
        assert api.patch(task, completed=True, parent_id=parent).is_success
        [after] = [one for one in api.list().json() if one["repeat_of"] == task]
        assert after["parent_id"] == parent


BATCHES: dict[str, tuple[list[dict[str, Any]], int, tuple[str, ...]]] = {
    "the parent goes, and takes the child along": ([{"op": "delete", "id": "p"}], 200, ("lone",)),
    "both go": (
        [{"op": "delete", "id": "p"}, {"op": "delete", "id": "c"}], 200, ("lone",)
    ),
    "the child is changed, and goes along": (
        [{"op": "update", "id": "c", "changes": {"title": "new"}}, {"op": "delete", "id": "p"}],
        200, ("lone",),
    ),
    "the child leaves, and stays": (
        [{"op": "update", "id": "c", "changes": {"parent_id": None}}, {"op": "delete", "id": "p"}],
        200, ("child", "lone"),
    ),
    "a new child of one that goes": (
        [{"op": "create", "task": {"title": "x", "parent_id": "p"}}, {"op": "delete", "id": "p"}],
        409, ("child", "lone", "parent"),
    ),
    "a new child of a child": (
        [{"op": "create", "task": {"title": "x", "parent_id": "c"}}], 409,
        ("child", "lone", "parent"),
    ),
    "two under each other": (
        [{"op": "update", "id": "l", "changes": {"parent_id": "p"}},
         {"op": "update", "id": "p", "changes": {"parent_id": "l"}}],
        409, ("child", "lone", "parent"),
    ),
    "a child of what becomes a child": (
        [{"op": "create", "task": {"title": "x", "parent_id": "l"}},
         {"op": "update", "id": "l", "changes": {"parent_id": "p"}}],
        409, ("child", "lone", "parent"),
    ),
    "a new child": (
        [{"op": "create", "task": {"title": "x", "parent_id": "l"}},
         {"op": "update", "id": "l", "changes": {"title": "lone!"}}],
        200, ("child", "lone!", "parent", "x"),
    ),
}  # fmt: skip


@pytest.mark.requirement("FR-42")
@pytest.mark.parametrize("case", BATCHES)
def test_a_batch_leaves_no_task_under_one_in_the_trash(api: Api, case: str) -> None:
    parent, child = family(api, "child")
    ids = {"p": parent["id"], "c": child["id"], "l": api.made(title="lone")["id"]}
    operations, status, left = BATCHES[case]
    answer = api.batch(*(_filled(one, ids) for one in operations))
    assert answer.status_code == status, answer.text
    listed = api.list().json()
    assert titles(api.list()) == list(left)
    everything = listed + api.list(deleted=True).json()
    assert len({task["revision"] for task in everything}) == len(everything)
    top = {task["id"] for task in listed if task["parent_id"] is None}
    assert {task["parent_id"] for task in listed} - {None} <= top


def _filled(value: Any, ids: dict[str, int]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one, ids) for name, one in value.items()}
    return ids.get(value, value) if isinstance(value, str) else value
