"""What iCalendar can say of a task, and where that is less than the task has.

A DATE-TIME has whole seconds, a TEXT no control characters. So a VTODO of ours has a property
`X-TASKS-EXACT`: a JSON object with those fields that come back otherwise. On the way in each counts
only while the plain property is still what we wrote for it: whoever changed that meant it.
"""

from collections.abc import Mapping
from typing import Any

from backend.services.transfer.ics_text import escaped, unescaped

EXACT = "X-TASKS-EXACT"
PRIORITIES = {"high": "1", "medium": "5", "low": "9"}
_NOT_SAID = {"repeat_from": "due", "repeat_zone": None, "repeat_of_uid": None}
"""What iCalendar has no property for. Our `DUE` is in UTC, so it names no zone."""

MOMENTS = ("due_at", "created_at", "completed_at", "updated_at")


def plain(task: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a task as the API shows them, as they come back from the plain properties."""
    fields: dict[str, Any] = {
        name: _plain_text(task[name]) for name in ("title", "description") if name in task
    }
    fields |= {name: _plain_moment(task[name]) for name in MOMENTS if name in task}
    fields |= {name: value for name, value in _NOT_SAID.items() if name in task}
    if "tags" in task:
        fields["tags"] = [_plain_text(tag) for tag in task["tags"]]
    return fields


def _plain_text(text: str | None) -> str | None:
    return None if text is None else unescaped(escaped(text))


def _plain_moment(moment: str | None) -> str | None:
    return None if moment is None else f"{moment[:19]}.000000Z"
