"""Which tasks are meant: what GET and DELETE on the collection have in common."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, Date, Text, and_, any_, bindparam, or_
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import Priority, PriorityRank, due, tasks
from backend.queries.ownership import Condition
from backend.queries.search import contains_all_words, patterns

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Filters:
    """What a client asked for; what is None or empty does not filter.

    `due_from` and `due_to` are days, inclusive, of `time_zone` (IANA); `deleted` is the trash.
    """

    completed: bool | None = None
    priority: tuple[Priority, ...] = ()
    tag: tuple[str, ...] = ()
    q: str | None = None
    due_from: date | None = None
    due_to: date | None = None
    time_zone: str = "UTC"
    updated_since: datetime | None = None
    deleted: bool = False

    def active(self) -> frozenset[str]:
        """Names of the conditions that apply: the shape of the statement."""
        given = {field.name for field in fields(self) if getattr(self, field.name)}
        given |= {"completed"} if self.completed is not None else set()
        return frozenset(given & (_CONDITIONS.keys() | {"deleted"}))

    def bounds(self) -> dict[str, Any]:
        """Parameters of the conditions; none is named as a column, which an UPDATE would set."""
        given: dict[str, Any] = {
            "filter_completed": self.completed,
            "filter_priorities": list(self.priority),
            "filter_tags": list(self.tag),
            "filter_patterns": patterns(self.q or ""),
            "filter_updated_since": self.updated_since,
        }
        if self.due_from:
            given |= _due_bounds("due_from", self.due_from, time.min, self.time_zone)
        if self.due_to:
            given |= _due_bounds("due_to", self.due_to, time.max, self.time_zone)
        return given


def _due_bounds(name: str, day: date, clock: time, zone: str) -> dict[str, Any]:
    """The day itself, its first or last instant in the zone, and the wider of that and UTC's."""
    there, utc = _instant(day, clock, ZoneInfo(zone)), _instant(day, clock, UTC)
    widest = min(there, utc) if clock == time.min else max(there, utc)
    return {f"filter_{name}": day, f"filter_{name}_at": there, f"filter_{name}_widest": widest}


def _instant(day: date, clock: time, zone: Any) -> datetime:
    """First or last instant of a day where clocks may change at midnight; within years 1–9999."""
    last = clock == time.max
    local = datetime.combine(day, clock, zone).replace(fold=int(last))
    try:
        return local.astimezone(UTC)
    except OverflowError:
        return _LAST if last else _FIRST


def _bound_instant(name: str) -> Any:
    return bindparam(name, type_=tasks.c.due_at.type)


def _due_from() -> Condition:
    """`widest` bounds the index scan; the rest decides, for a day is the same day in every zone."""
    days = tasks.c.due_date >= bindparam("filter_due_from", type_=Date)
    instants = tasks.c.due_at >= _bound_instant("filter_due_from_at")
    return and_(due("infinity") >= _bound_instant("filter_due_from_widest"), or_(days, instants))


def _due_to() -> Condition:
    days = tasks.c.due_date <= bindparam("filter_due_to", type_=Date)
    instants = tasks.c.due_at <= _bound_instant("filter_due_to_at")
    return and_(due("infinity") <= _bound_instant("filter_due_to_widest"), or_(days, instants))


_CONDITIONS: dict[str, Condition] = {
    "completed": tasks.c.completed == bindparam("filter_completed", type_=Boolean),
    "priority": tasks.c.priority == any_(bindparam("filter_priorities", type_=ARRAY(PriorityRank))),
    "tag": tasks.c.tags.contains(bindparam("filter_tags", type_=ARRAY(Text))),
    "q": contains_all_words(),
    "due_from": _due_from(),
    "due_to": _due_to(),
    "updated_since": tasks.c.updated_at >= _bound_instant("filter_updated_since"),
}


def conditions(active: frozenset[str]) -> list[Condition]:
    """The conditions of this shape, live or trashed included."""
    in_trash = tasks.c.deleted_at.is_not(None)
    lives = tasks.c.deleted_at.is_(None)
    chosen = [_CONDITIONS[name] for name in sorted(active - {"deleted"})]
    return [in_trash if "deleted" in active else lives, *chosen]
