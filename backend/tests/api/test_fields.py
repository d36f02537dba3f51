"""The fields of a task: what goes in comes out, in one spelling."""

import pytest

from backend.tests.support.api import Api
from backend.tests.support.contents import CONTENT


@pytest.mark.requirement("FR-09")
def test_every_field_comes_back_as_it_was_sent(api: Api) -> None:
    task = api.made(**CONTENT)
    assert task.items() >= CONTENT.items()
    assert task["completed_at"] == task["created_at"]
    assert api.read(task["id"]).json() == task


@pytest.mark.requirement("FR-09")
def test_an_instant_comes_back_in_utc(api: Api) -> None:
    task = api.made(due_at="2026-03-29T01:30:00.5+02:00")
    assert task["due_at"] == "2026-03-28T23:30:00.500000Z"


@pytest.mark.requirement("FR-05")
def test_due_day_and_due_instant_take_each_others_place_only_when_told(api: Api) -> None:
    url = api.task(api.made(due_date="2026-11-24")["id"])
    instant = "2026-11-24T08:00:00.000000Z"
    conflict = api.client.patch(url, json={"due_at": instant})
    moved = api.client.patch(url, json={"due_at": instant, "due_date": None})
    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")
    assert (moved.json()["due_at"], moved.json()["due_date"]) == (instant, None)


@pytest.mark.requirement("FR-09")
def test_what_was_read_can_be_sent_back(api: Api) -> None:
    task = api.made(**CONTENT)
    url = api.task(task["id"])
    for method in ("PUT", "PATCH"):
        answer = api.client.request(method, url, json=task).json()
        assert answer.items() >= {**CONTENT, "created_at": task["created_at"]}.items()


@pytest.mark.requirement("FR-09")
def test_every_change_has_a_number_of_its_own(api: Api) -> None:
    first, second = (api.made() for _ in range(2))
    url = api.task(first["id"])
    changes = [api.client.patch(url, json={"order": n}).json()["revision"] for n in range(2)]
    revisions = [first["revision"], second["revision"], *changes]
    assert revisions == sorted(set(revisions))


def test_tags_are_trimmed_and_distinct_in_their_order(api: Api) -> None:
    assert api.made(tags=[" b", "a", "b "])["tags"] == ["b", "a"]


@pytest.mark.requirement("NFR-29")
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1.0", 1),
        ("-0.0", 0),
        ("12e1", 120),
        ("9007199254740993.0", 2**53 + 1),
        ("90071992547409930e-1", 2**53 + 1),
        ("9223372036854775807.0", 2**63 - 1),
        ("-9223372036854775808.00", -(2**63)),
    ],
)
def test_an_integer_may_be_written_as_a_decimal_and_keeps_each_digit(
    api: Api, written: str, meant: int
) -> None:
    """JSON Schema 2020-12, 6.1.1."""
    task = api.made()
    changed = api.client.patch(
        api.task(task["id"]),
        content=f'{{"order": {written}}}',
        headers={"Content-Type": "application/json"},
    )
    assert (changed.status_code, changed.json()["order"]) == (200, meant)
