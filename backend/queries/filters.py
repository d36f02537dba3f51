"""Which tasks are meant: what GET and DELETE on the collection have in common."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    not_,
    or_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import PriorityRank, due, tasks
from backend.queries.ownership import Condition
from backend.queries.search import contains_all_words, patterns
from backend.queries.slots import Atom, Part, all_of

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
Parameters = Callable[[Any, ZoneInfo], dict[str, Any]]


class Filter(NamedTuple):
    """A condition, and how its parameters follow from what was asked and from the time zone."""

    condition: Atom
    parameters: Parameters


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


def _due_from() -> Atom:
    """`widest` bounds the index scan; the rest decides, for a day is the same day in every zone."""
    days = tasks.c.due_date >= bindparam("filter_due_from", type_=Date)
    instants = tasks.c.due_at >= _bound_instant("filter_due_from_at")
    is_near = due("infinity") >= _bound_instant("filter_due_from_widest")
    return Atom(and_(is_near, or_(days, instants)))


def _due_to() -> Atom:
    days = tasks.c.due_date <= bindparam("filter_due_to", type_=Date)
    instants = tasks.c.due_at <= _bound_instant("filter_due_to_at")
    is_near = due("infinity") <= _bound_instant("filter_due_to_widest")
    return Atom(and_(is_near, or_(days, instants)))


def is_overdue() -> Condition:
    """Open, and due before `filter_now`, or on a day before `filter_today`."""
    is_late = tasks.c.due_at < _bound_instant("filter_now")
    is_past = tasks.c.due_date < bindparam("filter_today", type_=Date)
    return and_(tasks.c.completed.is_(False), func.coalesce(or_(is_late, is_past), false()))


def now_in(zone: ZoneInfo) -> dict[str, Any]:
    """The parameters of `is_overdue`: by this machine's clock, which alone knows all zones."""
    now = datetime.now(UTC)
    return {"filter_now": now, "filter_today": now.astimezone(zone).date()}


def day_in(moments: Mapping[str, Any], zone: ZoneInfo) -> dict[str, datetime]:
    """The first and the last instant of the day of `now_in`."""
    today = moments["filter_today"]
    return {
        "today_from": _instant(today, time.min, zone),
        "today_to": _instant(today, time.max, zone),
    }


def _is_untagged() -> Condition:
    """Wrapped, so that the planner does not take it for rare, and reads the table for it."""
    is_empty = tasks.c.tags == cast(literal_column("'{}'"), ARRAY(Text))
    return func.coalesce(is_empty, false())


def _bound_flag(name: str) -> Any:
    return bindparam(name, type_=Boolean)


def _equal(name: str) -> Parameters:
    return lambda asked, zone: {name: list(asked) if isinstance(asked, tuple) else asked}


def _day(name: str, clock: time) -> Parameters:
    """The day itself, its first or last instant in the zone, and the wider of that and UTC's."""

    def parameters(day: date, zone: ZoneInfo) -> dict[str, Any]:
        there, utc = _instant(day, clock, zone), _instant(day, clock, UTC)
        widest = min(there, utc) if clock == time.min else max(there, utc)
        return {name: day, f"{name}_at": there, f"{name}_widest": widest}

    return parameters


FILTERS: dict[str, Filter] = {
    "completed": Filter(
        Atom(tasks.c.completed == bindparam("filter_completed", type_=Boolean)),
        _equal("filter_completed"),
    ),
    "priority": Filter(
        Atom(tasks.c.priority == any_(bindparam("filter_priorities", type_=ARRAY(PriorityRank)))),
        _equal("filter_priorities"),
    ),
    "tag": Filter(
        Atom(tasks.c.tags.contains(bindparam("filter_tags", type_=ARRAY(Text)))),
        _equal("filter_tags"),
    ),
    "q": Filter(Atom(contains_all_words()), lambda text, zone: {"filter_patterns": patterns(text)}),
    "due_from": Filter(_due_from(), _day("filter_due_from", time.min)),
    "due_to": Filter(_due_to(), _day("filter_due_to", time.max)),
    "updated_since": Filter(
        Atom(tasks.c.updated_at >= _bound_instant("filter_updated_since")),
        _equal("filter_updated_since"),
    ),
    "completed_since": Filter(
        Atom(tasks.c.completed_at >= _bound_instant("filter_completed_since")),
        _equal("filter_completed_since"),
    ),
    "overdue": Filter(
        Atom(is_overdue() == _bound_flag("filter_overdue")),
        lambda asked, zone: {"filter_overdue": asked, **now_in(zone)},
    ),
    "untagged": Filter(
        Atom(_is_untagged() == _bound_flag("filter_untagged")), _equal("filter_untagged")
    ),
    "without_tag": Filter(
        Atom(not_(tasks.c.tags.overlap(bindparam("filter_without_tags", type_=ARRAY(Text))))),
        _equal("filter_without_tags"),
    ),
    "parent": Filter(
        Atom(tasks.c.parent_id == bindparam("filter_parent", type_=BigInteger)),
        _equal("filter_parent"),
    ),
}
"""All filters of a list, by the names of their query parameters (`api/schemas/lists.py`)."""

_ENCODER = json.JSONEncoder(sort_keys=True, default=str, ensure_ascii=False)
_NO_PARENT = "no_parent"
_CONDITIONS = {
    **FILTERS,
    _NO_PARENT: Filter(Atom(tasks.c.parent_id.is_(None)), lambda asked, zone: {}),
}
"""With `parent=none`, which is 0 here, as one of its own: so an index serves the other one."""


class Filters:
    """Which tasks a client asked for. What was not given does not filter.

    `time_zone` (IANA) places instants on days; `deleted` means the trash.
    """

    def __init__(self, asked: Mapping[str, Any], time_zone: str, *, deleted: bool = False) -> None:
        given = {_NO_PARENT: True, **asked, "parent": None} if asked.get("parent") == 0 else asked
        self._asked = {
            name: value
            for name, value in given.items()
            if name in _CONDITIONS and value not in (None, (), "")
        }
        self._time_zone = time_zone
        self._deleted = deleted

    @property
    def active(self) -> frozenset[str]:
        """The names of the conditions that apply: the shape of the statement."""
        return frozenset(self._asked.keys() | ({"deleted"} if self._deleted else set()))

    @property
    def follow_the_clock(self) -> bool:
        """Whether the same question has other answers later, though nothing was written."""
        return "overdue" in self._asked

    @property
    def parameters(self) -> dict[str, Any]:
        """Values of the conditions. No name is a column's: an UPDATE would set it."""
        zone, parameters = ZoneInfo(self._time_zone), dict[str, Any]()
        for name, asked in self._asked.items():
            parameters |= _CONDITIONS[name].parameters(asked, zone)
        return parameters

    @property
    def identity(self) -> str:
        """The same for the same question: a cursor is bound to it."""
        asked = [self._asked, self._time_zone, self._deleted]
        return _ENCODER.encode(asked)


_IS_TRASHED = Atom(tasks.c.deleted_at.is_not(None))
_LIVES = Atom(tasks.c.deleted_at.is_(None))


def wanted(active: frozenset[str]) -> Part:
    """All conditions of this shape; live tasks or the trash is always one of them."""
    chosen = [_CONDITIONS[name].condition for name in sorted(active - {"deleted"})]
    return all_of(_IS_TRASHED if "deleted" in active else _LIVES, *chosen)
