"""Taskwarrior's `task export`: an array of tasks, or one on each line. In only.

A due time of midnight in `time_zone` is a day: so Taskwarrior keeps days. A project becomes a tag,
annotations the description. What repeats: `taskwarrior_series.py`.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from backend.models.task import Priority
from backend.services.transfer import moments
from backend.services.transfer.json_text import JsonText, values
from backend.services.transfer.record import Entry, Flaw, Leftover, Lost, Record
from backend.services.transfer.source import Source
from backend.services.transfer.taskwarrior_series import Series

_PRIORITIES = {"H": Priority.HIGH, "M": Priority.MEDIUM, "L": Priority.LOW}
_STATES = ("pending", "waiting", "completed")
_LOST = {
    **dict.fromkeys(("wait", "scheduled", "until", "start"), Lost.START),
    "depends": Lost.PARENT,
}
_KNOWN = {
    *("uuid", "description", "status", "priority", "tags", "project", "annotations", "due"),
    *("entry", "modified", "end", "id", "urgency", "recur", "rtype", "parent", "mask", "imask"),
}


def read(source: Source) -> Iterator[Entry]:
    """Each task but those that are deleted, and the patterns of repeating ones."""
    series = Series(source.zone)
    for line, task in values(JsonText(source)):
        if not isinstance(task, dict):
            yield Flaw(line, "must be a task of Taskwarrior: an object", "no_object")
        elif task.get("status") == "deleted":
            yield Leftover(line, Lost.DELETED)
        elif task.get("status") == "recurring":
            series.add_pattern(line, str(task.get("uuid")))
        else:
            try:
                yield from series.take(_task(line, task, source.zone), task)
            except ValueError as error:
                yield Flaw(line, str(error), "invalid")
    yield from series.rest()


def _task(line: int, task: Mapping[str, Any], zone: ZoneInfo) -> Record:
    unknown = task.keys() - _KNOWN - _LOST.keys()
    record = Record(line, lost={_LOST[name] for name in task.keys() & _LOST.keys()})
    is_odd = task.get("status", "pending") not in _STATES
    is_odd |= task.get("priority", "") not in {"", *_PRIORITIES}
    record.lost |= {Lost.OTHER} if unknown or is_odd else set()
    project = _text(task, "project")
    record.values = {
        "title": _text(task, "description"),
        "description": _annotations(task.get("annotations")) or None,
        "completed": task.get("status") == "completed",
        "priority": _PRIORITIES.get(_text(task, "priority"), Priority.NONE),
        "tags": [*_tags(task.get("tags")), *([project] if project else [])],
        **_due(_moment(task, "due"), zone),
    }
    record.uid = _text(task, "uuid") or None
    record.created_at = _moment(task, "entry")
    record.modified_at = _moment(task, "modified")
    record.completed_at = _moment(task, "end")
    return record


def _text(task: Mapping[str, Any], name: str) -> str:
    value = task.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"must have text as its {name}")  # noqa: TRY004
    return value


def _moment(task: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(task, name)
    return moments.compact(text, UTC) if text else None


def _tags(value: Any) -> list[str]:
    if isinstance(value, str):  # before 2.0
        return value.split(",")
    if value is not None and not (
        isinstance(value, list) and all(isinstance(tag, str) for tag in value)
    ):
        raise ValueError("must have a list of texts as its tags")
    return value or []


def _annotations(value: Any) -> str:
    if not isinstance(value, list):
        return ""
    return "\n".join(_text(one, "description") for one in value if isinstance(one, dict))


def _due(moment: datetime | None, zone: ZoneInfo) -> dict[str, Any]:
    if moment is None:
        return {"due_date": None, "due_at": None}
    there = moment.astimezone(zone)
    return {"due_date": there.date()} if there.time() == time() else {"due_at": moment}
