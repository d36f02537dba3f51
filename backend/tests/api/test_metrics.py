"""What `/metrics` counts, by which labels, and what it never shows."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL, make_url

from backend.app import create_app
from backend.errors import AppError, Overloaded, TaskNotFound
from backend.observability.cells import OTHER
from backend.observability.metrics import REFUSALS
from backend.observability.requests import METHODS, STATUSES
from backend.tests.support.api import Api
from backend.tests.support.databases import settings_for
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.scrapes import number, scraped
from backend.tests.support.surfaces import PRIMARY

NOWHERE = make_url("postgresql://nobody@127.0.0.1:1/none")
OWNER = 918273645
"""A number that would be seen."""


@pytest.mark.requirement("FR-65")
def test_a_request_is_counted_by_route_method_and_status_and_timed(api: Api) -> None:
    before = scraped(api.client)
    task = api.made(title="x")
    api.read(task["id"])
    api.read(10**15)
    after = scraped(api.client)
    root = "/api/{user_id}/tasks" if api.surface is PRIMARY else "/api/v1/tasks"
    for method, route, status in [
        ("POST", root, "201"),
        ("GET", f"{root}/{{id}}", "200"),
        ("GET", f"{root}/{{id}}", "404"),
    ]:
        labels = {"method": method, "route": route, "status": status}
        grown = [number(one, "tasks_requests_total", **labels) for one in (before, after)]
        assert grown[1] == grown[0] + 1, labels
    timed = {"method": "GET", "route": f"{root}/{{id}}"}
    name = "tasks_request_duration_seconds"
    counts = [number(one, f"{name}_count", **timed) for one in (before, after)]
    assert counts[1] == counts[0] + 2
    assert number(after, f"{name}_bucket", **timed, le="+Inf") == counts[1]
    assert number(after, f"{name}_sum", **timed) > number(before, f"{name}_sum", **timed)


@pytest.mark.requirement("FR-65")
def test_what_the_edge_answers_is_counted_and_each_refusal_by_its_code(
    client: RecordingClient,
) -> None:
    before = scraped(client)
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    assert client.options("/api/1/tasks", headers=preflight).status_code == 400
    assert client.get("/api/1/tasks?q=" + "x" * 9000).status_code == 414
    assert client.get("/api/1/tasks/1").status_code == 404
    after = scraped(client)
    for code in ("validation_error", "uri_too_long", "task_not_found"):
        grown = [number(one, "tasks_refusals_total", code=code) for one in (before, after)]
        assert grown[1] == grown[0] + 1, code
    for method, status in (("OPTIONS", "400"), ("GET", "414")):
        labels = {"method": method, "route": OTHER, "status": status}
        grown = [number(one, "tasks_requests_total", **labels) for one in (before, after)]
        assert grown[1] == grown[0] + 1, labels


@pytest.mark.requirement("FR-65", "NFR-55")
def test_no_label_names_an_owner_or_an_id_and_clients_make_no_new_ones(
    client: RecordingClient,
) -> None:
    client.get(f"/api/{OWNER}/tasks/{OWNER}")
    client.get(f"/api/v1/tasks?user_id={OWNER}&q=secret-word")
    known = scraped(client)
    for place in range(20):
        client.get(f"/nothing/{OWNER}/{place}")
        client.request(f"METHOD{place}", f"/api/{OWNER}/tasks")
    client.get(f"/api/{OWNER}/tasks/{OWNER}/complete")
    text = client.get("/metrics").text
    assert not re.search(rf"{OWNER}|secret-word|METHOD|nothing", text)
    grown = scraped(client).keys() - known.keys()
    routes = {dict(labels).get("route") for _, labels in grown}
    below = "/api/{user_id}/tasks"
    assert routes <= {None, OTHER, "/metrics", below, f"{below}/{{id}}/complete"}
    values = {value for _, labels in scraped(client) for name, value in labels if name == "method"}
    assert values <= set(METHODS)


@pytest.mark.requirement("FR-65")
def test_a_scrape_asks_no_database_and_takes_head_and_open_metrics(
    client: RecordingClient,
) -> None:
    answer = client.get("/metrics")
    assert client.recorder.statements == []
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    head = client.head("/metrics")
    assert (head.status_code, head.content) == (200, b"")
    hostile = "application/openmetrics-text; version=9.9.9-evil"
    for accept in ("application/openmetrics-text; version=1.0.0", hostile):
        answer = client.get("/metrics", headers={"Accept": accept})
        kind = answer.headers["content-type"]
        assert kind.startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
        assert answer.text.endswith("# EOF\n")
    assert client.get("/metrics?x=1").status_code == 400
    assert client.post("/metrics").status_code == 405


@pytest.mark.requirement("FR-65")
@pytest.mark.threat(52)
def test_a_scrape_comes_by_address_while_the_service_is_full_and_can_be_turned_off(
    shared_database: URL,
) -> None:
    settings = settings_for(shared_database, trusted_hosts="tasks.example")
    with TestClient(create_app(settings)) as client:
        for host in ("10.0.3.7:8000", "[fd00::7]:8000"):
            assert client.get("/metrics", headers={"Host": host}).status_code == 200
            refused = client.get("/metricss", headers={"Host": host})
            assert refused.json()["detail"].startswith("The host of the request")
    with TestClient(create_app(settings_for(NOWHERE, metrics_enabled=False))) as client:
        assert client.get("/metrics").json()["code"] == "not_found"


def test_every_code_and_status_of_ours_has_its_own_number() -> None:
    def kinds(kind: type[AppError]) -> set[type[AppError]]:
        ours = [one for one in kind.__subclasses__() if one.__module__ == AppError.__module__]
        return {kind}.union(*map(kinds, ours))

    assert {TaskNotFound, Overloaded} < kinds(AppError)
    for kind in kinds(AppError):
        assert str(kind.status) in STATUSES
        before = REFUSALS.totals([[0.0] * 40_000])
        assert kind.code in before
