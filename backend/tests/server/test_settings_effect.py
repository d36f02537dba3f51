"""What the settings do to the service that is started with them."""

import json
import re
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL, make_url

from backend.app import create_app
from backend.tests.support.api import Api
from backend.tests.support.databases import settings_for
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.server import running
from backend.tests.support.surfaces import Surface

pytestmark = pytest.mark.slow

NOWHERE = make_url("postgresql://nobody@127.0.0.1:1/none")


@pytest.mark.requirement("NFR-02")
@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_each_scheme_of_a_database_url_works(shared_database: URL, scheme: str) -> None:
    settings = settings_for(shared_database.set(drivername=scheme))
    with TestClient(create_app(settings)) as client:
        response = client.get("/api/1/tasks")
        assert (response.status_code, response.json()) == (200, [])
        assert client.get("/health/ready").status_code == 200


@pytest.mark.requirement("NFR-02", "FR-02", "FR-01")
def test_the_public_url_is_the_root_of_every_address(database: URL, surface: Surface) -> None:
    root = "https://tasks.example:8443/below"
    with TestClient(create_app(settings_for(database, public_url=f"{root}/"))) as client:
        api = Api(client, surface)
        created = api.create(title="a")
        api.create(title="b")
        page = api.list(limit=1)
    address = f"{root}/api/1/tasks/{created.json()['id']}"
    assert created.json()["url"] == created.headers["location"] == address
    assert page.json()[0]["url"] == address
    path = surface.tasks(1, "limit=1").replace("?", r"\?")
    link = rf'<{root}{path}[&?]cursor=[A-Za-z0-9_-]+>; rel="next"'
    assert re.fullmatch(link, page.headers["link"])


@pytest.mark.requirement("FR-02")
def test_without_a_public_url_the_requests_own_host_is_the_root(live: TestClient) -> None:
    headers = {"Host": "tasks.example:8443"}
    created = live.post("/api/1/tasks", json={"title": "a"}, headers=headers)
    assert created.headers["location"].startswith("http://tasks.example:8443/api/1/tasks/")
    hostile = {"Host": f'{MARK}>; rel="x"'}
    assert MARK not in live.get("/api/1/tasks", headers=hostile).text


@pytest.mark.requirement("FR-13", "NFR-02")
def test_the_documentation_can_be_hidden() -> None:
    with TestClient(create_app(settings_for(NOWHERE, docs_enabled=False))) as client:
        for path in ("/docs", "/openapi.json", "/redoc", "/docs/oauth2-redirect"):
            require_problem(client.get(path), 404, "not_found")
    with TestClient(create_app(settings_for(NOWHERE))) as client:
        assert client.get("/docs").headers["content-type"].startswith("text/html")
        assert client.get("/openapi.json").json()["openapi"].startswith("3.")


@pytest.mark.requirement("NFR-02", "FR-12")
def test_a_body_may_have_as_many_bytes_as_the_setting_says() -> None:
    headers = {"Content-Type": "application/json"}
    with TestClient(create_app(settings_for(NOWHERE, max_body_bytes=2048))) as client:
        for size, status, code in ((2048, 400, "malformed_json"), (2049, 413, "payload_too_large")):
            response = client.post("/api/1/tasks", content=b"[" * size, headers=headers)
            require_problem(response, status, code)


@pytest.mark.requirement("FR-14", "NFR-02")
def test_the_origins_are_those_of_the_setting() -> None:
    settings = settings_for(NOWHERE, cors_origins="https://a.example,https://b.example")
    with TestClient(create_app(settings)) as client:
        for origin, allowed in (("https://b.example", True), ("http://localhost:3000", False)):
            response = client.get("/health/live", headers={"Origin": origin})
            given = response.headers.get("access-control-allow-origin")
            assert given == (origin if allowed else None)


@pytest.mark.requirement("FR-14", "NFR-02")
@pytest.mark.threat(19)
def test_any_origin_is_allowed_without_credentials_only() -> None:
    headers = {"Origin": "https://any.example", "Cookie": "session=1"}
    with TestClient(create_app(settings_for(NOWHERE, cors_origins="*"))) as client:
        answers = [client.get("/health/live", headers=headers)]
        headers["Access-Control-Request-Method"] = "GET"
        answers.append(client.options("/health/live", headers=headers))
    for response in answers:
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in response.headers


@pytest.mark.requirement("NFR-02")
@pytest.mark.untraced
def test_the_log_can_be_one_json_object_a_line(database: URL) -> None:
    with running(database, LOG_FORMAT="json", LOG_LEVEL="info") as server:
        headers = {"X-Request-ID": "json-1"}
        server.client.get("/a%0a%1b%22%e2%80%a8", headers=headers)
        server.client.get("/api/1/tasks", headers={"X-Request-ID": "json-2"})
        log = server.stop()
    entries = [json.loads(line) for line in log.splitlines()]
    for entry in entries:
        assert entry.keys() >= {"time", "level", "logger", "request_id", "message"}
        assert datetime.fromisoformat(entry["time"]).utcoffset() is not None
        assert entry["level"] in {"debug", "info", "warning", "error", "critical"}
    messages = {entry["request_id"]: entry["message"] for entry in entries}
    assert messages["json-1"].startswith('GET /a\n\x1b"\u2028 400 ')
    assert messages["json-2"].startswith("GET /api/1/tasks 200 ")
    assert sum(entry["request_id"] == "json-1" for entry in entries) == 1


@pytest.mark.requirement("NFR-02")
@pytest.mark.untraced
def test_the_log_level_silences_what_is_below_it(database: URL) -> None:
    with running(database, LOG_LEVEL="warning") as server:
        assert server.client.get("/api/1/tasks").status_code == 200
        assert server.stop() == ""


@pytest.mark.requirement("NFR-02")
def test_migrations_take_their_own_url_if_there_is_one() -> None:
    assert settings_for(NOWHERE).migration_url.host == NOWHERE.host
    direct = settings_for(NOWHERE, migration_database_url="postgres://u@direct/tasks")
    assert (direct.url.host, direct.migration_url.host) == (NOWHERE.host, "direct")
