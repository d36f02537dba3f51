"""One VTODO (RFC 5545, 3.6.2), as a record."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from icalendar.prop import vDuration

from backend.models.task import Priority
from backend.services.transfer import moments
from backend.services.transfer.columns import CONTENT
from backend.services.transfer.ics_exact import restore
from backend.services.transfer.ics_text import MAX_TEXTS, Line, texts, unescaped
from backend.services.transfer.ics_values import EXACT
from backend.services.transfer.ics_zones import Zones, key_of
from backend.services.transfer.record import Entry, Flaw, Leftover, Lost, Named, Record, Unreadable

MAX_PROPERTIES = 1000
"""Of one task. Programs write some twenty."""

_KNOWN = {
    *("UID", "SUMMARY", "DESCRIPTION", "STATUS", "PERCENT-COMPLETE", "COMPLETED", "PRIORITY"),
    *("DUE", "DTSTART", "DURATION", "CREATED", "LAST-MODIFIED", "X-APPLE-SORT-ORDER"),
    *("RECURRENCE-ID", "RRULE", EXACT),
}
READ = _KNOWN | {"CATEGORIES", "RELATED-TO"}
"""Names of the properties whose values are read."""

_LOST = {
    **dict.fromkeys(("RDATE", "EXDATE", "EXRULE"), Lost.REPEAT),
    **dict.fromkeys(("LOCATION", "GEO"), Lost.PLACE),
    **dict.fromkeys(("ORGANIZER", "ATTENDEE", "CONTACT"), Lost.PERSON),
    "ATTACH": Lost.ATTACHMENT,
    "URL": Lost.LINK,
}
_BOOKKEEPING = {"DTSTAMP", "SEQUENCE", "X-MOZ-GENERATION", "X-MOZ-LASTACK"}
_Duration: Any = vDuration  # the library gives no types for it
_STATES = {"", "NEEDS-ACTION", "IN-PROCESS", "COMPLETED", "CANCELLED"}
_PERCENT = re.compile(r"\d{1,3}", re.ASCII)


class Todo:
    """The properties of a VTODO, as they come."""

    def __init__(self, number: int, zones: Zones, zone: ZoneInfo) -> None:
        self.lost: set[Lost] = set()
        self._number = number
        self._zones = zones
        self._zone = zone
        self._lines: dict[str, Line] = {}
        self._tags: list[str] = []
        self._parent: str | None = None
        self._properties = 0
        self._flaws: list[Flaw] = []

    def take(self, line: Line) -> None:
        """Keep a property; the first of each name counts. Raises Unreadable."""
        self._properties += 1
        if self._properties > MAX_PROPERTIES:
            message = f"must have at most {MAX_PROPERTIES} properties in a task"
            raise Unreadable(line.number, message, "too_many_properties")
        if line.name == "CATEGORIES":
            self._take_tags(line)
        elif line.name == "RELATED-TO":
            self._take_relation(line)
        elif line.name in _KNOWN:
            first = self._lines.setdefault(line.name, line)
            self.lost |= {Lost.OTHER} if first.value != line.value else set()
        elif line.name not in _BOOKKEEPING:
            self.lost.add(_LOST.get(line.name, Lost.OTHER))

    def _take_tags(self, line: Line) -> None:
        found = texts(line.value)
        self._tags += [tag for tag in found if tag.strip()]
        if len(found) == MAX_TEXTS:
            self.lost.add(Lost.TAGS)

    def _take_relation(self, line: Line) -> None:
        """The first parent counts; that is what a relation means that does not say (3.2.15)."""
        uid = unescaped(line.value).strip()
        is_parent = str(line.parameters.get("RELTYPE", "PARENT")).upper() == "PARENT"
        if is_parent and self._parent is None:
            self._parent = uid or None
        elif not is_parent or uid != self._parent:
            self.lost.add(Lost.PARENT)

    def entries(self) -> Iterator[Entry]:
        """The task, what is wrong with it, or what it is instead."""
        if "RECURRENCE-ID" in self._lines:
            yield Leftover(self._number, Lost.EXCEPTION)
            return
        record = self._record()
        if self._flaws:
            yield from self._flaws
        else:
            yield record

    def _record(self) -> Record:
        record = Record(self._number, lost=self.lost)
        record.uid = (self._text("UID") or "").strip() or None
        record.created_at = self._moment("CREATED")
        record.completed_at = self._moment("COMPLETED")
        record.modified_at = self._moment("LAST-MODIFIED")
        due = self._due()
        is_day = due is not None and not isinstance(due, datetime)
        record.values = {
            "title": self._text("SUMMARY"),
            "description": self._text("DESCRIPTION"),
            "completed": self._is_completed(),
            "priority": self._priority(),
            "due_date": due if is_day else None,
            "due_at": None if is_day else due,
            "repeat": self._repeat(),
            "repeat_from": "due",
            "repeat_zone": self._repeat_zone(),
            "tags": self._tags,
            "parent_id": Named(self._parent) if self._parent else None,
        }
        if "X-APPLE-SORT-ORDER" in self._lines:
            self._take_order(record)
        restore(record, self._text(EXACT), self._zone)
        return record

    def _value(self, name: str) -> str:
        return self._lines[name].value.strip() if name in self._lines else ""

    def _text(self, name: str) -> str | None:
        return unescaped(self._lines[name].value) if name in self._lines else None

    def _is_completed(self) -> bool:
        status, percent = self._value("STATUS").upper(), self._percent()
        if status not in _STATES:
            self.lost.add(Lost.OTHER)
        if status == "CANCELLED":
            self.lost.add(Lost.CANCELLED)
        if status in {"COMPLETED", "CANCELLED"}:
            return True
        if not status and ("COMPLETED" in self._lines or percent == 100):
            return True
        if 0 < percent < 100 or status == "IN-PROCESS":
            self.lost.add(Lost.PROGRESS)
        return False

    def _percent(self) -> int:
        text = self._value("PERCENT-COMPLETE")
        if _PERCENT.fullmatch(text) and int(text) <= 100:
            return int(text)
        self.lost |= {Lost.OTHER} if text else set()
        return 0

    def _priority(self) -> Priority:
        """1 to 4 are high, 5 is medium, 6 to 9 are low (3.8.1.9)."""
        text = self._value("PRIORITY")
        if text not in set("123456789"):
            self.lost |= {Lost.OTHER} if text not in {"", "0"} else set()
            return Priority.NONE
        number = int(text)
        return Priority.HIGH if number < 5 else Priority.MEDIUM if number == 5 else Priority.LOW

    def _due(self) -> date | datetime | None:
        """DUE, or where DTSTART and DURATION end."""
        if "DURATION" in self._lines and ("DUE" in self._lines or "DTSTART" not in self._lines):
            self.lost.add(Lost.OTHER)
        if "DUE" in self._lines:
            if "DTSTART" in self._lines:
                self.lost.add(Lost.START)
            return self._when("DUE")
        if "DTSTART" not in self._lines:
            return None
        if "DURATION" not in self._lines:
            self.lost.add(Lost.START)
            return None
        start = self._when("DTSTART")
        try:
            return start and start + _Duration.from_ical(self._value("DURATION"))
        except (ValueError, OverflowError):
            self._flaw("DURATION", "must be a duration like PT1H, that ends before the year 10000")
            return None

    def _repeat(self) -> str | None:
        """A rule that no task here can have is reported."""
        try:
            return CONTENT["repeat"](self._value("RRULE")) if "RRULE" in self._lines else None
        except ValueError:
            self.lost.add(Lost.REPEAT)
            return None

    def _repeat_zone(self) -> str | None:
        """That in which a repeating task is due."""
        line = self._lines.get("DUE")
        if line is None or "RRULE" not in self._lines or "TZID" not in line.parameters:
            return None
        return key_of(self._zone_of(line))

    def _moment(self, name: str) -> datetime | None:
        """An instant; a day is none."""
        when = self._when(name) if name in self._lines else None
        return when if isinstance(when, datetime) else None

    def _when(self, name: str) -> date | datetime | None:
        line, value = self._lines[name], self._value(name)
        try:
            if len(value) == 8:
                return moments.compact_day(value)
            zone = self._zone_of(line)
            if zone is None:
                self.lost.add(Lost.DUE if name in {"DUE", "DTSTART"} else Lost.OTHER)
                return None
            return moments.compact(value, zone)
        except ValueError as error:
            self._flaw(name, str(error))
            return None

    def _zone_of(self, line: Line) -> ZoneInfo | None:
        name = line.parameters.get("TZID")
        return self._zone if name is None else self._zones.find(str(name))

    def _take_order(self, record: Record) -> None:
        try:
            record.values["order"] = CONTENT["order"](self._value("X-APPLE-SORT-ORDER"))
        except ValueError:
            self.lost.add(Lost.OTHER)

    def _flaw(self, name: str, message: str) -> None:
        self._flaws.append(Flaw(self._lines[name].number, message, "invalid", name))
