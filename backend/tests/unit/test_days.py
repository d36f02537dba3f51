"""The days of a rule: by arithmetic, and by asking each day of some years whether it is one."""

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby, takewhile
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.models import days
from backend.models.days import MAX_YEARS
from backend.models.occurrences import Due, following, occurs, occurs_after
from backend.models.recurrence import InvalidRuleError, Rule, parsed
from backend.tests.support.rules import rules_of

pytestmark = pytest.mark.slow

BOMBS = (
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;BYMONTH=4,6,9,11;BYMONTHDAY=31",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
    "FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=2MO",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366;BYMONTH=1",
    "FREQ=YEARLY;BYMONTHDAY=29,30,31;BYMONTH=2;BYDAY=1MO",
    "FREQ=DAILY;BYDAY=MO;BYSETPOS=2",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTHDAY=15",
)
MISALIGNED = (
    ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", date(2026, 12, 1)),
    ("FREQ=DAILY;INTERVAL=9996;BYDAY=MO", date(2026, 12, 1)),
    ("FREQ=WEEKLY;INTERVAL=53;BYMONTH=1", date(2024, 2, 29)),
    ("FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", date(2025, 1, 1)),
    ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", date(2026, 1, 1)),
)


@pytest.mark.requirement("FR-70", "NFR-58")
def test_no_rule_is_searched_for_more_than_twelve_years(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the year that it begins in; a year is looked at once."""
    years: list[int] = []
    mask = days._mask

    def counted(rule: Rule, year: int) -> int:
        years.append(year)
        return mask(rule, year)

    monkeypatch.setattr(days, "_mask", counted)
    assert [rule for rule in BOMBS if occurs(parsed(rule))] == []
    assert occurs_after("FREQ=DAILY", Due(day=date(9999, 12, 31)), None)
    assert [rule for rule, day in MISALIGNED if occurs_after(rule, Due(day=day), None)] == []
    assert 50 < len(years) <= len(BOMBS + MISALIGNED) * (MAX_YEARS + 1)


@pytest.mark.requirement("NFR-58")
def test_twelve_years_after_that_of_the_due_are_searched() -> None:
    """The leap days on a Monday are those of 2016 and 2044; 2100 is no leap year."""
    monday = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"
    every_other = monday.replace(";", ";INTERVAL=2;", 1)
    for repeat, due, expected in (
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", date(2096, 2, 29), date(2104, 2, 29)),
        (monday, date(2012, 1, 1), date(2016, 2, 29)),
        (monday, date(2032, 12, 31), date(2044, 2, 29)),
        (monday, date(2031, 12, 31), None),
        (every_other, date(2020, 1, 1), date(2044, 2, 29)),  # what is jumped over does not count
    ):
        after = following(repeat, Due(day=due), None)
        assert (after and after.due.day) == expected


def numbers(highest: int) -> st.SearchStrategy[str]:
    some = st.integers(-highest, highest).filter(bool) | st.integers(1, min(highest, 4))
    return st.lists(some, min_size=1, max_size=4).map(lambda found: ",".join(map(str, found)))


PARTS = {
    "INTERVAL": st.sampled_from(("2", "3", "7")),
    "BYMONTH": st.sampled_from(("1", "2,12", "3,4,5,6,7,8,9")),
    "BYMONTHDAY": numbers(31),
    "BYYEARDAY": numbers(366),
    "BYWEEKNO": st.sampled_from(("1", "53", "-1,20", "52,-52", "-53")),
    "BYDAY": st.sampled_from(("MO", "TU,FR,SA", "MO,2TU", "-1FR", "5MO,2TU", "53SU,-52MO")),
    "BYSETPOS": numbers(5),
    "WKST": st.sampled_from(("WE", "SU")),
}
rules = rules_of(PARTS)


def is_valid(text: str) -> bool:
    try:
        parsed(text)
    except InvalidRuleError:
        return False
    return True


on_any_rule = given(rules.filter(is_valid), st.dates(date(1896, 1, 1), date(2108, 1, 1)))


def nth(place: int, length: int) -> set[int]:
    """A place from the beginning, 1 for the first, and as it is counted from the end."""
    return {place, place - length - 1}


def week_start(rule: Rule, day: date) -> date:
    return day - timedelta((day.weekday() - rule.wkst) % 7)


def weeks(rule: Rule, day: date) -> set[int]:
    """A week is of the year in which its fourth day lies."""
    fourth = week_start(rule, day) + timedelta(3)
    place = (fourth.timetuple().tm_yday - 1) // 7 + 1
    return nth(place, place + (date(fourth.year, 12, 31) - fourth).days // 7)


def weekdays(rule: Rule, day: date) -> set[tuple[int, int]]:
    """With its number in the month, or in the year, from both ends; 0 for any."""
    is_of_month = rule.freq == "MONTHLY" or rule.by_month
    length = monthrange(day.year, day.month)[1] if is_of_month else 365 + isleap(day.year)
    place = day.day if is_of_month else day.timetuple().tm_yday
    ordinals = {0, (place - 1) // 7 + 1, -((length - place) // 7 + 1)}
    return {(ordinal, day.weekday()) for ordinal in ordinals}


def is_day_of(rule: Rule, day: date) -> bool:
    length = 365 + isleap(day.year)
    parts: tuple[tuple[tuple[object, ...], set[Any]], ...] = (
        (rule.by_month, {day.month}),
        (rule.by_week_no, weeks(rule, day)),
        (rule.by_year_day, nth(day.timetuple().tm_yday, length)),
        (rule.by_month_day, nth(day.day, monthrange(day.year, day.month)[1])),
        (rule.by_day, weekdays(rule, day)),
    )
    return all(not asked or not there.isdisjoint(asked) for asked, there in parts)


def period(rule: Rule, day: date) -> int:
    week = week_start(rule, day).toordinal() // 7
    numbers = {"YEARLY": day.year, "MONTHLY": day.year * 12 + day.month, "WEEKLY": week}
    return numbers.get(rule.freq, day.toordinal())


def by_asking(rule: Rule, start: date, end: date) -> Iterator[date]:
    first = date(start.year - 1, 1, 1)
    each = (first + timedelta(n) for n in range((end - first).days))
    for number, group in groupby(each, lambda day: period(rule, day)):
        if (number - period(rule, start)) % rule.interval:
            continue
        found = [day for day in group if is_day_of(rule, day)]
        for place, day in enumerate(found, 1):
            if not rule.by_set_pos or {*rule.by_set_pos} & nth(place, len(found)):
                yield day


def found_days(text: str, start: date, end: date) -> Iterator[date]:
    """What `days.py` finds from `start` to before `end`, or to where the search is given up."""
    rule, earliest = parsed(text), start.toordinal()
    while True:
        try:
            day = days.first_day(rule, start, earliest)
        except days.TooFarError:
            return
        if day is None or day >= end:
            return
        yield day
        earliest = day.toordinal() + 1


@pytest.mark.requirement("FR-70")
@settings(max_examples=100, deadline=None, database=None)
@on_any_rule
def test_the_days_found_are_those_that_are_days_of_the_rule(text: str, start: date) -> None:
    rule = days._whole(parsed(text), start)
    end = date(start.year + 4, 1, 1)
    expected = [day for day in by_asking(rule, start, end) if day >= start]
    assert (not occurs(rule) and expected == []) or [*found_days(text, start, end)] == expected


@pytest.mark.requirement("FR-70")
@settings(max_examples=100, deadline=None, database=None)
@on_any_rule
def test_dateutil_finds_the_same_days(text: str, start: date) -> None:
    """But for what it takes otherwise than RFC 5545 (specs/decisions/0125)."""
    rule = days._whole(parsed(text), start)
    is_mixed = len({ordinal == 0 for ordinal, _ in rule.by_day}) == 2
    if is_mixed or rule.by_week_no or not occurs(rule):
        return
    end = date(start.year + 4, 1, 1)
    theirs = rrulestr(f"{text};UNTIL={end:%Y%m%d}", dtstart=datetime.combine(start, time.min))
    expected = [*takewhile(lambda day: day < end, (moment.date() for moment in theirs))]
    assert [*found_days(text, start, end)] == expected
