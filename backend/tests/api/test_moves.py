"""Moving a task before or after another one: it is there in `sort=order`, and few others change."""

import random
from typing import Any

import pytest

from backend.tests.support.api import Api
from backend.tests.support.problems import require_problem

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-74")]

LOWEST, HIGHEST = -(2**63), 2**63 - 1


def move(api: Api, task_id: int, headers: Any = None, **where: object) -> Any:
    return api.client.post(api.task(task_id, "/move"), json=where, headers=headers)


def line(api: Api) -> list[int]:
    return [task["id"] for task in api.list("sort=order").json()]


def made(api: Api, *orders: int | None) -> list[int]:
    return [api.made(title=str(number), order=order)["id"] for number, order in enumerate(orders)]


LINES: dict[str, tuple[int | None, ...]] = {
    "without any": (None,) * 6,
    "some without": (5, None, 1, None, None, 3),
    "doubles": (7, 7, 7, 7, 7, 7),
    "without a gap": (0, 1, 2, 3, 4, 5),
    "at the end of the numbers": (HIGHEST,) * 5 + (HIGHEST - 1,),
    "at their beginning": (LOWEST,) * 5 + (LOWEST + 1,),
    "at both ends": (LOWEST, HIGHEST, LOWEST, HIGHEST, 0, None),
}


@pytest.mark.parametrize("orders", LINES.values(), ids=LINES)
def test_a_task_is_where_it_was_moved_to_whatever_the_numbers_were(
    api: Api, orders: tuple[int | None, ...]
) -> None:
    ids = made(api, *orders)
    expected, chance = line(api), random.Random(1)  # noqa: S311  (no secret)
    assert sorted(expected) == ids
    for _ in range(25):
        task, anchor = chance.sample(ids, 2)
        where = chance.choice(("before", "after"))
        before = api.list().headers["etag"]
        answer = move(api, task, **{where: anchor})
        assert answer.status_code == 200, answer.text
        was_there = expected.index(task) - expected.index(anchor) == (
            -1 if where == "before" else 1
        )
        expected.remove(task)
        expected.insert(expected.index(anchor) + (where == "after"), task)
        listed = api.list("sort=order")
        assert [one["id"] for one in listed.json()] == expected
        assert (listed.headers["etag"] == before) == was_there
        assert LOWEST <= answer.json()["order"] <= HIGHEST or was_there
        revisions = [one["revision"] for one in listed.json()]
        assert len(set(revisions)) == len(revisions)
        assert was_there or answer.json()["revision"] == max(revisions)


@pytest.mark.requirement("NFR-59")
def test_what_has_room_changes_no_other_task_and_what_has_none_few(api: Api) -> None:
    roomy = made(api, *(n * 2**16 for n in range(20)))
    dense = made(api, *(10**9 + n for n in range(4)), *(10**9 + n * 2**16 for n in range(1, 20)))
    for task, where, others in (
        (roomy[19], {"before": roomy[0]}, 0),
        (roomy[0], {"after": roomy[10]}, 0),
        (roomy[5], {"after": dense[-1]}, 0),
        (roomy[7], {"after": dense[0]}, 3),
    ):
        since = max(one["revision"] for one in api.list().json())
        assert move(api, task, **where).is_success
        items = api.changes(since=since).json()["items"]
        assert len(items) == others + 1
        assert items[-1]["id"] == task
    unnumbered = made(api, None, None, None, None)
    since = max(one["revision"] for one in api.list().json())
    assert move(api, unnumbered[3], after=unnumbered[0]).is_success
    assert len(api.changes(since=since).json()["items"]) == 2  # who is before it needs a number


def test_a_move_is_repeatable_and_knows_conditions(api: Api) -> None:
    first, second, third = made(api, 1, 2, 3)
    answer = move(api, third, before=first)
    assert move(api, third, before=first).json() == answer.json()
    tag = answer.headers["etag"]
    require_problem(move(api, third, {"If-Match": '"1"'}, after=second), 412, "precondition_failed")
    assert line(api) == [third, first, second]
    assert move(api, third, {"If-Match": tag}, after=second).status_code == 200
    assert line(api) == [first, second, third]


def test_what_is_no_place_is_refused(api: Api) -> None:
    first, second, trashed = made(api, 1, 2, 3)
    api.delete(trashed)
    foreign = api.of(2).made()["id"]
    before = api.list().json()
    for where in ({}, {"before": second, "after": second}, {"before": None}, {"before": "2"},
                  {"after": 0}, {"after": first}, {"to": 1}):  # fmt: skip
        require_problem(move(api, first, **where), 400, "validation_error")
    told = set()
    for anchor in (foreign, trashed, 10**9):
        problem = require_problem(move(api, first, after=anchor), 409, "conflict")
        told.add((problem["detail"], str(problem["errors"])))
    assert len(told) == 1
    for missing in (foreign, trashed, 10**9):
        require_problem(move(api, missing, after=second), 404, "task_not_found")
    assert api.list().json() == before


def test_sub_tasks_are_moved_among_each_other(api: Api) -> None:
    parent = api.made()
    a, b, c = (api.made(title=t, parent_id=parent["id"])["id"] for t in "abc")
    move(api, c, before=a)
    listed = api.list(f"parent={parent['id']}&sort=order").json()
    assert [one["id"] for one in listed] == [c, a, b]
