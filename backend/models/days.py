"""The days on which a rule occurs (RFC 5545, 3.3.10), found by arithmetic and within a bound.

A year is a number with a bit for each day, and what a rule asks for are masks over it.
"""

from calendar import isleap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import MAXYEAR, date
from functools import lru_cache, reduce
from itertools import accumulate
from operator import or_
from typing import NamedTuple

from backend.models.recurrence import Numbers, Rule

MAX_YEARS = 12
"""Years that are searched for the next occurrence; those between two intervals do not count."""

_LAST = date.max.toordinal()
_DAYS = range(1, 32)
Period = tuple[int, Iterable[int]]
"""A year, and days of it in order, as ordinals."""


class TooFarError(Exception):
    """No occurrence in all the years that are searched."""


def first_day(rule: Rule, start: date, earliest: int) -> date | None:
    """The first from an ordinal on of those that begin with `start`; None if the calendar ends.

    Whatever COUNT and UNTIL say. Raises TooFarError.
    """
    left, last = MAX_YEARS + 1, start.year
    whole = _whole(rule, start)
    for year, found in _PERIODS[rule.freq](whole, start):
        left, last = left - (year != last), year
        if not left:
            raise TooFarError
        for day in found:
            if earliest <= day <= _LAST:
                return date.fromordinal(day)
    return None


def most_in_a_period(rule: Rule) -> int:
    """How many days of a rule there can be in one of its days, weeks, months or years."""
    return {"DAILY": 1, "WEEKLY": len(rule.by_day) or 1, "MONTHLY": 31}.get(rule.freq, 366)


def _whole(rule: Rule, start: date) -> Rule:
    """What a rule does not say, its start says."""
    on_its_weekday = replace(rule, by_day=rule.by_day or ((0, start.weekday()),))
    if rule.freq == "WEEKLY" or rule.by_week_no:
        return on_its_weekday
    if rule.freq == "DAILY" or rule.by_day or rule.by_month_day or rule.by_year_day:
        return rule
    months = rule.by_month or (start.month,)
    is_yearly = rule.freq == "YEARLY"
    return replace(rule, by_month=months if is_yearly else rule.by_month, by_month_day=(start.day,))


def _years(rule: Rule, start: date) -> Iterator[Period]:
    for year in range(start.year, MAXYEAR + 1, rule.interval):
        yield year, _chosen(_mask(rule, year), year, rule, start)


def _months(rule: Rule, start: date) -> Iterator[Period]:
    masked = mask = 0
    for number in range(start.year * 12 + start.month - 1, MAXYEAR * 12 + 12, rule.interval):
        year, month = divmod(number, 12)
        if year != masked:
            masked, mask = year, _mask(rule, year)
        yield year, _chosen(mask & _kind_of(year).months[month], year, rule, start)


def _weeks(rule: Rule, start: date) -> Iterator[Period]:
    """A week may end in another year than it begins in, and the calendar within a week."""
    places = sorted((day - rule.wkst) % 7 for _, day in rule.by_day)
    first = start.toordinal() - (start.weekday() - rule.wkst) % 7
    for week in range(first, _LAST + 1, 7 * rule.interval):
        found = [week + place for place in places if 0 < week + place <= _LAST]
        if rule.by_month:
            found = [day for day in found if date.fromordinal(day).month in rule.by_month]
        yield date.fromordinal(max(week, 1)).year, _placed(found, rule.by_set_pos)


