"""Each request is one network round trip on a warm pool, counted on the wire."""

import pytest
from fastapi.testclient import TestClient

from backend.tests.support.proxy import Proxy
from backend.tests.support.surfaces import VERBS, Surface


@pytest.mark.requirement("NFR-05")
@pytest.mark.parametrize("verb", ["create", "list", "next page", *VERBS])
def test_a_request_is_one_round_trip(
    behind_proxy: tuple[TestClient, Proxy], surface: Surface, verb: str
) -> None:
    client, proxy = behind_proxy
    ids = [client.request(**vars(surface.create(1, title="x"))).json()["id"] for _ in range(2)]
    next_page = client.get(surface.tasks(1, "limit=1")).links["next"]["url"]
    if verb == "restore":
        client.delete(surface.task(1, ids[0]))
    before = proxy.round_trips
    if verb == "create":
        response = client.request(**vars(surface.create(1, title="y")))
    elif verb in {"list", "next page"}:
        response = client.get(next_page if verb == "next page" else surface.tasks(1))
    else:
        response = client.request(**vars(surface.verbs(1, ids[0])[verb]))
    assert response.is_success
    assert proxy.round_trips - before == 1
    assert proxy.connections == 1


@pytest.mark.requirement("NFR-05")
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
