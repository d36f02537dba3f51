"""Each request is one network round trip on a warm pool, counted on the wire."""

import json

import pytest
from fastapi.testclient import TestClient

from backend.tests.support.api import Api
from backend.tests.support.proxy import Proxy
from backend.tests.support.surfaces import VERBS, Surface
from backend.tests.support.tags import tag_of


@pytest.fixture
def wired(behind_proxy: tuple[TestClient, Proxy], surface: Surface) -> tuple[Api, Proxy]:
    """The first owner's requests, and the proxy that counts what they cost."""
    client, proxy = behind_proxy
    return Api(client, surface), proxy


@pytest.mark.requirement("NFR-05", "NFR-12")
@pytest.mark.parametrize("verb", ["create", "list", "next page", *VERBS])
def test_a_request_is_one_round_trip(wired: tuple[Api, Proxy], verb: str) -> None:
    api, proxy = wired
    ids = [api.made()["id"] for _ in range(2)]
    next_page = api.list(limit=1).links["next"]["url"]
    if verb == "restore":
        api.delete(ids[0])
    before, connections = proxy.round_trips, proxy.connections
    if verb == "create":
        response = api.create(title="y")
    elif verb in {"list", "next page"}:
        response = api.client.get(next_page if verb == "next page" else api.tasks())
    else:
        response = api.do(verb, ids[0])
    assert response.is_success
    assert proxy.round_trips - before == 1
    assert proxy.connections == connections


@pytest.mark.requirement("NFR-05", "NFR-12")
def test_what_cannot_succeed_costs_no_round_trip(
    wired: tuple[Api, Proxy],
) -> None:
    api, proxy = wired
    before = proxy.round_trips
    for request in (api.surface.create(1, title=""), *api.verbs("0").values()):
        assert api.send(request).status_code == 400
    assert proxy.round_trips == before


@pytest.mark.requirement("FR-10")
@pytest.mark.parametrize("verb", VERBS)
def test_a_missing_task_is_one_round_trip_too(wired: tuple[Api, Proxy], verb: str) -> None:
    api, proxy = wired
    before = proxy.round_trips
    assert api.do(verb, 5).status_code == 404
    assert proxy.round_trips - before == 1


@pytest.mark.requirement("NFR-05", "FR-16", "FR-19")
@pytest.mark.parametrize(
    ("method", "query"),
    [
        *(("GET", "count=true"), ("GET", "deleted=true&sort=-due,title&count=true")),
        ("GET", "count=true&q=x%20y&tag=a&priority=low&completed=false&due_to=2026-11-21"),
        ("GET", "due_from=2026-11-21&time_zone=Europe/Berlin&updated_since=2026-11-21T00:00:00Z"),
        *(("DELETE", ""), ("DELETE", "completed=false&q=x"), ("DELETE", "tag=none")),
    ],
)
def test_many_tasks_are_one_round_trip(wired: tuple[Api, Proxy], method: str, query: str) -> None:
    api, proxy = wired
    for _ in range(3):
        api.made()
    before = proxy.round_trips
    assert api.client.request(method, api.tasks(query)).is_success
    assert proxy.round_trips - before == 1


@pytest.mark.requirement("NFR-05", "FR-41")
def test_a_page_of_the_feed_is_one_round_trip_whatever_it_answers(wired: tuple[Api, Proxy]) -> None:
    api, proxy = wired
    tasks = [api.made() for _ in range(3)]
    for since, status in ((0, 200), (tasks[0]["revision"], 200), (2**62, 410)):
        before = proxy.round_trips
        assert api.changes(since=since, limit=1).status_code == status
        assert proxy.round_trips - before == 1


@pytest.mark.requirement("NFR-05", "FR-43")
def test_a_summary_is_one_round_trip_known_or_not(wired: tuple[Api, Proxy]) -> None:
    api, proxy = wired
    for number in range(3):
        api.made(tags=[str(number)])
    known = {"If-None-Match": api.summary().headers["etag"]}
    for headers, status in (({}, 200), (known, 304)):
        before = proxy.round_trips
        assert api.summary(headers, time_zone="Europe/Berlin").status_code == status
        assert proxy.round_trips - before == 1


