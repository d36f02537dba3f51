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
    require_problem(response, 400, "validation_error")


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
@pytest.mark.parametrize("name", ["Idempotency-Key", "Content-Type", "Content-Encoding"])
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


@pytest.mark.requirement("FR-17", "FR-19")
def test_a_condition_on_many_tasks_is_refused_and_not_overlooked(
    client: RecordingClient, surface: Surface
) -> None:
    task = client.request(**vars(surface.create(1, title="x"))).json()
    response = client.delete(surface.tasks(1), headers={"If-Match": '"1"'})
    problem = require_problem(response, 400, "validation_error")
    assert [error["loc"] for error in problem["errors"]] == ["header.If-Match"]
    assert client.get(surface.tasks(1)).json() == [task]


@pytest.mark.requirement("FR-12")
@pytest.mark.parametrize("path", ["/api/1/tasks%2F1", "/api/1%2f2/tasks", "/api/v1/tasks%2f1"])
def test_11_an_encoded_slash_is_no_second_spelling(client: RecordingClient, path: str) -> None:
    require_problem(client.get(path), 400, "validation_error")
    assert client.recorder.statements == []


@pytest.mark.requirement("FR-12")
@pytest.mark.parametrize("host", ["..", "a,b", "%41", "a..b", "-a", "x" * 64, "h:123456", "[::1"])
def test_17_a_host_that_cannot_be_is_in_no_address(client: RecordingClient, host: str) -> None:
    response = client.post("/api/1/tasks", json={"title": "x"}, headers={"Host": host})
    require_problem(response, 400, "validation_error")
    for possible in ("a", "a-b.example.", "127.0.0.1:80", "[::1]:8000", "my_host"):
        assert client.get("/api/1/tasks", headers={"Host": possible}).json() == []


@pytest.mark.requirement("FR-12")
def test_20_a_path_does_not_pass_for_the_fields_of_its_line(
    client: RecordingClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    client.get("/a%20200%201.0%20ms")
    assert "GET /a%20200%201.0%20ms 404 " in caplog.text
