"""Headers of every answer."""

import re

import pytest

from backend.tests.support.api import Api
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.secured import require_secured
from backend.tests.support.server import Server

REVALIDATE = "private, no-cache"
ORIGIN = "http://localhost:3000"


@pytest.mark.requirement("FR-12")
def test_what_has_an_etag_may_be_kept_by_its_client_and_by_no_one_else(api: Api) -> None:
    created = api.create(title="x")
    require_secured(created)
    for url in (api.task(created.json()["id"]), api.tasks()):
        read = api.client.get(url)
        require_secured(read, REVALIDATE)
        require_secured(api.client.head(url), REVALIDATE)
        known = api.client.get(url, headers={"If-None-Match": read.headers["etag"]})
        assert known.status_code == 304
        require_secured(known, REVALIDATE)  # as the 200 had it (RFC 9110, 15.4.5)


@pytest.mark.requirement("FR-12")
def test_nothing_else_is_kept(api: Api) -> None:
    task = api.create(title="x").json()
    for verb, request in api.verbs(task["id"]).items():
        if verb not in {"read", "head"}:
            require_secured(api.send(request))
    for url in ("/health/live", "/health/ready", "/openapi.json", "/nowhere", api.of(0).tasks()):
        require_secured(api.client.get(url))
        require_secured(api.client.head(url))


@pytest.mark.requirement("FR-14")
def test_preflights_and_options_carry_them_too(api: Api) -> None:
    for origin, status in ((ORIGIN, 200), ("https://other.example", 400)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        preflight = api.client.options(api.tasks(), headers=headers)
        assert preflight.status_code == status
        require_secured(preflight)
    require_secured(api.client.options(api.tasks()))


@pytest.mark.requirement("FR-12")
def test_a_body_that_is_refused_carries_them_too(client: RecordingClient) -> None:
    refused = client.post("/api/1/tasks", content=bytes(1_048_577))
    require_problem(refused, 413, "payload_too_large")
    require_secured(refused)


@pytest.mark.requirement("FR-12")
def test_the_real_server_sends_them(server: Server) -> None:
    require_secured(server.client.get("/api/1/tasks"), REVALIDATE)
    require_secured(server.client.get("/api/0/tasks"))


@pytest.mark.requirement("FR-12")
def test_no_answer_tells_what_runs_here(server: Server) -> None:
    """No version, of whatever gave the answer (RFC 9110, 10.2.4)."""
    for url in ("/api/1/tasks", "/api/0/tasks", "/nowhere", "/docs", "/health/ready"):
        headers = server.client.get(url).headers
        assert not re.search(r"\d", headers.get("server", ""))
        assert not {name for name in headers if name.startswith(("x-powered", "x-aspnet", "via"))}
