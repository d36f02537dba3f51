"""iCalendar (RFC 5545): each task is a VTODO. Loses nothing: see `X-TASKS-EXACT`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backend.services.transfer.ics_reading import Calendar
from backend.services.transfer.ics_text import escaped, folded
from backend.services.transfer.ics_values import EXACT, PRIORITIES, plain
from backend.services.transfer.record import Entry
from backend.services.transfer.source import Source

PRODUCT = "-//tasks//tasks//EN"
_HEAD = (
    ("BEGIN", "VCALENDAR"),
    ("VERSION", "2.0"),
    ("PRODID", PRODUCT),
    ("CALSCALE", "GREGORIAN"),
    ("NAME", "Tasks"),
    ("X-WR-CALNAME", "Tasks"),
    ("REFRESH-INTERVAL;VALUE=DURATION", "PT1H"),
    ("X-PUBLISHED-TTL", "PT1H"),
)


class Writer:
    """A calendar of VTODOs, which calendars may subscribe to (RFC 7986, 5.7)."""

    def head(self) -> str:
        return "".join(folded(name, value) for name, value in _HEAD)

    def page(self, tasks: Sequence[str], *, is_first: bool) -> str:
        return "".join(folded(*line) for task in tasks for line in _todo(json.loads(task)))

    def tail(self) -> str:
        return folded("END", "VCALENDAR")


def _todo(task: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    is_completed, modified = task["completed"], _stamp(task["updated_at"])
    yield "BEGIN", "VTODO"
    yield "UID", escaped(task["uid"])
    yield "DTSTAMP", modified
    yield "LAST-MODIFIED", modified
    yield "CREATED", _stamp(task["created_at"])
    yield "SUMMARY", escaped(task["title"])
    if task["description"] is not None:
        yield "DESCRIPTION", escaped(task["description"])
    yield "STATUS", "COMPLETED" if is_completed else "NEEDS-ACTION"
    yield "PERCENT-COMPLETE", "100" if is_completed else "0"
    if is_completed:
        yield "COMPLETED", _stamp(task["completed_at"])
    yield from _optional(task)
    exact = {name: task[name] for name, value in plain(task).items() if value != task[name]}
    if exact:
        yield EXACT, escaped(json.dumps(exact, separators=(",", ":")))
    yield "END", "VTODO"


def _optional(task: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a task may have besides, each by one property."""
    if task["priority"] in PRIORITIES:
        yield "PRIORITY", PRIORITIES[task["priority"]]
    if task["due_date"] is not None:
        yield "DUE;VALUE=DATE", task["due_date"].replace("-", "")
    elif task["due_at"] is not None:
        yield "DUE", _stamp(task["due_at"])
    if task["repeat"] is not None:
        yield "RRULE", task["repeat"]
    if task["tags"]:
        yield "CATEGORIES", ",".join(map(escaped, task["tags"]))
    if task["order"] is not None:
        yield "X-APPLE-SORT-ORDER", str(task["order"])
    if task["parent_uid"] is not None:
        yield "RELATED-TO;RELTYPE=PARENT", escaped(task["parent_uid"])


def _stamp(moment: str) -> str:
    """An instant in UTC as DATE-TIME, which has whole seconds (3.3.5)."""
    return f"{moment[:19]}Z".replace("-", "").replace(":", "")


def read(source: Source) -> Iterator[Entry]:
    """The VTODOs of a calendar, as any program writes them."""
    return Calendar(source).entries()
