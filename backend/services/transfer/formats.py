"""The formats: each is a file of its own here, with a reader, and a writer if tasks leave in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from backend.services.transfer import (
    csv_file,
    google_tasks_file,
    ics_file,
    json_file,
    taskwarrior_file,
    ticktick_file,
    todoist_file,
    todotxt_file,
)
from backend.services.transfer.reading import Reader


class Writer(Protocol):
    """Makes a file of pages of tasks: the head, each page, the tail."""

    def head(self) -> str: ...

    def page(self, tasks: Sequence[str], *, is_first: bool) -> str:
        """Some tasks, each as JSON with its `uid`; never none. `is_first`: of the file."""

    def tail(self) -> str: ...


@dataclass(frozen=True)
class Outgoing:
    """How tasks leave. `writer` makes one for a file, with the zone in which instants are days."""

    media_type: str
    file_name: str
    writer: Callable[[ZoneInfo], Writer]


@dataclass(frozen=True)
class Format:
    """A kind of file. `media_types`: what a body in it may be called."""

    read: Reader
    media_types: tuple[str, ...]
    outgoing: Outgoing | None = None


_CSV = ("text/csv", "application/csv", "text/comma-separated-values", "application/vnd.ms-excel")
_JSON = ("application/json", "application/x-ndjson", "application/jsonl")

FORMATS = {
    "json": Format(
        json_file.read,
        _JSON,
        Outgoing("application/json", "tasks.json", lambda zone: json_file.Writer()),
    ),
    "csv": Format(
        csv_file.read,
        _CSV,
        Outgoing(
            "text/csv; charset=utf-8; header=present", "tasks.csv", lambda zone: csv_file.Writer()
        ),
    ),
    "ics": Format(
        ics_file.read,
        ("text/calendar",),
        Outgoing("text/calendar; charset=utf-8", "tasks.ics", lambda zone: ics_file.Writer()),
    ),
    "todotxt": Format(
        todotxt_file.read,
        ("text/plain",),
        Outgoing("text/plain; charset=utf-8", "todo.txt", todotxt_file.Writer),
    ),
    "todoist": Format(todoist_file.read, _CSV),
    "google_tasks": Format(google_tasks_file.read, _JSON),
    "taskwarrior": Format(taskwarrior_file.read, _JSON),
    "ticktick": Format(ticktick_file.read, _CSV),
}
OUTGOING = {name: one.outgoing for name, one in FORMATS.items() if one.outgoing is not None}
ANY_FORMAT = ("text/plain", "application/octet-stream")
"""What a body of any format may be called."""
