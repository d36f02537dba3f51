"""Hostile addresses: paths, ids and parameters, refused before any SQL."""

import re
from dataclasses import replace

import pytest

from backend.models.task import MAX_ID
from backend.tests.support.api import Api
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import FLAT, Surface

NULS = ["1%00", "%00", f"%00{MARK}", f"{MARK}%00"]
ALIASES = [
    *("1.0", "+1", "%2B1", "%201", "1%20", "1_0", "01", "0", "-1", "-0", "--1", "1.", ".1", "1e0"),
    *("0x1", "0b1", "1%0a", "%0a1", "1%0d", "1%09", "1,1", "1;1", "true", "null", MARK, "¹", "½"),
    *("١", "１", "𝟏", "%ff", "%ff%fe", "1%ff", "%c0%b1", "%ed%a0%80", "1%c2%a0", "%ef%bb%bf1"),
    *(str(2**63), str(2**64 + 1), "1" + "0" * 30, "1" * 400),
]
LIMITS = ["0", "-1", "501", str(2**63), "%2B5", "+5", "05", "%205", "5.0", "5e0", "", "5%00", MARK]
JSON_ALIASES = [
    *(
        '"1"',
        "1.5",
        "1e-1",
        "true",
        "null",
        "0",
        "-1",
        str(2**63),
        "1" + "0" * 30,
        "[1]",
        '{"a": 1}',
    ),
    f'"{MARK}"',
]


def refusal(client: RecordingClient, url: str, *, code: str = "validation_error") -> list[str]:
    """The places that a refused GET names; it must not have reached the database."""
    problem = require_problem(client.get(url), 400, code)
    assert client.recorder.statements == []
    return [error["loc"] for error in problem.get("errors", [])]


def places(surface: Surface, alias: str, name: str = "user_id") -> list[str]:
    """What is named for an id; a path with a control character is refused as a whole."""
    if surface.name == "flat" and name == "user_id":
        return ["query.user_id"]
    return [] if re.search(r"%[01].", alias) else [f"path.{name}"]


@pytest.mark.requirement("FR-09", "FR-12")
@pytest.mark.threat(1)
@pytest.mark.parametrize("alias", NULS)
def test_nul_in_an_id_is_refused(api: Api, alias: str) -> None:
    assert refusal(api.client, api.of(alias).tasks()) == places(api.surface, alias)
    assert refusal(api.client, api.task(alias)) == places(api.surface, alias, "id")


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(1)
def test_nul_in_a_query_is_refused(api: Api) -> None:
    assert refusal(api.client, api.tasks("limit=%00")) == ["query.limit"]
    assert refusal(api.client, api.tasks(f"{MARK}%00=1")) == ["query"]
    assert refusal(api.client, api.tasks(f"cursor={MARK}%00"), code="invalid_cursor") == []


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(8)
@pytest.mark.parametrize("action", ["", "/complete", "/restore"])
@pytest.mark.parametrize("query", [f"{MARK}=1", f"{MARK}", f"=1{MARK}", "Limit=1", "limit%20=1"])
def test_an_unknown_parameter_is_refused(api: Api, action: str, query: str) -> None:
    task = api.made(title="kept")
    methods = {"": ["GET", "HEAD", "PUT", "PATCH", "DELETE"], "/complete": ["PATCH"]}
    url = api.task(task["id"], action)
    url += ("&" if "?" in url else "?") + query
    for method in methods.get(action, ["POST"]):
        response = api.client.request(method, url)
        assert api.statements == []
        if method == "HEAD":
            assert (response.status_code, response.content) == (400, b"")
            continue
        problem = require_problem(response, 400, "validation_error")
        assert [error["code"] for error in problem["errors"]] == ["unknown_parameter"]
    assert api.list().json() == [task]


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(8)
@pytest.mark.parametrize("url", ["/health/live", "/health/ready"])
def test_an_unknown_parameter_of_a_health_check_is_refused(
    client: RecordingClient, url: str
) -> None:
    assert refusal(client, f"{url}?{MARK}={MARK}") == ["query"]


