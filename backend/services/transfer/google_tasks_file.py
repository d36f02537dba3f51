"""Google Tasks, as Takeout has it: `Tasks.json`, lists of tasks. In only.

Google keeps days only: it writes them as midnight in UTC. The title of a list becomes a tag.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any

from backend.services.transfer import moments
from backend.services.transfer.json_text import JsonText, items, members
from backend.services.transfer.record import Entry, Flaw, Leftover, Lost, Named, Record
from backend.services.transfer.source import Source

_LOST = {
    "links": Lost.LINK,
    "assignmentInfo": Lost.PERSON,
    "assignment_info": Lost.PERSON,
    "recurrence": Lost.REPEAT,
}
_KNOWN = {
    *("id", "title", "notes", "status", "due", "created", "updated", "completed", "deleted"),
    *("kind", "etag", "selfLink", "webViewLink", "position", "task_type", "hidden"),
    *("scheduled_time", "parent"),
}
_STATES = {None, "needsAction", "completed"}


def read(source: Source) -> Iterator[Entry]:
    """The tasks of all lists."""
    text = JsonText(source)
    for name in members(text):
        if name != "items":
            text.value()
            continue
        for _ in items(text):
            yield from _tasks(text)
    if text.peek():
        raise text.malformed()


def _tasks(text: JsonText) -> Iterator[Entry]:
    """Those of one list, whose title stands before them."""
    title = ""
    for name in members(text):
        if name == "items":
            for line in items(text):
                yield from _entries(line, text.value(), title)
        else:
            value = text.value()
            title = value if name == "title" and isinstance(value, str) else title


def _entries(line: int, task: Any, list_title: str) -> Iterator[Entry]:
    if not isinstance(task, dict):
        yield Flaw(line, "must be a task of Google Tasks: an object", "no_object")
    elif task.get("deleted") is True:
        yield Leftover(line, Lost.DELETED)
    else:
        try:
            yield _task(line, task, list_title)
        except (ValueError, TypeError) as error:
            said = str(error) if isinstance(error, ValueError) else "must be of the right type"
            yield Flaw(line, said, "invalid")


def _task(line: int, task: Mapping[str, Any], list_title: str) -> Record:
    more = {name for name in task.keys() - _KNOWN if task[name]}
    record = Record(line, lost={_LOST.get(name, Lost.OTHER) for name in more})
    if task.get("status") not in _STATES:
        record.lost.add(Lost.OTHER)
    if task.get("scheduled_time") and not task.get("due"):
        record.lost.add(Lost.DUE)
    record.values = {
        "title": _text(task.get("title")) or "",
        "description": _text(task.get("notes")) or None,
        "completed": task.get("status") == "completed",
        "tags": [list_title] if list_title else [],
        "parent_id": Named(_uid(task["parent"])) if task.get("parent") else None,
        **_due(task.get("due")),
    }
    record.uid = _uid(task.get("id"))
    record.created_at = _moment(task.get("created"))
    record.modified_at = _moment(task.get("updated"))
    record.completed_at = _moment(task.get("completed"))
    return record


def _uid(identity: Any) -> str | None:
    return f"google-tasks:{identity}" if _text(identity) else None


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("must have text where Google Tasks has text")
    return value


def _moment(value: Any) -> datetime | None:
    text = _text(value)
    return moments.instant(text, UTC) if text else None


def _due(value: Any) -> dict[str, Any]:
    moment = _moment(value)
    if moment is None:
        return {"due_date": None, "due_at": None}
    is_day = moment.timetz() == time(tzinfo=UTC)
    return {"due_date": moment.date()} if is_day else {"due_at": moment}
