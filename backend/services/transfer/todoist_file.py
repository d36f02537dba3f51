"""Todoist's CSV, of one project: "Export as CSV" or a backup. In only.

Rows are tasks, sections and notes; a note belongs to the task above it. Priority 1 is the highest.
Labels are words with `@`. Dates are what a user has typed: only those in figures are understood.
"""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from backend.models.task import DESCRIPTION_LENGTH, Priority
from backend.services.transfer import moments
from backend.services.transfer.ics_zones import Zones
from backend.services.transfer.record import Entry, Leftover, Lost, Named, Record
from backend.services.transfer.source import Source
from backend.services.transfer.table import Row, rows

COLUMNS = ("TYPE", "CONTENT", "PRIORITY", "INDENT")
_PRIORITIES = {"1": Priority.HIGH, "2": Priority.MEDIUM, "3": Priority.LOW}
_LABEL = re.compile(r"(?<!\S)@(\S+)")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?Z?))?", re.ASCII)
_REPEATS = re.compile(r"\bev(?:ery|\b)", re.IGNORECASE)
_KNOWN = {
    *("type", "content", "description", "priority", "indent", "author", "date", "date_lang"),
    *("timezone", "duration_unit", "deadline", "deadline_lang", "is_collapsed"),
}
_DEEP = set("2345")
_LOST = {"responsible": Lost.PERSON, "duration": Lost.OTHER}


def read(source: Source) -> Iterator[Entry]:
    """Each task, when what follows is no note of it any more."""
    task: Record | None = None
    top: str | None = None
    for row in rows(source, COLUMNS):
        kind = row.cells.get("type", "").strip().lower()
        if kind == "note" and task is not None:
            _add_note(task, row.cells.get("content", ""))
        elif kind == "task":
            if task is not None:
                yield task
            task = _task(row, source.zone)
            top = _take_indent(task, row.cells.get("indent", "").strip(), top)
        elif kind == "section":
            yield Leftover(row.line, Lost.LIST)
        elif kind != "meta":
            yield Leftover(row.line, Lost.NO_TASK)
    if task is not None:
        yield task


def _take_indent(task: Record, indent: str, top: str | None) -> str | None:
    """A task that is indented is a part of the last one that is not; the key of the latter."""
    task.key = str(task.line)
    if indent in {"", "1"}:
        task.values["parent_id"] = None
        return task.key
    if indent not in _DEEP:
        task.lost.add(Lost.OTHER)
    elif indent != "2":
        task.lost.add(Lost.NESTED)
    task.values["parent_id"] = Named(key=top)
    return top


def _add_note(task: Record, text: str) -> None:
    before = task.values["description"]
    if before and len(before) > DESCRIPTION_LENGTH:
        return  # it is cut, and said, anyway; to go on would copy it for each note
    task.values["description"] = f"{before}\n\n{text}" if before else text


def _task(row: Row, zone: ZoneInfo) -> Record:
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    content = cells.get("content", "")
    record = Record(row.line)
    record.values = {
        "title": re.sub(r"  +", " ", _LABEL.sub("", content)) or content,
        "description": cells.get("description") or None,
        "completed": False,
        "priority": _PRIORITIES.get(cells.get("priority", ""), Priority.NONE),
        "tags": _LABEL.findall(content),
    }
    more = {name for name in cells.keys() - _KNOWN if cells[name]}
    record.lost |= {_LOST.get(name, Lost.OTHER) for name in more}
    if row.has_more or cells.get("priority", "") not in {"", "4", *_PRIORITIES}:
        record.lost.add(Lost.OTHER)
    there = Zones().find(cells["timezone"]) if cells.get("timezone") else zone
    _take_date(record, cells.get("date", ""), cells.get("deadline", ""), there)
    return record


def _take_date(record: Record, date: str, deadline: str, zone: ZoneInfo | None) -> None:
    """A day or a time in figures; words, and times in a zone that nobody knows, are reported."""
    if date and deadline:
        record.lost.add(Lost.OTHER)
    text = date or deadline
    match = _DATE.fullmatch(text)
    try:
        if match is not None and match[2] and zone is not None:
            record.values["due_at"] = moments.instant(f"{match[1]}T{match[2]}", zone)
        elif match is not None and not match[2]:
            record.values["due_date"] = moments.day(match[1])
        else:
            match = None
    except ValueError:
        match = None
    if text and match is None:
        record.lost.add(Lost.REPEAT if _REPEATS.search(text) else Lost.DUE)
