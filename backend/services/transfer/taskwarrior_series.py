"""Repeating tasks of Taskwarrior: a pattern, and its instances, which are tasks of their own.

Taskwarrior makes the instances by itself; completing one makes no other. Here, completing a task
makes the next one. So of a pattern's open instances the last one repeats, the others become plain
tasks, and the pattern becomes none. Nothing is there twice.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backend.services.transfer.ics_zones import key_of
from backend.services.transfer.intervals import rule_of
from backend.services.transfer.record import Entry, Leftover, Lost, Record

_NAMES = {
    **dict.fromkeys(("day", "daily"), (1, "d")),
    "weekly": (1, "w"),
    **dict.fromkeys(("biweekly", "fortnight"), (2, "w")),
    "monthly": (1, "m"),
    "bimonthly": (2, "m"),
    "quarterly": (3, "m"),
    "semiannual": (6, "m"),
    **dict.fromkeys(("annual", "yearly"), (1, "y")),
    **dict.fromkeys(("biannual", "biyearly"), (2, "y")),
}
_WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
_SPAN = re.compile(r"(\d{1,5})(d|w|m)(?:(?<!m)(?:ays?|ks?|eeks?))?", re.ASCII)
_ISO = re.compile(r"p(\d{1,5})(d|w|m)", re.ASCII)
_FROM = {"": "due", "periodic": "due", "chained": "completion"}
_LAST_IN_EACH_MONTH = 28
_PLAIN: Mapping[str, str | None] = {"repeat": None, "repeat_from": "due", "repeat_zone": None}


def rule_like(recur: str, due: datetime) -> str | None:
    """`weekly`, `3d`, `2wks`, `P1M` as a rule; None for what no rule says exactly.

    `6mo` and `2yrs` are 180 and 730 days there. Where a month has no such day, Taskwarrior takes
    the one before, and goes on from that.
    """
    name = recur.lower()
    if name == "weekdays":
        return _WEEKDAYS
    match = _SPAN.fullmatch(name) or _ISO.fullmatch(name)
    if name not in _NAMES and match is None:
        return None
    number, unit = _NAMES[name] if match is None else (int(match[1]), match[2])
    if unit in "my" and due.day > _LAST_IN_EACH_MONTH:
        return None
    try:
        return rule_of(number, unit)
    except ValueError:
        return None


class Series:
    """The patterns of a file, and the last open instance of each so far."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._patterns: dict[str, int] = {}
        self._last: dict[str, tuple[str, Record, Mapping[str, Any]]] = {}

    def add_pattern(self, line: int, uuid: str) -> None:
        self._patterns[uuid] = line

    def take(self, record: Record, task: Mapping[str, Any]) -> Iterator[Record]:
        """The task, held back while it may be its pattern's last; and the one that it replaces."""
        pattern = task.get("parent")
        if not isinstance(pattern, str) or record.values["completed"]:
            record.lost |= {Lost.REPEAT} if task.get("recur") and not pattern else set()
            yield record
            return
        record.values |= _PLAIN
        due, other = str(task.get("due")), self._last.get(pattern)
        if other is None or due >= other[0]:
            self._last[pattern] = due, record, task
        if other is not None:
            earlier = other[1] if due >= other[0] else record
            earlier.lost.add(Lost.PATTERN)
            yield earlier

    def rest(self) -> Iterator[Entry]:
        """At the end of the file: those that repeat, and the patterns."""
        for _, record, task in self._last.values():
            self._repeat(record, task)
            yield record
        for uuid, line in self._patterns.items():
            repeats = uuid in self._last and self._last[uuid][1].values["repeat"]
            yield Leftover(line, Lost.PATTERN if repeats else Lost.REPEAT)

    def _repeat(self, record: Record, task: Mapping[str, Any]) -> None:
        due, day = record.values.get("due_at"), record.values.get("due_date")
        there = due.astimezone(self._zone) if due else day
        rule_type = _FROM.get(str(task.get("rtype") or ""))
        rule = rule_like(str(task.get("recur")), there) if there else None
        if rule is None or rule_type is None or "until" in task:
            record.lost.add(Lost.REPEAT)
            return
        zone = key_of(self._zone)
        record.values |= {"repeat": rule, "repeat_from": rule_type, "repeat_zone": zone}
