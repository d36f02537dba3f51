"""Conditions, keys and hosts that are none, and headers with two meanings."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Headers

from backend.tests.support.api import Api
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY

JSON = {"Content-Type": "application/json"}

NO_TAGS = [
    *("5", '"5', '5"', "W/5", 'w/"5"', 'W/ "5"', "", " ", ",", '"5" "6"', '"5",6', '*, "5"', "**"),
    *('"5", *', '"5""', '"a b"', "'5'", '"5"\x01', '"5";', MARK, f'"{MARK}', "\xff", '"\x7f"'),
]

UNKNOWN = ['"abc"', f'"{MARK}"', '""', '"99999999999999999999"', '"-1"', '"01"', '"1.0"', '"\xff"']

NO_KEYS = [
    "",
    "\t",
    "x" * 256,
    MARK * 40,
    "schlüssel",
    "\xff",
    "a\x01",
    "a\tb",
    "\x7f",
    f"{MARK}\0",
]


def places(client: RecordingClient, response: Any) -> list[str]:
    """What a refusal names; it must not have reached the database."""
    assert client.recorder.statements == []
    problem = require_problem(response, 400, "validation_error")
    return [error["loc"] for error in problem["errors"]]


def conditional(api: Api, task: dict[str, Any], tag: str) -> tuple[Iterator[Any], Iterator[Any]]:
    """The answers to reads unless, and to writes if, the task has this tag; one at a time."""
    if_none_match = Headers({b"If-None-Match": tag.encode("latin-1")})
    if_match = Headers({b"If-Match": tag.encode("latin-1")})
    urls = api.tasks(), api.task(task["id"])
    verbs = api.verbs(task["id"])
    writes = [verbs[verb] for verb in ("replace", "patch", "toggle", "complete", "delete")]
    return (
        (api.client.get(url, headers=if_none_match) for url in urls),
        (api.send(request, headers=if_match) for request in writes),
    )


@pytest.mark.requirement("FR-17", "FR-12")
@pytest.mark.parametrize("tag", NO_TAGS, ids=ascii)
def test_what_is_no_entity_tag_is_refused(client: RecordingClient, tag: str) -> None:
    api = Api(client, PRIMARY)
    task = api.made()
    reads, writes = conditional(api, task, tag)
    assert [places(client, response) for response in reads] == [["header.If-None-Match"]] * 2
    assert [places(client, response) for response in writes] == [["header.If-Match"]] * 5
    assert client.get(PRIMARY.tasks(1)).json() == [task]


@pytest.mark.requirement("FR-17")
@pytest.mark.parametrize("tag", UNKNOWN, ids=ascii)
def test_an_entity_tag_that_no_task_ever_had_does_not_match(api: Api, tag: str) -> None:
    task = api.made()
    reads, writes = conditional(api, task, tag)
    assert [response.status_code for response in reads] == [200, 200]
    for response in writes:
        require_problem(response, 412, "precondition_failed")
    assert api.list().json() == [task]


@pytest.mark.requirement("FR-18", "FR-12")
@pytest.mark.parametrize("key", NO_KEYS, ids=lambda key: f"{key[:9]!a} {len(key)}")
def test_what_is_no_idempotency_key_creates_nothing(api: Api, key: str) -> None:
    headers = Headers({b"Idempotency-Key": key.encode()})
    response = api.create(title="x", headers=headers)
    assert places(api.client, response) == ["header.Idempotency-Key"]
    assert api.list().json() == []


@pytest.mark.requirement("FR-18")
@pytest.mark.parametrize("key", ["x", "x" * 255, "a b", "\"\\%_{}'; --", "~!"])
def test_any_printable_key_creates_once(api: Api, key: str) -> None:
    first, again = (api.create({"Idempotency-Key": key}, title="x") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert api.list().json() == [first.json()] == [again.json()]


@pytest.mark.requirement("FR-18")
@pytest.mark.parametrize("name", ["Idempotency-Key", "Content-Type", "Content-Encoding"])
def test_a_header_with_two_meanings_is_refused(api: Api, name: str) -> None:
    request = api.surface.create(1, title="x")
    headers = [*JSON.items(), (name, "application/json"), (name, "text/plain")]
    content = json.dumps(request.json)
    response = api.client.request("POST", request.url, content=content, headers=headers)
    require_problem(response, 400, "validation_error")
    assert api.list().json() == []


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(17)
@pytest.mark.parametrize("host", ["..", "a,b", "%41", "a..b", "-a", "x" * 64, "h:123456", "[::1"])
def test_a_host_that_cannot_be_is_in_no_address(client: RecordingClient, host: str) -> None:
    response = client.post("/api/1/tasks", json={"title": "x"}, headers={"Host": host})
    require_problem(response, 400, "validation_error")
    for possible in ("a", "a-b.example.", "127.0.0.1:80", "[::1]:8000", "my_host"):
        assert client.get("/api/1/tasks", headers={"Host": possible}).json() == []
