"""Alive without a database, ready only with a migrated one."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.tests.support.databases import settings_for
from backend.tests.support.recorder import RecordingClient


@pytest.mark.requirement("NFR-05")
def test_a_migrated_database_is_ready(client: RecordingClient) -> None:
    assert client.get("/health/ready").json() == {"status": "ok"}


@pytest.mark.requirement("NFR-05")
def test_live_asks_no_database(client: RecordingClient) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.recorder.statements == []


@pytest.mark.requirement("NFR-05")
def test_a_database_that_cannot_be_reached_is_not_ready() -> None:
    nowhere = URL.create("postgresql", host="127.0.0.1", port=1, database="none")
    with TestClient(create_app(settings_for(nowhere))) as client:
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert "127.0.0.1" not in answer.text


@pytest.mark.requirement("NFR-05")
@pytest.mark.threat(52)
def test_a_probe_is_answered_whatever_its_host(shared_database: URL) -> None:
    settings = settings_for(shared_database, trusted_hosts="tasks.example")
    with TestClient(create_app(settings)) as client:
        for host in ("10.0.3.7", "10.0.3.7:8000", "[fd00::7]:8000", "localhost", ""):
            for path in ("/health/live", "/health/ready"):
                assert client.get(path, headers={"Host": host}).json() == {"status": "ok"}
            assert client.get("/api/1/tasks", headers={"Host": host}).status_code == 400


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(52)
def test_a_trusted_host_may_end_in_a_dot(shared_database: URL) -> None:
    settings = settings_for(shared_database, trusted_hosts="tasks.example")
    with TestClient(create_app(settings)) as client:
        for host in ("tasks.example.", "TASKS.example.:8000"):
            assert client.get("/api/1/tasks", headers={"Host": host}).json() == []