@pytest.mark.requirement("FR-12", "FR-08")
@pytest.mark.threat(8)
def test_creating_takes_the_owner_from_one_place(api: Api) -> None:
    request = api.surface.create(1, title=MARK)
    twice = replace(request, url=f"{request.url}?user_id=2")
    require_problem(api.send(twice), 400, "validation_error")
    assert api.statements == []
    assert api.list().json() == api.of(2).list().json() == []


@pytest.mark.requirement("FR-12", "FR-16")
@pytest.mark.threat(8)
@pytest.mark.parametrize("name", ["limit", "cursor"])
def test_a_repeated_parameter_is_refused(api: Api, name: str) -> None:
    for twice in (f"{name}=1&{name}=1", f"{name}=1&{name}=2", f"{name}={MARK}&{name}="):
        assert refusal(api.client, api.tasks(twice)) == [f"query.{name}"]


@pytest.mark.requirement("FR-12", "FR-08")
@pytest.mark.threat(8)
def test_a_repeated_owner_is_refused(client: RecordingClient) -> None:
    assert refusal(client, FLAT.tasks(1, "user_id=2")) == ["query.user_id"]
    assert refusal(client, FLAT.tasks(1, "user_id=1")) == ["query.user_id"]


@pytest.mark.requirement("FR-09", "FR-10")
@pytest.mark.threat(11)
@pytest.mark.parametrize("alias", ALIASES, ids=lambda alias: ascii(alias)[:24])
def test_an_id_has_one_spelling(api: Api, alias: str) -> None:
    assert refusal(api.client, api.of(alias).tasks()) == places(api.surface, alias)
    assert refusal(api.client, api.task(alias)) == places(api.surface, alias, "id")


@pytest.mark.requirement("FR-09")
@pytest.mark.threat(11)
def test_an_empty_id_is_refused(client: RecordingClient) -> None:
    assert refusal(client, "/api/v1/tasks?user_id=") == ["query.user_id"]
    assert refusal(client, "/api/v1/tasks?user_id") == ["query.user_id"]
    for url in ("/api//tasks", "/api/1/tasks/", "/api/1/tasks//complete", "/api/v1/tasks/"):
        require_problem(client.get(url), 404, "not_found")
        assert client.recorder.statements == []


@pytest.mark.requirement("FR-09")
@pytest.mark.threat(11)
def test_the_greatest_id_is_an_id(api: Api) -> None:
    require_problem(api.of(MAX_ID).read(MAX_ID), 404, "task_not_found")
    assert api.of(MAX_ID).made()["user_id"] == MAX_ID


@pytest.mark.requirement("FR-09", "FR-08")
@pytest.mark.threat(11)
@pytest.mark.parametrize("alias", JSON_ALIASES)
def test_an_owner_in_a_body_has_one_spelling(client: RecordingClient, alias: str) -> None:
    content = f'{{"title": "{MARK}", "user_id": {alias}}}'.encode()
    headers = {"Content-Type": "application/json"}
    response = client.post("/api/v1/tasks", content=content, headers=headers)
    problem = require_problem(response, 400, "validation_error")
    assert [error["loc"] for error in problem["errors"]] == ["body.user_id"]
    assert client.recorder.statements == []


@pytest.mark.requirement("FR-12", "FR-16")
@pytest.mark.threat(12)
@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_is_from_1_to_500(api: Api, limit: str) -> None:
    assert refusal(api.client, api.tasks(f"limit={limit}")) == ["query.limit"]


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(11)
@pytest.mark.parametrize("path", ["/api/1/tasks%2F1", "/api/1%2f2/tasks", "/api/v1/tasks%2f1"])
def test_an_encoded_slash_is_no_second_spelling(client: RecordingClient, path: str) -> None:
    require_problem(client.get(path), 400, "validation_error")
    assert client.recorder.statements == []
