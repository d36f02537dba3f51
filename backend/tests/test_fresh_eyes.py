"""What a fresh pair of eyes found, kept as tests."""

import json

import pytest

from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface

JSON = {"Content-Type": "application/json"}


@pytest.mark.requirement("FR-12")
def test_a_long_list_is_refused_before_its_items_are_looked_at(
    client: RecordingClient, surface: Surface
) -> None:
    """300,000 wrong tags once kept the whole process busy for a quarter of a minute."""
    response = client.request(**vars(surface.create(1, title="x", tags=[1] * 300_000)))
    require_problem(response, 400, "validation_error")
    assert len(response.json()["errors"]) == 1


@pytest.mark.requirement("FR-12")
def test_an_object_with_endless_members_is_refused(
    client: RecordingClient, surface: Surface
) -> None:
    members = {f"{MARK}{number}": 1 for number in range(40_000)}
    response = client.request(**vars(surface.create(1, title="x", **members)))
    require_problem(response, 400, "malformed_json")


@pytest.mark.requirement("FR-12", "FR-16")
@pytest.mark.parametrize("query", ["q=%ff", "q=caf%C3", "tag=%ED%A0%80", "q=%C0%80"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_query_that_is_no_utf_8_is_refused_and_finds_no_replacement_character(
    client: RecordingClient, surface: Surface, method: str, query: str
) -> None:
    task = surface.create(1, title="x \ufffd y", tags=["\ufffd"])
    assert client.request(**vars(task)).status_code == 201
    response = client.request(method, surface.tasks(1, query))
    require_problem(response, 400, "validation_error")
    assert len(client.get(surface.tasks(1)).json()) == 1


@pytest.mark.requirement("FR-19")
@pytest.mark.parametrize("query", ["q=", "q=%20"])
def test_an_empty_search_trashes_nothing(
    client: RecordingClient, surface: Surface, query: str
) -> None:
    client.request(**vars(surface.create(1, title="kept")))
    require_problem(client.delete(surface.tasks(1, query)), 400, "validation_error")
    assert len(client.get(surface.tasks(1, query)).json()) == 1


@pytest.mark.requirement("FR-18")
@pytest.mark.parametrize("name", ["Idempotency-Key", "Content-Type"])
def test_a_header_with_two_meanings_is_refused(
    client: RecordingClient, surface: Surface, name: str
) -> None:
    request = surface.create(1, title="x")
    headers = [*JSON.items(), (name, "application/json"), (name, "text/plain")]
    content = json.dumps(request.json)
    response = client.request("POST", request.url, content=content, headers=headers)
    require_problem(response, 400, "validation_error")
    assert client.get(surface.tasks(1)).json() == []


@pytest.mark.requirement("FR-17")
def test_a_restore_may_expect_a_revision(client: RecordingClient, surface: Surface) -> None:
    task = client.request(**vars(surface.create(1, title="x"))).json()
    client.delete(surface.task(1, task["id"]))
    url = surface.task(1, task["id"], "/restore")
    stale = client.post(url, headers={"If-Match": f'"{task["revision"]}"'})
    current = client.post(url, headers={"If-Match": f'"{task["revision"] + 1}"'})
    assert (stale.status_code, current.status_code) == (412, 200)


@pytest.mark.requirement("FR-13")
def test_64_bit_bounds_are_exact_in_the_document(client: RecordingClient) -> None:
    text = client.get("/openapi.json").text
    assert "9223372036854775807" in text
    assert "e+18" not in text
