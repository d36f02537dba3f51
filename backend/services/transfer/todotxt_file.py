"""todo.txt (github.com/todotxt/todo.txt): a task on each line.

Carries title, completion, priority (A, B, C), tags without spaces as `@tag`, the day on which the
task is due, days of creation and completion, and a rule that is a plain interval: `rec:+1w` from
the due, `rec:1w` from the completion. Loses the rest (specs/008-in-and-out/formats.md).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from backend.models.task import Priority
from backend.services.transfer import moments
from backend.services.transfer.ics_zones import key_of
from backend.services.transfer.intervals import interval_of, rule_of
from backend.services.transfer.record import Entry, Flaw, Lost, Record
from backend.services.transfer.source import Source

_LETTERS = {"high": "A", "medium": "B", "low": "C"}
_PRIORITIES = {"A": Priority.HIGH, "B": Priority.MEDIUM, "C": Priority.LOW}
_DAY = r"\d{4}-\d\d-\d\d"
_LINE = re.compile(
    rf"(?P<done>x +)?(?:\((?P<priority>[A-Z])\) +)?"
    rf"(?:(?P<first>{_DAY}) +(?:(?P<second>{_DAY}) +)?)?",
    re.ASCII,
)
_SAFE = "@:/+=,;!$&'()*"
_SPACES = re.compile(r"\s+")
_REC = re.compile(r"(\+?)(\d{1,5})([dwmy])", re.ASCII)
_KEY = re.compile(r"([A-Za-z][\w-]*):([^\s/:][^\s]*)", re.ASCII)


class Writer:
    """Instants are days in `zone`."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def head(self) -> str:
        return ""

    def page(self, tasks: Sequence[str], *, is_first: bool) -> str:
        return "".join(f"{' '.join(self._words(json.loads(task)))}\n" for task in tasks)

    def tail(self) -> str:
        return ""

    def _words(self, task: Mapping[str, Any]) -> Iterator[str]:
        letter = _LETTERS.get(task["priority"])
        if task["completed"]:
            yield "x"
            yield self._day(task["completed_at"])
        elif letter:
            yield f"({letter})"
        yield self._day(task["created_at"])
        yield _SPACES.sub(" ", task["title"]).strip()
        for tag in task["tags"]:
            yield f"@{_SPACES.sub('_', tag)}"
        if due := task["due_date"] or (task["due_at"] and self._day(task["due_at"])):
            yield f"due:{due}"
        if interval := task["repeat"] and interval_of(task["repeat"]):
            yield f"rec:{'+' if task['repeat_from'] == 'due' else ''}{interval}"
        if task["completed"] and letter:
            yield f"pri:{letter}"
        yield f"uid:{quote(task['uid'], safe=_SAFE)}"

    def _day(self, moment: str) -> str:
        return datetime.fromisoformat(moment).astimezone(self._zone).date().isoformat()


def read(source: Source) -> Iterator[Entry]:
    """Each line that is not empty."""
    for number, line in source.lines():
        if text := line.strip():
            source.look_at(number)
            yield _task(number, text, source.zone)


def _task(number: int, text: str, zone: ZoneInfo) -> Record | Flaw:
    begin = _LINE.match(text)
    found: dict[str, Any] = begin.groupdict() if begin else {}
    is_done = bool(found.get("done"))
    record = Record(number, {"completed": is_done})
    first, second = found.get("first"), found.get("second")
    record.values["priority"] = _priority(record, found.get("priority"))
    rest = _Rest(record, zone)
    words = text[begin.end() if begin else 0 :].split()
    title = [word for word in words if not rest.takes(word)]
    if not title:  # nothing but tags and keys: they are all that the task is called
        title = [word for word in words if not word.startswith("uid:")]
    record.values |= {"title": " ".join(title), "tags": rest.tags, "due_date": rest.due}
    try:
        if is_done:
            record.completed_at = _begin_of(first, zone)
        record.created_at = _begin_of(second if is_done else first, zone)
    except ValueError:
        return Flaw(number, "must have days like 2026-11-21", "invalid")
    return record


def _priority(record: Record, letter: str | None) -> Priority:
    """A, B and C; whatever comes behind is low."""
    if letter is None:
        return Priority.NONE
    return _PRIORITIES.get(letter, Priority.LOW)


class _Rest:
    """What the words of a line say besides the title."""

    def __init__(self, record: Record, zone: ZoneInfo) -> None:
        self.tags: list[str] = []
        self.due: date | None = None
        self._record, self._zone = record, zone

    def takes(self, word: str) -> bool:
        """Whether a word is no part of the title."""
        if word[0] in "@+" and len(word) > 1:
            self.tags.append(word[1:])
            return True
        key = _KEY.fullmatch(word)
        return key is not None and self._takes_key(key[1].lower(), key[2])

    def _takes_key(self, key: str, value: str) -> bool:
        if key == "uid":
            self._record.uid = unquote(value)
        elif key == "due":
            try:
                self.due = moments.day(value)
            except ValueError:
                self._record.lost.add(Lost.DUE)
                return False
        elif key == "pri" and re.fullmatch("[A-Z]", value):
            self._record.values["priority"] = _PRIORITIES.get(value, Priority.LOW)
        elif key == "rec":
            self._take_rule(_REC.fullmatch(value))
        elif key in {"t", "threshold"}:
            self._record.lost.add(Lost.START)
        else:
            return False
        return True

    def _take_rule(self, match: re.Match[str] | None) -> None:
        rule = None
        if match is not None:
            with suppress(ValueError):  # then it is reported
                rule = rule_of(int(match[2]), match[3])
        if match is None or rule is None:
            self._record.lost.add(Lost.REPEAT)
            return
        self._record.values |= {
            "repeat": rule,
            "repeat_from": "due" if match[1] else "completion",
            "repeat_zone": key_of(self._zone),
        }


def _begin_of(day: str | None, zone: ZoneInfo) -> datetime | None:
    """The first instant of a day."""
    if day is None:
        return None
    return moments.utc(datetime.combine(moments.day(day), time.min), zone)
