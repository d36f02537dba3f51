"""When a task is due again. Times are those of a wall clock; python-dateutil finds the days."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dateutil import rrule

from backend.models.recurrence import FREQUENCIES, InvalidRuleError, Rule, parsed
from backend.models.task import REPEAT_LENGTH

MAX_YEARS = 12
"""Years that are searched for the next occurrence; those between two intervals do not count."""

_ANY_START = datetime(2000, 1, 1)  # noqa: DTZ001  (of a wall clock)


_FREQUENCIES: dict[str, Any] = dict(
    zip(FREQUENCIES, (rrule.YEARLY, rrule.MONTHLY, rrule.WEEKLY, rrule.DAILY), strict=True)
)


class Due(NamedTuple):
    """A day or an instant. `wall`: what the rule said, where the clocks skip that."""

    day: date | None = None
    at: datetime | None = None
    wall: datetime | None = None


class Following(NamedTuple):
    """When the next task is due, and its rule."""

    due: Due
    repeat: str


class TooFarError(Exception):
    """No occurrence in all the years that are searched."""


class _BoundedRule(rrule.rrule):
    """dateutil searches up to the year 9999, and cannot be told where to stop.

    Whenever its search enters a year, it asks for `_byweekno` (`_iterinfo.rebuild`): once, or three
    to five times where there are any. So it is twelve years at the least, and 22 at the most.
    """

    @property
    def _byweekno(self) -> Any:
        self._questions_left -= 1
        if self._questions_left < 0:
            raise TooFarError
        return self._weeks

    @_byweekno.setter
    def _byweekno(self, weeks: Any) -> None:
        self._weeks = weeks
        self._questions_left = (MAX_YEARS + 1) * (5 if weeks else 1)


def _rule_from(rule: Rule, start: datetime) -> _BoundedRule:
    days = [rrule.weekdays[day](nth) if nth else rrule.weekdays[day] for nth, day in rule.by_day]
    if rule.by_week_no and not days:  # what the rule does not say, its start says (RFC 5545)
        days = [rrule.weekdays[start.weekday()]]
    if rule.freq == "WEEKLY" and rule.by_set_pos:  # places are counted in the whole week
        days = days or [rrule.weekdays[start.weekday()]]
        start -= timedelta(days=(start.weekday() - rule.wkst) % 7)
    return _BoundedRule(
        _FREQUENCIES[rule.freq],
        dtstart=start,
        interval=rule.interval,
        wkst=rule.wkst,
        bymonth=rule.by_month or None,
        byweekno=rule.by_week_no or None,
        byyearday=rule.by_year_day or None,
        bymonthday=rule.by_month_day or None,
        byweekday=days or None,
        bysetpos=rule.by_set_pos or None,
    )


def _occurrences(rule: Rule, start: datetime) -> Iterator[datetime]:
    """Those from `start` on, whatever COUNT and UNTIL say. Raises TooFarError where one is far."""
    with suppress(OverflowError, ValueError):  # the calendar ends with the year 9999
        yield from _rule_from(rule, start)


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
    if rule.freq == "WEEKLY":
        days = len(rule.by_day) or 1
        return not rule.by_set_pos or any(abs(place) <= days for place in rule.by_set_pos)
    if rule.freq == "DAILY":  # as one of years: a day after the other is searched for long
        if rule.by_set_pos and not {1, -1} & {*rule.by_set_pos}:
            return False
        rule = replace(rule, freq="YEARLY", by_set_pos=())
    any_interval = replace(rule, interval=1)
    try:
        return next(_occurrences(any_interval, _ANY_START), None) is not None
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
    """The first after `start`. A rule has seconds at most, and a task keeps its microseconds."""
    whole = start.replace(microsecond=0)
    found = next((one for one in _occurrences(rule, whole) if one > whole), None)
    return found and found.replace(microsecond=start.microsecond)


def _clock(due: Due, zone: ZoneInfo) -> datetime | None:
    """When a task is due on the wall; midnight stands for a day."""
    if due.at is None:
        return datetime.combine(due.day, time.min) if due.day else None
    if due.wall is not None and due.wall.replace(tzinfo=zone).astimezone(UTC) == due.at:
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
        wall = _next(rule, start)
    if wall is None:
        return None
    next_due = Due(day=wall.date()) if due.at is None else _instant(wall, local)
    if next_due is None or _is_over(rule, next_due, wall, local):
        return None
    return Following(next_due, str(rule.rest))


def _start(due: Due, zone: ZoneInfo, completed: datetime | None) -> datetime | None:
    clock = _clock(due, zone)
    if completed is None:
        return clock
    day = completed.astimezone(zone).date()
    return datetime.combine(day, clock.time() if clock else time.min)


def _instant(wall: datetime, zone: ZoneInfo) -> Due | None:
    """RFC 5545, 3.3.5: the first of two; with the offset of before where the clocks skip it."""
    try:
        at = wall.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return None
    is_skipped = at.astimezone(zone).replace(tzinfo=None) != wall
    return Due(at=at, wall=wall if is_skipped else None)


def _is_over(rule: Rule, due: Due, wall: datetime, zone: ZoneInfo) -> bool:
    until = rule.until
    if until is None:
        return False
    if not isinstance(until, datetime):
        return wall.date() > until
    if until.tzinfo is None:
        return wall.date() > until.date() if due.at is None else wall > until
    if due.at is None:
        return wall.date() > until.astimezone(zone).date()
    return due.at > until