def _single_days(rule: Rule, start: date) -> Iterator[Period]:
    """Of each year in which the interval has any day: it may jump over years."""
    first = day = start.toordinal()
    each = replace(rule, by_set_pos=())  # of one day, the first is the last
    while day <= _LAST:
        year = date.fromordinal(day).year
        found = _chosen(_mask(rule, year), year, each, start)
        yield year, (one for one in found if not (one - first) % rule.interval)
        rest = _new_year(year + 1) - day
        day += -(-rest // rule.interval) * rule.interval


_PERIODS: dict[str, Callable[[Rule, date], Iterator[Period]]] = {
    "YEARLY": _years,
    "MONTHLY": _months,
    "WEEKLY": _weeks,
    "DAILY": _single_days,
}


def _chosen(mask: int, year: int, rule: Rule, start: date) -> Iterable[int]:
    """The days of a mask from `start` on, or those places among all of them that the rule names."""
    first = _new_year(year)
    if not rule.by_set_pos:
        return _listed(mask & -1 << max(0, start.toordinal() - first), first)
    if min(map(abs, rule.by_set_pos)) > mask.bit_count():
        return ()
    return _placed([*_listed(mask, first)], rule.by_set_pos)


def _listed(mask: int, first: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield first + lowest.bit_length() - 1
        mask ^= lowest


def _placed(found: list[int], places: Numbers) -> list[int]:
    if not places:
        return found
    there = (place - (place > 0) for place in places if abs(place) <= len(found))
    return sorted({found[place] for place in there})


class _Kind(NamedTuple):
    """A year by its masks; there are fourteen kinds. `month_days`: from 1 on, and from the end."""

    length: int
    months: tuple[int, ...]
    month_days: dict[int, int]
    weekdays: tuple[int, ...]


@lru_cache
def _kind(weekday: int, *, is_leap: bool) -> _Kind:
    lengths = (31, 28 + is_leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    firsts = (0, *accumulate(lengths))
    months = [*zip(firsts, lengths, strict=False)]
    return _Kind(
        firsts[-1],
        tuple(_run(*month) for month in months),
        {
            **{n: _union(1 << f + n - 1 for f, size in months if n <= size) for n in _DAYS},
            **{-n: _union(1 << f + size - n for f, size in months if n <= size) for n in _DAYS},
        },
        tuple(
            _union(1 << day for day in range((one - weekday) % 7, firsts[-1], 7))
            for one in range(7)
        ),
    )


def _kind_of(year: int) -> _Kind:
    return _kind(_weekday(_new_year(year)), is_leap=isleap(year))


def _new_year(year: int) -> int:
    """Its first day, beyond the calendar as well."""
    before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400 + 1


def _weekday(day: int) -> int:
    return (day + 6) % 7


def _union(masks: Iterable[int]) -> int:
    return reduce(or_, masks, 0)


def _run(first: int, length: int) -> int:
    """So many days in a row; what is before the year falls away."""
    row = (1 << length) - 1
    return row << first if first >= 0 else row >> -first


def _mask(rule: Rule, year: int) -> int:
    """The days of a year on which the rule occurs, whatever its interval and BYSETPOS."""
    kind = _kind_of(year)
    mask = _run(0, kind.length)
    if rule.by_month:
        mask &= _union(kind.months[month - 1] for month in rule.by_month)
    if rule.by_week_no:
        mask &= _of_weeks(rule, year)
    if rule.by_year_day:
        places = (day - 1 if day > 0 else kind.length + day for day in rule.by_year_day)
        mask &= _union(_run(place, 1) for place in places)
    if rule.by_month_day:
        mask &= _union(kind.month_days[day] for day in rule.by_month_day)
    if rule.by_day:
        is_of_month = rule.freq == "MONTHLY" or bool(rule.by_month)
        nth_of = _nth_week_of_months if is_of_month else _nth_week_of_year
        mask &= _union(
            kind.weekdays[day] & (nth_of(kind, nth) if nth else -1) for nth, day in rule.by_day
        )
    return mask


def _nth_week_of_months(kind: _Kind, nth: int) -> int:
    """Seven days of each month, in which each weekday is the nth."""
    first = 7 * nth - 6 if nth > 0 else 7 * nth
    return _union(kind.month_days.get(day, 0) for day in range(first, first + 7))


def _nth_week_of_year(kind: _Kind, nth: int) -> int:
    return _run(7 * nth - 7 if nth > 0 else kind.length + 7 * nth, 7)


def _of_weeks(rule: Rule, year: int) -> int:
    """The days in numbered weeks; the first and the last may be of a year beside."""
    first, found = _new_year(year), 0
    for near in (year - 1, year, year + 1):
        begin, end = _first_week(near, rule.wkst), _first_week(near + 1, rule.wkst)
        for week in rule.by_week_no:
            day = begin + 7 * week - 7 if week > 0 else end + 7 * week
            if begin <= day < end:
                found |= _run(day - first, 7)
    return found


def _first_week(year: int, wkst: int) -> int:
    """Where the first week begins that has four days of the year at least."""
    first = _new_year(year)
    passed = (_weekday(first) - wkst) % 7
    return first - passed + (7 if passed > 3 else 0)
