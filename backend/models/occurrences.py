"""When a task is due again. Times are those of a wall clock; `days.py` finds the days."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from backend.models.days import TooFarError, first_day, most_in_a_period
from backend.models.recurrence import InvalidRuleError, Rule, parsed
from backend.models.task import REPEAT_LENGTH

_ANY_START = date(2000, 1, 1)


class Due(NamedTuple):
    """A day or an instant. `wall`: what the rule said, where the clocks skip that."""

    day: date | None = None
    at: datetime | None = None
    wall: datetime | None = None


class Following(NamedTuple):
    """When the next task is due, and its rule."""

    due: Due
    repeat: str


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """The one spelling of a rule; raises InvalidRuleError for none that a task can repeat by."""
    if len(text) > REPEAT_LENGTH:
        raise InvalidRuleError(f"must have at most {REPEAT_LENGTH} characters")
    rule = parsed(text)
    if not occurs(rule):
        raise InvalidRuleError("must occur at least once in twelve years")
    return str(rule)


def occurs(rule: Rule) -> bool:
    """Whether there is a task that could repeat by this rule, and soon enough."""
    if rule.by_set_pos and min(map(abs, rule.by_set_pos)) > most_in_a_period(rule):
        return False
    any_interval = replace(rule, interval=1)
    try:
        return first_day(any_interval, _ANY_START, _ANY_START.toordinal()) is not None
    except TooFarError:
        return False


def occurs_after(repeat: str, due: Due, zone: str | None) -> bool:
    """Whether the rule has a day after this one, or the calendar ends, whatever COUNT and UNTIL."""
    try:
        start = _clock(due, ZoneInfo(zone or "UTC"))
    except OverflowError:  # in this zone, beyond the calendar
        return True
    try:
        if start is not None:
            _next(parsed(repeat), start)
    except TooFarError:
        return False
    return True


def _next(rule: Rule, start: datetime) -> datetime | None:
    """The first after `start`, at the same time of day."""
    day = first_day(rule, start.date(), start.toordinal() + 1)
    return None if day is None else datetime.combine(day, start.time())


def _clock(due: Due, zone: ZoneInfo) -> datetime | None:
    """When a task is due on the wall; midnight stands for a day."""
    if due.at is None:
        return datetime.combine(due.day, time.min) if due.day else None
    if due.wall is not None and _moment(due.wall, zone) == due.at:
        return due.wall
    return due.at.astimezone(zone).replace(tzinfo=None)


def following(
    repeat: str, due: Due, zone: str | None, completed: datetime | None = None
) -> Following | None:
    """When a task is due again; None at the end of its rule, or if that is too far.

    From its due, or from a moment of `completed`: then on the time of day that it is due at. A
    task that is not due counts from that moment in either case.
    """
    with suppress(OverflowError):  # beyond the calendar
        return _following(parsed(repeat), due, ZoneInfo(zone or "UTC"), completed)
    return None


def _following(
    rule: Rule, due: Due, local: ZoneInfo, completed: datetime | None
) -> Following | None:
    start = _start(due, local, completed)
    if rule.count == 1 or start is None:
        return None
    wall = None
    with suppress(TooFarError):
        wall = _next_moment(rule, start, local) if due.at else _next(rule, start)
    if wall is None:
        return None
    next_due = Due(day=wall.date()) if due.at is None else _instant(wall, local)
    if _is_over(rule, next_due, wall, local):
        return None
    return Following(next_due, str(rule.rest))


def _next_moment(rule: Rule, start: datetime, zone: ZoneInfo) -> datetime | None:
    """The first at a later moment: where the clocks skip a whole day, the next one is the same."""
    before, wall = _moment(start, zone), _next(rule, start)
    while wall is not None and _moment(wall, zone) <= before:
        wall = _next(rule, wall)
    return wall


def _start(due: Due, zone: ZoneInfo, completed: datetime | None) -> datetime | None:
    clock = _clock(due, zone)
    if completed is None:
        return clock
    day = completed.astimezone(zone).date()
    return datetime.combine(day, clock.time() if clock else time.min)


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """RFC 5545, 3.3.5: the first of two; with the offset of before where the clocks skip it."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _instant(wall: datetime, zone: ZoneInfo) -> Due:
    at = _moment(wall, zone)
    is_skipped = at.astimezone(zone).replace(tzinfo=None) != wall
    return Due(at=at, wall=wall if is_skipped else None)


def _is_over(rule: Rule, due: Due, wall: datetime, zone: ZoneInfo) -> bool:
    """UNTIL is inclusive, and has no fractions of a second; a day is compared with its day."""
    until = rule.until
    if until is None:
        return False
    if not isinstance(until, datetime):
        return wall.date() > until
    if until.tzinfo is None:
        return wall.date() > until.date() if due.at is None else wall.replace(microsecond=0) > until
    if due.at is None:
        return wall.date() > until.astimezone(zone).date()
    return due.at.replace(microsecond=0) > until
