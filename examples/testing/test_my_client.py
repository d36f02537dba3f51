"""What tests of a client of the service look like; nothing here is of its repository."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.api.dependencies import get_caller


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_begins_with_an_empty_list(tasks_client: TestClient, turn: int) -> None:
    assert tasks_client.get("/api/1/tasks").json() == []
    made = tasks_client.post("/api/1/tasks", json={"title": f"of turn {turn}"})
    assert made.status_code == 201
    assert [task["title"] for task in tasks_client.get("/api/1/tasks").json()] == [
        f"of turn {turn}"
    ]


def test_a_conflict_is_what_it_is_in_production(tasks_client: TestClient) -> None:
    task = tasks_client.post("/api/1/tasks", json={"title": "mine"}).json()
    late = tasks_client.patch(
        f"/api/1/tasks/{task['id']}", json={"title": "late"}, headers={"If-Match": '"1"'}
    )
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")


def test_what_is_committed_is_gone_afterwards(tasks_live: TestClient) -> None:
    assert tasks_live.post("/api/1/tasks", json={"title": "committed"}).status_code == 201


def test_a_dependency_can_be_replaced(tasks_app: FastAPI, tasks_client: TestClient) -> None:
    async def caller() -> int:
        return 2

    tasks_app.dependency_overrides[get_caller] = caller  # for this test alone
    assert tasks_client.get("/api/1/tasks").json()["code"] == "forbidden"
