"""Completing a repeating task makes the next one, once, whichever way it is completed."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.tests.support.api import Api
from backend.tests.support.contents import CONTENT
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY

DAILY: dict[str, Any] = {"repeat": "FREQ=DAILY", "due_date": "2026-11-30"}


def followers(api: Api, task_id: int) -> list[dict[str, Any]]:
    """What follows a task, in the list or in the trash."""
    everything = api.list().json() + api.list(deleted=True).json()
    return [task for task in everything if task["repeat_of"] == task_id]


def occurrences(api: Api, task_id: object, query: str = "") -> Any:
    url = api.task(task_id, "/occurrences")
    return api.client.get(url + (f"{'&' if '?' in url else '?'}{query}" if query else ""))


COMPLETIONS: dict[str, Callable[[Api, dict[str, Any]], Any]] = {
    "complete": lambda api, task: api.complete(task["id"]),
    "toggle": lambda api, task: api.toggle(task["id"]),
    "PATCH": lambda api, task: api.patch(task["id"], completed=True),
    "PUT": lambda api, task: api.replace(task["id"], **{**task, "completed": True}),
    "PUT of an old client": lambda api, task: api.replace(
        task["id"], title=task["title"], due_date=task["due_date"], completed=True
    ),
    "If-Match": lambda api, task: api.complete(task["id"], {"If-Match": f'"{task["revision"]}"'}),
    "batch": lambda api, task: api.batch({"op": "complete", "id": task["id"], "completed": True}),
    "batch update": lambda api, task: api.batch(
        {"op": "update", "id": task["id"], "changes": {"completed": True}}
    ),
    "batch with a key": lambda api, task: api.batch(
        {"op": "complete", "id": task["id"], "completed": True}, headers={"Idempotency-Key": "k"}
    ),
}


@pytest.mark.requirement("FR-71")
@pytest.mark.parametrize("way", COMPLETIONS)
def test_each_way_to_complete_a_task_makes_the_next_one_once(api: Api, way: str) -> None:
    task = api.made(**DAILY)
    answer = COMPLETIONS[way](api, task)
    assert answer.status_code == 200, answer.text
    assert api.read(task["id"]).json()["completed"]
    [after] = followers(api, task["id"])
    assert (after["due_date"], after["completed"]) == ("2026-12-01", False)
    assert task["revision"] < api.read(task["id"]).json()["revision"] < after["revision"]
    for _ in range(2):
        api.complete(task["id"], completed=False)
        COMPLETIONS[way](api, api.read(task["id"]).json())
    assert followers(api, task["id"]) == [after]


@pytest.mark.requirement("FR-71")
def test_the_next_task_is_like_the_one_before_and_knows_it(api: Api) -> None:
    task = api.made(**{**CONTENT, "completed": False, "repeat_from": "due"})
    done = api.toggle(task["id"]).json()
    [after] = followers(api, task["id"])
    moments, changed = {"created_at", "updated_at"}, {"id", "url", "repeat_of", "revision"}
    expected = {"due_date": "2026-11-27", "repeat": "FREQ=MONTHLY;COUNT=2;BYDAY=-1FR"}
    differs = {name for name in task if task[name] != after[name]}
    assert differs - moments == changed | expected.keys()
    assert after.items() >= {**expected, "repeat_of": task["id"]}.items()
    assert api.list(q="größe").json() == [done, after]
    items = api.changes(since=task["revision"]).json()["items"]
    assert [item["id"] for item in items] == [task["id"], after["id"]]


@pytest.mark.requirement("FR-71")
def test_a_series_ends_with_its_count_and_with_until(api: Api) -> None:
    for rule, dues in (
        ("FREQ=DAILY;COUNT=3", ["2026-11-30", "2026-12-01", "2026-12-02"]),
        ("FREQ=WEEKLY;UNTIL=20261208", ["2026-11-30", "2026-12-07"]),
    ):
        task, found = api.made(**{**DAILY, "repeat": rule}), ["2026-11-30"]
        foretold = occurrences(api, task["id"]).json()["items"]
        while True:
            assert api.toggle(task["id"]).json()["completed"]
            if not (following := followers(api, task["id"])):
                break
            [task] = following
            found.append(task["due_date"])
        assert found == dues
        assert [one["due_date"] for one in foretold] == dues[1:]
        assert task["repeat"].endswith(("COUNT=1", "UNTIL=20261208"))


@pytest.mark.requirement("FR-71")
def test_what_a_write_changes_besides_counts_for_the_next_one(api: Api) -> None:
    for changes, due in (
        ({"repeat": None}, None),
        ({"repeat": "FREQ=WEEKLY"}, "2026-12-07"),
        ({"due_date": "2026-12-24"}, "2026-12-25"),
    ):
        for single in (True, False):
            task, changed = api.made(**DAILY), {**changes, "completed": True}
            if single:
                answer = api.patch(task["id"], **changed)
            else:
                answer = api.batch({"op": "update", "id": task["id"], "changes": changed})
            assert answer.status_code == 200
            dues = [one["due_date"] for one in followers(api, task["id"])]
            assert dues == ([due] if due else [])


@pytest.mark.requirement("FR-71")
def test_the_next_one_stays_whatever_becomes_of_the_one_before(api: Api) -> None:
    """And one that is in the trash is still the one that follows."""
    task = api.made(**DAILY)
    api.complete(task["id"])
    [after] = followers(api, task["id"])
    for verb in ("toggle", "delete", "restore", "toggle"):
        api.do(verb, task["id"])
        assert followers(api, task["id"]) == [after]
    api.delete(after["id"])
    api.toggle(task["id"])
    api.toggle(task["id"])
    assert [one["id"] for one in followers(api, task["id"])] == [after["id"]]


@pytest.mark.requirement("FR-71")
def test_a_task_that_is_made_completed_is_not_followed(api: Api) -> None:
    task = api.made(**DAILY, completed=True)
    api.complete(task["id"])
    api.patch(task["id"], title="changed")
    assert followers(api, task["id"]) == []


@pytest.mark.requirement("FR-71")
def test_a_condition_that_fails_makes_nothing(api: Api) -> None:
    task = api.made(**DAILY)
    for answer in (
        api.complete(task["id"], {"If-Match": '"1"'}),
        api.toggle(task["id"], {"If-Match": '"1"'}),
        api.batch({"op": "complete", "id": task["id"], "completed": True, "revision": 1}),
    ):
        require_problem(answer, 412, "precondition_failed")
    for answer in (api.of(2).complete(task["id"]), api.complete(task["id"] + 1)):
        require_problem(answer, 404, "task_not_found")
    failing = {"op": "delete", "id": task["id"] + 1}
    completing = {"op": "complete", "id": task["id"], "completed": True}
    assert api.batch(completing, failing).status_code == 404
    assert api.batch(completing, query="dry_run=true").json()["results"][0]["task"]["completed"]
    assert followers(api, task["id"]) == []
    assert api.read(task["id"]).json() == task


@pytest.mark.requirement("FR-71")
def test_a_batch_completes_many_series_and_each_task_has_a_number_of_its_own(api: Api) -> None:
    tasks = [api.made(**DAILY, title=str(number)) for number in range(3)]
    plain = api.made()
    answer = api.batch(
        *({"op": "complete", "id": task["id"], "completed": True} for task in (*tasks, plain)),
        {"op": "create", "task": {"title": "new"}},
    )
    assert [one["status"] for one in answer.json()["results"]] == [200] * 4 + [201]
    listed = api.list().json()
    assert len(listed) == 8
    revisions = [task["revision"] for task in listed]
    assert len(set(revisions)) == 8
    changed = [one["task"]["revision"] for one in answer.json()["results"]]
    following = [followers(api, task["id"])[0]["revision"] for task in tasks]
    assert sorted(revisions) == changed + following
    again = api.batch({"op": "complete", "id": tasks[0]["id"], "completed": True})
    assert again.json()["results"][0]["task"]["revision"] == changed[0]


@pytest.mark.requirement("FR-71")
def test_a_key_answers_a_batch_that_completed_a_series_as_it_was(api: Api) -> None:
    task, key = api.made(**DAILY), {"Idempotency-Key": "k"}
    completing = {"op": "complete", "id": task["id"], "completed": True}
    first, second = (api.batch(completing, headers=key) for _ in range(2))
    assert second.headers["idempotent-replayed"] == "true"
    assert first.json() == second.json()
    assert len(followers(api, task["id"])) == 1


@pytest.mark.requirement("FR-70", "FR-71")
def test_nine_stays_nine_and_a_task_that_is_not_due_counts_from_its_completion(api: Api) -> None:
    nine = {"due_at": "2026-10-24T09:00:00+02:00", "repeat_zone": "Europe/Berlin"}
    task = api.made(**nine, repeat="FREQ=DAILY")
    api.complete(task["id"])
    assert followers(api, task["id"])[0]["due_at"] == "2026-10-25T08:00:00.000000Z"
    task = api.made(repeat="FREQ=DAILY")
    done = api.complete(task["id"]).json()
    [after] = followers(api, task["id"])
    assert after["due_date"] > done["completed_at"][:10]
    task = api.made(**DAILY, repeat_from="completion", title="late")
    done = api.complete(task["id"]).json()
    assert followers(api, task["id"])[0]["due_date"] > done["completed_at"][:10]


@pytest.mark.requirement("FR-70")
def test_a_time_that_the_clocks_skip_comes_back_the_day_after(api: Api) -> None:
    task = api.made(
        repeat="FREQ=DAILY", repeat_zone="Europe/Berlin", due_at="2026-03-28T02:30:00+01:00"
    )
    expected = ["2026-03-29T01:30:00.000000Z", "2026-03-30T00:30:00.000000Z"]
    foretold = occurrences(api, task["id"], "limit=2").json()["items"]
    assert [one["due_at"] for one in foretold] == expected
    for due_at in expected:
        api.batch({"op": "complete", "id": task["id"], "completed": True})
        [task] = followers(api, task["id"])
        assert task["due_at"] == due_at


@pytest.mark.requirement("FR-71", "FR-73")
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}], ids=["", "with a key"])
def test_a_series_that_is_completed_while_its_parent_goes_comes_back_with_it(
    live: RecordingClient, key: dict[str, str]
) -> None:
    api = Api(live, PRIMARY)
    parent = api.made(title="parent")
    daily = {"repeat": "FREQ=DAILY", "due_date": "2026-11-30", "parent_id": parent["id"]}
    task = api.made(**daily)
    done = {"op": "complete", "id": task["id"], "completed": True}
    assert api.batch(done, {"op": "delete", "id": parent["id"]}, headers=key).is_success
    trash = {one["revision"] for one in api.list(deleted=True).json()}
    assert (api.list().json(), len(trash)) == ([], 3)
    assert max(trash) == api.changes().json()["revision"]
    api.restore(parent["id"])
    found = {one["due_date"]: one for one in api.list(parent=parent["id"]).json()}
    assert [one["completed"] for one in found.values()] == [True, False]
    assert found["2026-12-01"]["repeat_of"] == task["id"]
    assert api.list(deleted=True).json() == []
