"""The fields of a task: what goes in comes out, in one spelling."""

import pytest

from backend.tests.support.contents import CONTENT, create
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface


@pytest.mark.requirement("FR-09")
def test_every_field_comes_back_as_it_was_sent(client: RecordingClient, surface: Surface) -> None:
    task = create(client, surface, **CONTENT)
    assert task.items() >= CONTENT.items()
    assert task["completed_at"] == task["created_at"]
    assert client.get(surface.task(1, task["id"])).json() == task


@pytest.mark.requirement("FR-09")
def test_an_instant_comes_back_in_utc(client: RecordingClient, surface: Surface) -> None:
    task = create(client, surface, due_at="2026-03-29T01:30:00.5+02:00")
    assert task["due_at"] == "2026-03-28T23:30:00.500000Z"


@pytest.mark.requirement("FR-05")
def test_due_day_and_due_instant_take_each_others_place_only_when_told(
    client: RecordingClient, surface: Surface
) -> None:
    url = surface.task(1, create(client, surface, due_date="2026-11-24")["id"])
    instant = "2026-11-24T08:00:00.000000Z"
    conflict = client.patch(url, json={"due_at": instant})
    moved = client.patch(url, json={"due_at": instant, "due_date": None})
    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")
    assert (moved.json()["due_at"], moved.json()["due_date"]) == (instant, None)


@pytest.mark.requirement("FR-09")
def test_what_was_read_can_be_sent_back(client: RecordingClient, surface: Surface) -> None:
    task = create(client, surface, **CONTENT)
    url = surface.task(1, task["id"])
    for method in ("PUT", "PATCH"):
        answer = client.request(method, url, json=task).json()
        assert answer.items() >= {**CONTENT, "created_at": task["created_at"]}.items()


@pytest.mark.requirement("FR-09")
def test_every_change_has_a_number_of_its_own(client: RecordingClient, surface: Surface) -> None:
    first, second = (create(client, surface) for _ in range(2))
    url = surface.task(1, first["id"])
    changes = [client.patch(url, json={"order": n}).json()["revision"] for n in range(2)]
    revisions = [first["revision"], second["revision"], *changes]
    assert revisions == [1, 2, 3, 4]


def test_tags_are_trimmed_and_distinct_in_their_order(
    client: RecordingClient, surface: Surface
) -> None:
    assert create(client, surface, tags=[" b", "a", "b "])["tags"] == ["b", "a"]
