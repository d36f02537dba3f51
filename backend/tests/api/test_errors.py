"""One shape for all errors, with CORS and a request id on each, and nothing internal in any."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.engine import make_url

from backend.api.dependencies import get_body_owners_tasks, get_owned_session
from backend.app import create_app
from backend.tests.support.api import Api
from backend.tests.support.databases import settings_for
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.secured import require_secured
from backend.tests.support.surfaces import VERBS, Surface

NOWHERE = make_url("postgresql://nobody:hunter2secret@127.0.0.1:1/none")
ORIGIN = "http://localhost:3000"
EXPOSED = {
    "ETag",
    "Link",
    "Location",
    "X-Total-Count",
    "X-Request-ID",
    "Idempotent-Replayed",
    "Retry-After",
}
JSON = {"Content-Type": "application/json"}
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ERRORS: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "validation_error": (400, "GET", "/api/0/tasks", {}),
    "malformed_json": (400, "POST", "/api/1/tasks", {"content": b"{", "headers": JSON}),
    "invalid_cursor": (400, "GET", "/api/1/tasks?cursor=x", {}),
    "task_not_found": (404, "GET", "/api/1/tasks/999", {}),
    "not_found": (404, "GET", f"/{MARK}?{MARK}", {}),
    "method_not_allowed": (405, "PUT", "/api/1/tasks", {}),
    "payload_too_large": (413, "POST", "/api/1/tasks", {"content": bytes(1_048_577)}),
    "unsupported_media_type": (415, "POST", "/api/1/tasks", {"content": MARK.encode()}),
    "internal_error": (500, "GET", "/api/1/tasks", {}),
    "database_unavailable": (503, "GET", "/api/1/tasks", {}),
}


def boom() -> None:
    """A defect of ours, with a secret in its words."""
    raise RuntimeError("secret-xyz")


@pytest.fixture
def broken(client: RecordingClient, shared_app: FastAPI) -> RecordingClient:
    """A client of a service with a defect (the client's own fixture takes it away again)."""
    shared_app.dependency_overrides |= {get_owned_session: boom, get_body_owners_tasks: boom}
    return client


@pytest.fixture
def unconnected() -> Iterator[TestClient]:
    """A client of a service whose database is not there."""
    with TestClient(create_app(settings_for(NOWHERE))) as client:
        yield client


@pytest.fixture(params=ERRORS)
def failed(request: pytest.FixtureRequest) -> Any:
    """Sends what causes the error, from an origin, and gives its code and the response."""
    code: str = request.param
    kinds = {"internal_error": "broken", "database_unavailable": "unconnected"}
    client: TestClient = request.getfixturevalue(kinds.get(code, "client"))
    _, method, url, options = ERRORS[code]

    def send(origin: str) -> Any:
        headers = {**options.get("headers", {}), "Origin": origin}
        return code, client.request(method, url, **{**options, "headers": headers})

    return send


@pytest.mark.requirement("FR-12")
def test_every_error_has_the_one_shape(failed: Any) -> None:
    code, response = failed(ORIGIN)
    problem = require_problem(response, ERRORS[code][0], code, "hunter2secret", "127.0.0.1")
    require_secured(response)
    validation = code == "validation_error"
    assert problem.keys() == (MEMBERS | {"errors"} if validation else MEMBERS)
    assert all(type(problem[name]) is str and problem[name] for name in MEMBERS - {"status"})
    assert type(problem["status"]) is int
    assert problem["type"] == f"urn:tasks:problem:{code}"
    assert problem["instance"] == f"urn:tasks:request:{problem['request_id']}"
    for place in problem.get("errors", ()):
        assert place.keys() == {"loc", "message", "code"}
        assert all(type(text) is str and text for text in place.values())
    assert ("allow" in response.headers) == (code == "method_not_allowed")
    assert ("retry-after" in response.headers) == (code == "database_unavailable")


@pytest.mark.requirement("FR-14", "FR-12")
def test_every_error_carries_the_cors_headers(failed: Any) -> None:
    code, response = failed(ORIGIN)
    assert response.status_code == ERRORS[code][0]
    require_cors(response)


@pytest.mark.requirement("FR-14", "FR-12")
def test_no_error_allows_another_origin(failed: Any) -> None:
    code, response = failed(f"https://{MARK}.example")
    require_problem(response, ERRORS[code][0], code)
    assert not any(name.startswith("access-control-allow") for name in response.headers)


def require_cors(response: Any) -> None:
    """The headers by which a browser hands the answer to a script of the origin."""
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert set(response.headers["access-control-expose-headers"].split(", ")) == EXPOSED
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"]


@pytest.mark.requirement("FR-14")
def test_a_success_carries_the_cors_headers_for_an_allowed_origin_only(api: Api) -> None:
    for origin in (ORIGIN, "http://localhost:5173"):
        response = api.create({"Origin": origin}, title="x")
        assert response.status_code == 201
        assert response.headers["access-control-allow-origin"] == origin
    require_cors(api.list(headers={"Origin": ORIGIN}))
    for origin in ("http://localhost:3001", "https://localhost:3000", f"{ORIGIN}.example", "null"):
        response = api.list(headers={"Origin": origin})
        assert response.status_code == 200
        assert not any(name.startswith("access-control-allow") for name in response.headers)


@pytest.mark.requirement("FR-14")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_preflight_from_an_allowed_origin_is_granted(api: Api, method: str) -> None:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "if-match"}
    response = api.client.options(api.tasks(), headers={"Origin": ORIGIN, **asked})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert method in response.headers["access-control-allow-methods"].split(", ")
    assert "if-match" in response.headers["access-control-allow-headers"].split(", ")
    assert "access-control-allow-credentials" not in response.headers
    assert api.statements == []


