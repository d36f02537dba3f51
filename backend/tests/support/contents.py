"""A whole task, and the defaults."""

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
