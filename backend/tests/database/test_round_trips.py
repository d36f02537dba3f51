"""Each request is one network round trip on a warm pool, counted on the wire."""

import pytest
from fastapi.testclient import TestClient

from backend.tests.support.proxy import Proxy
from backend.tests.support.surfaces import VERBS, Surface


@pytest.mark.requirement("NFR-05", "NFR-12")
@pytest.mark.parametrize("verb", ["create", "list", "next page", *VERBS])
def test_a_request_is_one_round_trip(
    behind_proxy: tuple[TestClient, Proxy], surface: Surface, verb: str
) -> None:
    client, proxy = behind_proxy
    ids = [client.request(**vars(surface.create(1, title="x"))).json()["id"] for _ in range(2)]
    next_page = client.get(surface.tasks(1, "limit=1")).links["next"]["url"]
    if verb == "restore":
        client.delete(surface.task(1, ids[0]))
    before, connections = proxy.round_trips, proxy.connections
    if verb == "create":
        response = client.request(**vars(surface.create(1, title="y")))
    elif verb in {"list", "next page"}:
        response = client.get(next_page if verb == "next page" else surface.tasks(1))
    else:
        response = client.request(**vars(surface.verbs(1, ids[0])[verb]))
    assert response.is_success
    assert proxy.round_trips - before == 1
    assert proxy.connections == connections


@pytest.mark.requirement("NFR-05", "NFR-12")
def test_what_cannot_succeed_costs_no_round_trip(
    behind_proxy: tuple[TestClient, Proxy], surface: Surface
) -> None:
    client, proxy = behind_proxy
    before = proxy.round_trips
    for request in (surface.create(1, title=""), *surface.verbs(1, "0").values()):
        assert client.request(**vars(request)).status_code == 400
    assert proxy.round_trips == before


@pytest.mark.requirement("FR-10")
@pytest.mark.parametrize("verb", VERBS)
def test_a_missing_task_is_one_round_trip_too(
    behind_proxy: tuple[TestClient, Proxy], surface: Surface, verb: str
) -> None:
    client, proxy = behind_proxy
    before = proxy.round_trips
    assert client.request(**vars(surface.verbs(1, 5)[verb])).status_code == 404
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
def test_many_tasks_are_one_round_trip(
    behind_proxy: tuple[TestClient, Proxy], surface: Surface, method: str, query: str
) -> None:
    client, proxy = behind_proxy
    for _ in range(3):
        client.request(**vars(surface.create(1, title="x")))
    before = proxy.round_trips
    assert client.request(method, surface.tasks(1, query)).is_success
    assert proxy.round_trips - before == 1


@pytest.mark.requirement("NFR-05", "FR-17")
@pytest.mark.parametrize("query", ["", "count=true&sort=title&q=x"])
def test_what_the_client_has_is_one_round_trip(
    behind_proxy: tuple[TestClient, Proxy], surface: Surface, query: str
) -> None:
    client, proxy = behind_proxy
    task = client.request(**vars(surface.create(1, title="x"))).json()
    headers = {"If-None-Match": f'"{task["revision"]}"'}
    for url in (surface.tasks(1, query), surface.task(1, task["id"])):
        before = proxy.round_trips
        assert client.get(url, headers=headers).status_code == 304
        assert proxy.round_trips - before == 1


@pytest.mark.requirement("NFR-05", "FR-17")
@pytest.mark.parametrize("verb", ["replace", "patch", "toggle", "complete", "delete"])
def test_a_conditional_write_is_one_round_trip_whether_it_writes_or_not(
    behind_proxy: tuple[TestClient, Proxy], surface: Surface, verb: str
) -> None:
    client, proxy = behind_proxy
    task = client.request(**vars(surface.create(1, title="x"))).json()
    request = vars(surface.verbs(1, task["id"])[verb])
    before = proxy.round_trips
    refused = client.request(**request, headers={"If-Match": '"0"'})
    assert (refused.status_code, proxy.round_trips - before) == (412, 1)
    before = proxy.round_trips
    written = client.request(**request, headers={"If-Match": f'"0", "{task["revision"]}"'})
    assert (written.is_success, proxy.round_trips - before) == (True, 1)


@pytest.mark.requirement("NFR-05", "FR-18")
def test_a_create_with_a_key_is_one_round_trip_the_first_time_and_again(
    behind_proxy: tuple[TestClient, Proxy], surface: Surface
) -> None:
    client, proxy = behind_proxy
    for owner in (1, 2):  # an owner's first write of all, too
        statuses = []
        for title, status in (("x", 201), ("x", 201), ("y", 422)):
            before = proxy.round_trips
            request = vars(surface.create(owner, title=title))
            response = client.request(**request, headers={"Idempotency-Key": "k"})
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
    behind_proxy: tuple[TestClient, Proxy], surface: Surface, query: str, header: dict[str, str]
) -> None:
    client, proxy = behind_proxy
    before = proxy.round_trips
    assert client.get(surface.tasks(1, query), headers=header).status_code == 400
    assert proxy.round_trips == before
