"""The VTODOs of an iCalendar file, one after the other."""

from collections.abc import Iterator

from backend.services.transfer.ics_text import Line, content_lines, unescaped
from backend.services.transfer.ics_todo import READ, Todo
from backend.services.transfer.ics_zones import Zones
from backend.services.transfer.record import Entry, Leftover, Lost, Unreadable
from backend.services.transfer.source import Source

MAX_DEPTH = 16
"""Components inside of each other; the standard has three."""

_PARTS_OF_OTHERS = {"VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT", "VALARM"}
_READ = READ | {"BEGIN", "END", "TZID", "X-LIC-LOCATION"}


class Calendar:
    """One pass through a file, which may have several calendars."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open: list[str] = []
        self._zones = Zones()
        self._zone_name = ""
        self._todo: Todo | None = None

    def entries(self) -> Iterator[Entry]:
        """Each VTODO, and what is none. Raises Unreadable."""
        number, has_calendar = 0, False
        for line in content_lines(self._source, _READ):
            number = line.number
            if not self._open and not _begins(line, "VCALENDAR"):
                raise Unreadable(number, "must begin with BEGIN:VCALENDAR", "no_calendar")
            has_calendar = True
            yield from self._take(line)
        if self._open or not has_calendar:
            message = "must end with END:VCALENDAR: the file may have been cut"
            raise Unreadable(max(number, 1), message, "unfinished")

    def _take(self, line: Line) -> Iterator[Entry]:
        if line.name == "BEGIN":
            yield from self._begin(line)
        elif line.name == "END":
            yield from self._end(line)
        elif self._todo is not None and self._open[-1] == "VTODO":
            self._todo.take(line)
        elif self._open[-1] == "VTIMEZONE":
            self._take_zone(line)

    def _begin(self, line: Line) -> Iterator[Entry]:
        name = line.value.strip().upper()
        self._source.look_at(line.number)
        if len(self._open) >= MAX_DEPTH:
            raise Unreadable(line.number, "must not be nested so deeply", "too_deep")
        if name == "VTODO" and self._todo is None:
            self._todo = Todo(line.number, self._zones, self._source.zone)
        elif name == "VALARM" and self._todo is not None:
            self._todo.lost.add(Lost.REMINDER)
        elif name not in _PARTS_OF_OTHERS:
            yield Leftover(line.number, Lost.NO_TASK)
        self._open.append(name)

    def _end(self, line: Line) -> Iterator[Entry]:
        if self._open.pop() != line.value.strip().upper():
            message = "must end the component that was begun last"
            raise Unreadable(line.number, message, "malformed_line")
        if self._todo is not None and "VTODO" not in self._open:
            yield from self._todo.entries()
            self._todo = None

    def _take_zone(self, line: Line) -> None:
        if line.name == "TZID":
            self._zone_name = unescaped(line.value)
        elif line.name == "X-LIC-LOCATION":
            self._zones.define(self._zone_name, unescaped(line.value))


def _begins(line: Line, name: str) -> bool:
    return line.name == "BEGIN" and line.value.strip().upper() == name
