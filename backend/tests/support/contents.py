"""Whole tasks, and how to make one."""

from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface

CONTENT = {
    "title": "Größe prüfen",
    "description": "two\nlines",
    "completed": True,
    "priority": "high",
    "due_date": "2026-11-24",
    "due_at": None,
    "tags": ["home", "später"],
    "order": -5,
}
DEFAULTS: dict[str, object] = {
    "description": None,
    "completed": False,
    "completed_at": None,
    "priority": "none",
    "due_date": None,
    "due_at": None,
    "tags": [],
    "order": None,
}


def create(client: RecordingClient, surface: Surface, **content: object) -> dict[str, object]:
    response = client.request(**vars(surface.create(1, **{"title": "Buy milk"} | content)))
    assert response.status_code == 201, response.text
    task: dict[str, object] = response.json()
    return task
