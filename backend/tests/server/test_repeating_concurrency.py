"""A repeating task is followed once, however many complete it at once."""

from typing import Any

import pytest

from backend.tests.support.arena import Arena
from backend.tests.support.surfaces import PRIMARY

pytestmark = [pytest.mark.untraced, pytest.mark.requirement("FR-71")]


def test_of_ten_completions_at_once_one_makes_the_next_task(arena: Arena) -> None:
    api = arena.api(PRIMARY)
    task = api.made(repeat="FREQ=DAILY", due_date="2026-11-30")
    completing = {"op": "complete", "id": task["id"], "completed": True}
    ways = (
        lambda: api.complete(task["id"]),
        lambda: api.batch(completing),
        lambda: api.patch(task["id"], completed=True, description="by the third"),
        lambda: api.batch(completing, headers={"Idempotency-Key": "k"}),
    )
    answers = arena.at_once(api.owner, 10, lambda number: ways[number % len(ways)]())
    assert {answer.status_code for answer in answers} == {200}
    _require_one(api.list().json(), task["id"])


def test_toggles_at_once_are_counted_and_follow_once(arena: Arena) -> None:
    api = arena.api(PRIMARY)
    task = api.made(repeat="FREQ=DAILY", due_date="2026-11-30")
    answers = arena.at_once(api.owner, 11, lambda number: api.toggle(task["id"]))
    assert {answer.status_code for answer in answers} == {200}
    assert api.read(task["id"]).json()["completed"]
    _require_one(api.list().json(), task["id"])


def _require_one(tasks: list[dict[str, Any]], task_id: int) -> None:
    assert [task["repeat_of"] for task in tasks] == [None, task_id]
    assert len({task["revision"] for task in tasks}) == len(tasks)
