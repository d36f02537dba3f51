"""What changes nothing gives no number and moves no time, so no poller reads anything again."""

from collections.abc import Iterator
from typing import Any

import pytest

from backend.tests.support.arena import Arena
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Request, Surface
from backend.tests.support.tags import tag_of

CONTENT: dict[str, Any] = {
    "title": "Buy milk",
    "description": "two\nlines",
    "completed": True,
    "priority": "high",
    "due_at": "2026-11-24T08:00:00.000000Z",
    "tags": ["home", "shop"],
    "order": 7,
}
SPELLINGS: dict[str, Any] = {
    "title": "  Buy milk ",
    "due_at": "2026-11-24T09:00:00+01:00",
    "tags": ["home", " shop", "home"],
    "order": 7.0,
}


def unchanging(surface: Surface, task: dict[str, Any]) -> Iterator[Request]:
    url = surface.task(1, task["id"])
    yield Request("PATCH", url, {})
    yield Request("PATCH", url, {"revision": 1, "updated_at": None})
    for name in CONTENT:
        yield Request("PATCH", url, {name: task[name]})
    for name, spelling in SPELLINGS.items():
        yield Request("PATCH", url, {name: spelling})
    yield Request("PATCH", url, {"due_date": None})
    yield Request("PUT", url, task)
    yield Request("PATCH", surface.task(1, task["id"], "/complete"), {"completed": True})
    yield Request("POST", surface.task(1, task["id"], "/restore"))


@pytest.mark.threat(44)
@pytest.mark.requirement("FR-23")
@pytest.mark.parametrize("condition", ["none", "current", "any"])
def test_what_changes_nothing_answers_the_task_as_it_is(
    client: RecordingClient, surface: Surface, condition: str
) -> None:
    task = client.request(**vars(surface.create(1, **CONTENT))).json()
    etag = client.get(surface.tasks(1)).headers["etag"]
    tags = {"none": {}, "current": {"If-Match": f'"{task["revision"]}"'}, "any": {"If-Match": "*"}}
    for request in unchanging(surface, task):
        answer = client.request(**vars(request), headers=tags[condition])
        assert (answer.status_code, answer.json()) == (200, task), request
        assert answer.headers["etag"] == tag_of(task["revision"])
    listed = client.get(surface.tasks(1), headers={"If-None-Match": etag})
    assert listed.status_code == 304


@pytest.mark.threat(44)
@pytest.mark.requirement("FR-23", "FR-17")
def test_what_changes_nothing_is_still_refused_for_another_revision(
    client: RecordingClient, surface: Surface
) -> None:
    task = client.request(**vars(surface.create(1, **CONTENT))).json()
    for request in unchanging(surface, task):
        answer = client.request(**vars(request), headers={"If-Match": '"0"'})
        require_problem(answer, 412, "precondition_failed")
    for request in unchanging(surface, {**task, "id": 10**12}):
        require_problem(client.request(**vars(request)), 404, "task_not_found")


@pytest.mark.threat(44)
@pytest.mark.requirement("FR-23")
def test_a_restore_out_of_the_trash_is_a_change_and_its_repetition_is_none(
    client: RecordingClient, surface: Surface
) -> None:
    task = client.request(**vars(surface.create(1, title="x"))).json()
    assert client.delete(surface.task(1, task["id"])).status_code == 204
    first, again = (client.post(surface.task(1, task["id"], "/restore")) for _ in range(2))
    assert first.json()["revision"] > task["revision"] + 1
    assert (again.json(), again.headers["etag"]) == (first.json(), first.headers["etag"])


@pytest.mark.threat(44)
@pytest.mark.requirement("FR-23")
def test_of_twenty_equal_changes_at_once_one_is_a_change_and_all_answer_it(
    arena: Arena, surface: Surface
) -> None:
    """Those that waited for the first look again, and find that there is nothing to change."""
    api = arena.api(surface)
    task = api.made(title="before")
    answers = arena.at_once(
        api.owner, 20, lambda _: api.patch(task["id"], title="after", completed=True)
    )
    assert [answer.status_code for answer in answers] == [200] * 20
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["title"] == "after"
    assert api.read(task["id"]).json() == answers[0].json()