@pytest.mark.requirement("FR-14", "FR-12", "NFR-20")
@pytest.mark.threat(19)
def test_a_preflight_from_another_origin_is_refused_without_the_headers(api: Api) -> None:
    headers = {"Origin": f"https://{MARK}.example", "Access-Control-Request-Method": "GET"}
    headers["Access-Control-Request-Headers"] = f"x-{MARK}"
    response = api.client.options(api.tasks(), headers=headers)
    require_problem(response, 400, "validation_error")
    assert not any(name.startswith("access-control-allow") for name in response.headers)


@pytest.mark.requirement("FR-14", "FR-12", "NFR-20")
def test_a_preflight_for_an_unknown_method_is_refused(client: RecordingClient) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": MARK.upper()}
    response = client.options("/api/1/tasks", headers=headers)
    require_problem(response, 400, "validation_error")
    assert response.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.requirement("FR-12", "FR-14")
@pytest.mark.threat(22)
@pytest.mark.parametrize("verb", ["create", "list", *VERBS])
def test_a_defect_is_told_to_the_log_only(
    broken: RecordingClient, surface: Surface, verb: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    api = Api(broken, surface)
    response = api.send(api.every(1)[verb], {"Origin": ORIGIN, "X-Request-ID": "defect-1"})
    assert response.status_code == 500
    require_cors(response)
    assert response.headers["x-request-id"] == "defect-1"
    if verb != "head":
        require_problem(response, 500, "internal_error", "secret-xyz", "RuntimeError", "Traceback")
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info
    assert str(record.exc_info[1]) == "secret-xyz"
    assert "Traceback" in caplog.text
    assert "boom" in caplog.text


@pytest.mark.requirement("FR-12")
@pytest.mark.parametrize(
    "given", ["abc-1._Z", "x", "5f0c9d0e-8a35-4f7c-9a2e-0d8a0d7a6b61", "a" * 128]
)
def test_a_plain_request_id_is_kept(api: Api, given: str) -> None:
    for url in (api.tasks(), api.of(0).tasks(), "/nowhere", "/health/live"):
        assert api.client.get(url, headers={"X-Request-ID": given}).headers["x-request-id"] == given
    problem = api.of(0).list(headers={"X-Request-ID": given}).json()
    assert problem["request_id"] == given


@pytest.mark.requirement("FR-12")
@pytest.mark.parametrize(
    "given",
    [b"", b"a b", MARK.encode() * 20, b"<mark7fe3>", b"mark7fe3/", b"mark7fe3\t1", b"mark7fe3\xe9"],
)
def test_any_other_request_id_is_replaced(client: RecordingClient, given: bytes) -> None:
    response = client.get("/api/0/tasks", headers=[(b"X-Request-ID", given)])
    problem = require_problem(response, 400, "validation_error")
    assert UUID.fullmatch(problem["request_id"])


def test_each_request_without_an_id_gets_its_own(client: RecordingClient) -> None:
    ids = {client.get("/health/live").headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(map(UUID.fullmatch, ids))


@pytest.mark.requirement("FR-12", "FR-14", "NFR-20")
def test_only_trusted_hosts_are_answered() -> None:
    app = create_app(settings_for(NOWHERE, trusted_hosts="api.example, *.sub.example"))
    with TestClient(app) as client:
        for host in ("api.example", "API.example:8000", "a.sub.example"):
            assert client.get("/docs", headers={"Host": host}).status_code == 200
        for host in (f"{MARK}.example", f"api.example.{MARK}", f"{MARK} x", f"www.{MARK}", ""):
            response = client.get("/docs", headers={"Host": host, "Origin": ORIGIN})
            require_problem(response, 400, "validation_error")
            require_cors(response)
            assert "location" not in response.headers