@pytest.mark.requirement("NFR-05", "FR-42")
@pytest.mark.parametrize("number", [1, 100])
def test_a_batch_is_one_round_trip_however_many_operations_it_has(
    wired: tuple[Api, Proxy], number: int
) -> None:
    api, proxy = wired
    tasks = [api.made() for _ in range(number // 2)]
    operations = [
        *({"op": "complete", "id": task["id"], "completed": True} for task in tasks),
        *({"op": "create", "task": {"title": "x"}} for _ in range(number - len(tasks))),
    ]
    missing = {"op": "delete", "id": 10**15}
    sent = [
        (api.surface.batch(1, *operations, query="dry_run=true"), 200),
        (api.surface.batch(1, *operations), 200),
        (api.surface.batch(1, *operations[1:], missing), 404),
    ]
    for request, status in sent:
        before = proxy.round_trips
        assert api.send(request).status_code == status
        assert proxy.round_trips - before == 1
    for _ in range(2):
        before = proxy.round_trips
        assert api.send(sent[1][0], {"Idempotency-Key": "k"}).status_code == 200
        assert proxy.round_trips - before == 1


@pytest.mark.requirement("NFR-54", "NFR-60")
@pytest.mark.parametrize("number", [1, 1000])
def test_an_import_is_two_round_trips_and_a_dry_run_one(
    wired: tuple[Api, Proxy], number: int
) -> None:
    api, proxy = wired
    assert api.brought("todotxt", "before\n")["made"] == 1
    file = "".join(f"task {n}\n" for n in range(number))
    tied = [{"title": f"{n}", "uid": f"{n}", "parent_uid": "top"} for n in range(number)]
    tied += [{"title": "top", "uid": "top"}, {"title": "next", "repeat_of_uid": "0"}]
    for kind, body in (("todotxt", file), ("json", json.dumps(tied))):
        for parameters, trips in (({"dry_run": True}, 1), ({}, 2), ({}, 1)):
            before = proxy.round_trips
            api.brought(kind, body, **parameters)
            assert proxy.round_trips - before == trips
    before = proxy.round_trips
    exported = api.export("json", parent=api.list(q="top").json()[0]["id"]).json()
    assert {task["parent_uid"] for task in exported} == {"top"}
    assert proxy.round_trips - before == 1 + max(1, number // 500)


@pytest.mark.requirement("NFR-05", "FR-17")
@pytest.mark.parametrize("query", ["", "count=true&sort=title&q=x"])
def test_what_the_client_has_is_one_round_trip(wired: tuple[Api, Proxy], query: str) -> None:
    api, proxy = wired
    task = api.made()
    headers = {"If-None-Match": tag_of(task["revision"])}
    for url in (api.tasks(query), api.task(task["id"])):
        before = proxy.round_trips
        assert api.client.get(url, headers=headers).status_code == 304
        assert proxy.round_trips - before == 1


@pytest.mark.requirement("NFR-05", "FR-17")
@pytest.mark.parametrize("verb", ["replace", "patch", "toggle", "complete", "delete"])
def test_a_conditional_write_is_one_round_trip_whether_it_writes_or_not(
    wired: tuple[Api, Proxy], verb: str
) -> None:
    api, proxy = wired
    task = api.made()
    before = proxy.round_trips
    refused = api.do(verb, task["id"], {"If-Match": '"0"'})
    assert (refused.status_code, proxy.round_trips - before) == (412, 1)
    before = proxy.round_trips
    written = api.do(verb, task["id"], {"If-Match": f'"0", "{task["revision"]}"'})
    assert (written.is_success, proxy.round_trips - before) == (True, 1)


@pytest.mark.requirement("NFR-05", "FR-18")
def test_a_create_with_a_key_is_one_round_trip_the_first_time_and_again(
    wired: tuple[Api, Proxy],
) -> None:
    api, proxy = wired
    for owner in (1, 2):  # an owner's first write of all, too
        statuses = []
        for title, status in (("x", 201), ("x", 201), ("y", 422)):
            before = proxy.round_trips
            response = api.of(owner).create({"Idempotency-Key": "k"}, title=title)
            assert proxy.round_trips - before == 1
            assert response.status_code == status
            statuses.append(response.headers.get("idempotent-replayed"))
        assert statuses == [None, "true", None]


@pytest.mark.requirement("NFR-05", "FR-16", "FR-17")
@pytest.mark.parametrize(
    ("query", "header"),
    [("sort=x", {}), ("cursor=x", {}), ("q=%00", {}), ("", {"If-None-Match": "5"})],
)
def test_a_list_that_cannot_be_costs_no_round_trip(
    wired: tuple[Api, Proxy], query: str, header: dict[str, str]
) -> None:
    api, proxy = wired
    before = proxy.round_trips
    assert api.list(query, header).status_code == 400
    assert proxy.round_trips == before


@pytest.mark.requirement("NFR-58", "FR-71")
@pytest.mark.parametrize("verb", ["complete", "toggle", "batch"])
def test_completing_a_repeating_task_is_two_round_trips(
    wired: tuple[Api, Proxy], verb: str
) -> None:
    api, proxy = wired
    tasks = [api.made(repeat="FREQ=DAILY", due_date="2026-11-30") for _ in range(2)]
    for task in tasks:  # the first of a statement may cost more
        operation = {"op": "complete", "id": task["id"], "completed": True}
        before = proxy.round_trips
        answer = api.batch(operation) if verb == "batch" else api.do(verb, task["id"])
        assert (answer.status_code, proxy.round_trips - before) == (200, 2)
    assert len(api.list().json()) == 4
