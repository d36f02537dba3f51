"""Batches beside other writers: whole or not at all, decided about the present."""

from typing import Any

import pytest

from backend.tests.support.api import Api
from backend.tests.support.arena import Arena
from backend.tests.support.copies import Copy, listed
from backend.tests.support.surfaces import PRIMARY, Surface
from backend.tests.support.tags import revision_of

pytestmark = [pytest.mark.untraced, pytest.mark.requirement("FR-42")]


def titled(tasks: list[Any], title: str, **more: object) -> list[dict[str, Any]]:
    changes = {"title": title}
    return [{"op": "update", "id": task["id"], "changes": changes, **more} for task in tasks]


def test_batches_and_single_writes_at_once_leave_one_whole_state(
    arena: Arena, surface: Surface
) -> None:
    """All have begun before any ends, so each decides about tasks that its snapshot has not."""
    api = arena.api(surface)
    tasks = [api.made(title=str(number)) for number in range(3)]
    copy = Copy(api)
    copy.follow()

    def send(number: int) -> Any:
        if number % 4 == 3:
            return api.patch(tasks[0]["id"], description=f"of {number}")
        order = tasks if number % 2 else tasks[::-1]
        new = {"op": "create", "task": {"title": f"new {number}"}}
        return api.batch(new, *titled(order, f"batch {number}"))

    answers = arena.at_once(api.owner, 16, send)
    assert {answer.status_code for answer in answers} == {200}
    found = listed(api)
    assert len({found[task["id"]]["title"] for task in tasks}) == 1
    assert found[tasks[0]["id"]]["description"] is not None
    assert len(found) == 3 + 12
    copy.follow()
    assert copy.tasks == found
    everything = [item["revision"] for item in api.changes().json()["items"]]
    assert len(set(everything)) == len(everything)


def test_of_ten_batches_with_one_revision_one_is_written(arena: Arena, surface: Surface) -> None:
    api = arena.api(surface)
    task, other = api.made(), api.made()
    condition = {"revision": task["revision"]}
    answers = arena.at_once(
        api.owner,
        10,
        lambda number: api.batch(
            *titled([other], f"by {number}"), *titled([task], str(number), **condition)
        ),
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9
    [winner] = [answer.json()["results"] for answer in answers if answer.is_success]
    assert listed(api) == {result["task"]["id"]: result["task"] for result in winner}


def test_a_task_that_was_trashed_while_a_batch_waited_is_missing_to_it(arena: Arena) -> None:
    """Two batches that each delete what the other changes: one is done, the other not at all."""
    api: Api = arena.api(PRIMARY)
    first, second = api.made(title="first"), api.made(title="second")
    pairs = ((first, second), (second, first))

    def send(number: int) -> Any:
        gone, kept = pairs[number]
        return api.batch(*titled([kept], "written"), {"op": "delete", "id": gone["id"]})

    answers = arena.at_once(api.owner, 2, send)
    assert sorted(answer.status_code for answer in answers) == [200, 404]
    assert [task["title"] for task in listed(api).values()] == ["written"]


def test_first_batches_of_an_owner_at_once_have_numbers_of_their_own(arena: Arena) -> None:
    api: Api = arena.api(PRIMARY)
    new = {"op": "create", "task": {"title": "x"}}
    answers = arena.at_once(api.owner, 8, lambda _: api.batch(new, new, new))
    assert {answer.status_code for answer in answers} == {200}
    revisions = [task["revision"] for task in listed(api).values()]
    assert len(set(revisions)) == len(revisions) == 24
    assert max(revisions) == revision_of(api.list().headers["etag"])
