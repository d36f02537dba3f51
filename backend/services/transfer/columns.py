"""The fields of a task as our own formats write them: JSON as values, CSV as text."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import Any

from backend.models.occurrences import canonical
from backend.models.task import REPEAT_FROM, Priority
from backend.models.zones import ZONES
from backend.services.transfer import moments
from backend.services.transfer.record import Flaw, Lost, Named, Record
from backend.services.transfer.uids import uid_of

_WHOLE = re.compile(r"(-?\d{1,19})(?:\.0{1,19})?", re.ASCII)
_EXACT = 2**53
"""Up to here each whole number is a float of its own."""

_FLAGS = {"true": True, "false": False, "1": True, "0": False}

IGNORED = {"revision", "url"}
"""Of our JSON, and without a meaning elsewhere."""

TIES = {"id", "user_id", "parent_id", "parent_uid", "repeat_of", "repeat_of_uid"}
"""What names the task, and others, by ids that are only good within the file, and by UIDs."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004  (one kind of error for all that is wrong)
    return value


def _flag(value: Any) -> bool:
    if isinstance(value, str):
        value = _FLAGS.get(value.strip().lower())
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004
    return value


def _priority(value: Any) -> Priority:
    try:
        return Priority(value.strip().lower())
    except (ValueError, AttributeError):
        raise ValueError(f"must be one of: {', '.join(Priority)}") from None


def _order(value: Any) -> int:
    if isinstance(value, str) and (match := _WHOLE.fullmatch(value.strip())):
        value = int(match[1])
    elif isinstance(value, float) and abs(value) <= _EXACT and value.is_integer():
        value = int(value)
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError("must be a 64-bit integer")
    return value


def _tags(value: Any) -> list[str]:
    if isinstance(value, str):
        try:
            return [tag for row in csv.reader(io.StringIO(value, newline="")) for tag in row]
        except csv.Error:
            raise ValueError("must be a line of CSV") from None
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise ValueError("must be a list of texts")
    return value


def joined(tags: Iterable[str]) -> str:
    """Tags in one cell: as a line of CSV, so that a tag may have a comma."""
    line = io.StringIO(newline="")
    csv.writer(line).writerow(tags)
    return line.getvalue().removesuffix("\r\n")


def _repeat(value: Any) -> str:
    return canonical(_text(value).strip())


def _repeat_from(value: Any) -> str:
    if value not in REPEAT_FROM:
        raise ValueError(f"must be one of: {', '.join(REPEAT_FROM)}")
    return _text(value)


def _zone(value: Any) -> str:
    if _text(value) not in ZONES:
        raise ValueError("must be an IANA time zone like Europe/Berlin")
    return _text(value)


def _instant(value: Any) -> Any:
    return moments.instant(_text(value).strip(), UTC)


def _day(value: Any) -> Any:
    return moments.day(_text(value).strip())


CONTENT: Mapping[str, Callable[[Any], Any]] = {
    "title": _text,
    "description": _text,
    "completed": _flag,
    "priority": _priority,
    "due_date": _day,
    "due_at": _instant,
    "tags": _tags,
    "order": _order,
    "repeat": _repeat,
    "repeat_from": _repeat_from,
    "repeat_zone": _zone,
}
MOMENTS = {"created_at": "created_at", "completed_at": "completed_at", "updated_at": "modified_at"}
"""Fields that are instants, and what a record calls them."""

WITHOUT = {"completed": False, "priority": Priority.NONE, "tags": [], "repeat_from": "due"}
"""What null means; for all others it is a value."""


def record_of(line: int, fields: Mapping[str, Any]) -> Record | list[Flaw]:
    """A task of its fields by name; those that are there, and null where they are None."""
    record, flaws = Record(line), list[Flaw]()
    for name, value in fields.items():
        try:
            _set(record, name, value)
        except ValueError as error:
            flaws.append(Flaw(line, str(error), "invalid", name))
    if {"due_date", "due_at"} <= {name for name, value in record.values.items() if value}:
        flaws.append(Flaw(line, "due_at and due_date exclude each other", "two_dues", "due_at"))
    record.uid = record.uid or uid_of(fields)
    _take_keys(record, fields)
    return flaws or record


def _set(record: Record, name: str, value: Any) -> None:
    if name in CONTENT:
        is_null = value is None
        record.values[name] = WITHOUT.get(name) if is_null else CONTENT[name](value)
    elif name in MOMENTS:
        setattr(record, MOMENTS[name], None if value is None else _instant(value))
    elif name == "uid":
        record.uid = uid_in(value)
    elif name == "parent_uid":
        record.values["parent_id"] = _named(record.parent, uid=uid_in(value))
    elif name == "repeat_of_uid":
        record.repeat_of = _named(record.repeat_of, uid=uid_in(value))
    elif name not in IGNORED | TIES:
        record.lost.add(Lost.OTHER)


def uid_in(value: Any) -> str | None:
    """A UID as a file has it."""
    return None if value is None else _text(value).strip() or None


def _named(known: Named | None, **by: str | None) -> Named | None:
    """Another task, by what else names it."""
    named = (known or Named())._replace(**by)
    return named if any(named) else None


def _take_keys(record: Record, fields: Mapping[str, Any]) -> None:
    """The ids of the file: of what it says only by these."""

    def key(name: str) -> str | None:
        value = fields.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return None if value is None else f"{fields.get('user_id')} {value}"

    record.key = key("id")
    if "parent_id" in fields:
        record.values["parent_id"] = _named(record.parent, key=key("parent_id"))
    record.repeat_of = _named(record.repeat_of, key=key("repeat_of"))
