"""TickTick's CSV backup, which has some lines before its header. In only.

Priorities are 0, 1, 3 and 5. The name of a list becomes a tag. Its `taskId` only counts the tasks
of one file, so it names a parent there, and no task for ever (another file has other tasks by the
same numbers). `Repeat` is a rule of iCalendar, or something of TickTick's own.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from backend.models.task import Priority
from backend.services.transfer import moments
from backend.services.transfer.columns import CONTENT
from backend.services.transfer.ics_zones import Zones, key_of
from backend.services.transfer.record import Entry, Flaw, Leftover, Lost, Named, Record
from backend.services.transfer.source import Source
from backend.services.transfer.table import rows

COLUMNS = ("List Name", "Title", "Due Date", "Priority", "Status")
_PRIORITIES = {"1": Priority.LOW, "3": Priority.MEDIUM, "5": Priority.HIGH}
_DONE = {"1", "2", "-1"}
_KNOWN = {
    *("list name", "title", "kind", "tags", "content", "is check list", "start date", "due date"),
    *("priority", "status", "created time", "completed time", "order", "timezone", "is all day"),
    *("is floating", "column order", "view mode", "taskid", "parentid", "repeat"),
}
_LOST = {
    "reminder": Lost.REMINDER,
    "folder name": Lost.LIST,
    "column name": Lost.LIST,
}


def read(source: Source) -> Iterator[Entry]:
    """Each row that is a task."""
    for row in rows(source, COLUMNS):
        cells = {name: cell.strip() for name, cell in row.cells.items()}
        if cells.get("kind", "").upper() == "NOTE":
            yield Leftover(row.line, Lost.NO_TASK)
            continue
        try:
            record = _task(row.line, cells, source.zone)
            record.lost |= {Lost.OTHER} if row.has_more else set()
            yield record
        except ValueError as error:
            yield Flaw(row.line, str(error), "invalid")


def _task(line: int, cells: Mapping[str, str], zone: ZoneInfo) -> Record:
    more = {name for name in cells.keys() - _KNOWN if cells[name]}
    record = Record(line, lost={_LOST.get(name, Lost.OTHER) for name in more})
    status, listed = cells.get("status", ""), cells.get("list name")
    if status == "-1":
        record.lost.add(Lost.CANCELLED)
    is_odd = status not in {"", "0", *_DONE}
    if is_odd or cells.get("priority", "") not in {"", "0", *_PRIORITIES}:
        record.lost.add(Lost.OTHER)
    tags = [tag.strip().removeprefix("#") for tag in cells.get("tags", "").split(",")]
    record.values = {
        "title": cells.get("title", ""),
        "description": cells.get("content") or None,
        "completed": status in _DONE,
        "priority": _PRIORITIES.get(cells.get("priority", ""), Priority.NONE),
        "tags": [tag for tag in (*tags, listed) if tag],
        **_due(record, cells, zone),
    }
    if cells.get("start date") not in {"", None, cells.get("due date")}:
        record.lost.add(Lost.START)
    if cells.get("order"):
        record.values["order"] = CONTENT["order"](cells["order"])
    record.key = cells.get("taskid") or None
    if "parentid" in cells:
        record.values["parent_id"] = Named(key=cells["parentid"]) if cells["parentid"] else None
    if "repeat" in cells:
        record.values |= _rule(record, cells, zone)
    record.created_at = _moment(cells, "created time")
    record.completed_at = _moment(cells, "completed time")
    return record


def _moment(cells: Mapping[str, str], name: str) -> datetime | None:
    """Such as `2026-12-01T09:00:00+0000`."""
    text = cells.get(name)
    return moments.instant(text, UTC) if text else None


def _due(record: Record, cells: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """An all-day task is due on a day of the zone that it names; in an unknown one on none."""
    moment = _moment(cells, "due date")
    if moment is None:
        return {"due_date": None, "due_at": None}
    if cells.get("is all day", "").lower() != "true":
        return {"due_at": moment}
    there = _zone(cells, zone)
    if there is None:
        record.lost.add(Lost.DUE)
        return {"due_date": None, "due_at": None}
    return {"due_date": moment.astimezone(there).date()}


def _zone(cells: Mapping[str, str], zone: ZoneInfo) -> ZoneInfo | None:
    return Zones().find(cells["timezone"]) if cells.get("timezone") else zone


def _rule(record: Record, cells: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """How it repeats, if a task can: it needs a due, and a zone that somebody knows."""
    there, rule = _zone(cells, zone), None
    is_due = any(map(record.values.get, ("due_date", "due_at")))
    if cells["repeat"] and is_due and there is not None:
        with suppress(ValueError):  # then it is reported
            rule = CONTENT["repeat"](cells["repeat"])
    if cells["repeat"] and rule is None:
        record.lost.add(Lost.REPEAT)
    return {"repeat": rule, "repeat_from": "due", "repeat_zone": key_of(there) if rule else None}
