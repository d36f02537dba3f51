"""What tasks are made of: a whole one, the defaults, and five of many kinds with filters."""

from typing import Any

CONTENT = {
    "title": "Größe prüfen",
    "description": "two\nlines",
    "completed": True,
    "priority": "high",
    "due_date": "2026-11-24",
    "due_at": None,
    "tags": ["home", "später"],
    "order": -5,
    "repeat": "FREQ=MONTHLY;COUNT=3;BYDAY=-1FR",
    "repeat_from": "completion",
    "repeat_zone": "Europe/Berlin",
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
    "repeat": None,
    "repeat_from": "due",
    "repeat_zone": None,
    "repeat_of": None,
    "parent_id": None,
}
MANY: dict[str, dict[str, Any]] = {
    "a plain": {},
    "b done": {"completed": True},
    "c urgent": {"priority": "high", "tags": ["home", "later"]},
    "d today": {"due_date": "2026-11-21", "priority": "low", "tags": ["home"]},
    "e at eight": {"due_at": "2026-11-22T20:00:00Z", "description": "50% of it"},
}
FILTERS = {
    "": "abcde",
    "completed=true": "b",
    "completed=false": "acde",
    "priority=high&priority=low": "cd",
    "tag=home": "cd",
    "tag=home&tag=later": "c",
    "q=AT": "e",
    "q=%25": "e",
    "due_from=2026-11-22": "e",
    "due_to=2026-11-21": "d",
    "due_from=2026-11-23&time_zone=Asia/Tokyo": "e",
    "updated_since=2000-01-01T00:00:00Z": "abcde",
    "priority=none&completed=false&q=a": "ae",
    "untagged=true": "abe",
    "without_tag=later&without_tag=nowhere": "abde",
    "completed_since=2000-01-01T00:00:00Z": "b",
    "overdue=false&completed=true": "b",
}
"""For each filter, the first letters of those of MANY that it matches."""
