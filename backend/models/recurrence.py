"""Recurrence rules (RFC 5545, 3.3.10): those that a task can have, and the one spelling of each."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_INTERVAL = 10_000
MAX_COUNT = 1_000_000
MAX_ORDINAL = 53

Until = date | datetime
"""A day, an instant, or, without a zone, a time on the wall clock of the task."""

Day = tuple[int, int]
"""An ordinal, 0 for every one, and the number of a weekday."""

Numbers = tuple[int, ...]
_DAY = re.compile(rf"([+-]?[0-9]{{1,2}})?({'|'.join(WEEKDAYS)})")
_NUMBER = re.compile(r"[+-]?[0-9]{1,7}")
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?")
_TIMES = {"BYHOUR", "BYMINUTE", "BYSECOND"}


class InvalidRuleError(ValueError):
    """No rule that a task can have; the message says why, and repeats nothing of it."""


@dataclass(frozen=True)
class Rule:
    """A rule. What is empty, or None, was not given."""

    freq: str
    until: Until | None = None
    count: int | None = None
    interval: int = 1
    by_month: Numbers = ()
    by_week_no: Numbers = ()
    by_year_day: Numbers = ()
    by_month_day: Numbers = ()
    by_day: tuple[Day, ...] = ()
    by_set_pos: Numbers = ()
    wkst: int = 0

    def __str__(self) -> str:
        """The one spelling: in this order, lists sorted, without what is so by default."""
        parts = {
            "FREQ": self.freq,
            "UNTIL": _told_until(self.until),
            "COUNT": str(self.count or ""),
            "INTERVAL": str(self.interval) if self.interval > 1 else "",
            **{name: ",".join(map(str, getattr(self, field))) for name, field in _LISTS.items()},
            "BYDAY": ",".join(f"{nth or ''}{WEEKDAYS[day]}" for nth, day in self.by_day),
            "BYSETPOS": ",".join(map(str, self.by_set_pos)),
            "WKST": WEEKDAYS[self.wkst] if self.wkst else "",
        }
        return ";".join(f"{name}={value}" for name, value in parts.items() if value)

    @property
    def rest(self) -> "Rule":
        """That of the next task: one of COUNT is used up."""
        return replace(self, count=self.count - 1) if self.count else self


_LISTS = {
    "BYMONTH": "by_month",
    "BYWEEKNO": "by_week_no",
    "BYYEARDAY": "by_year_day",
    "BYMONTHDAY": "by_month_day",
}


def _told_until(until: Until | None) -> str:
    if until is None:
        return ""
    if not isinstance(until, datetime):
        return f"{until:%Y%m%d}".zfill(8)
    return f"{until:%Y%m%dT%H%M%S}".zfill(15) + ("Z" if until.tzinfo else "")


@lru_cache(maxsize=1024)
def parsed(text: str) -> Rule:
    """A rule in any spelling of the RFC, with `RRULE:` before it or not.

    Raises InvalidRuleError for what is none, and for what no task can repeat by.
    """
    rule = Rule(**{_FIELDS[name][0]: value for name, value in _values(text).items()})
    _require_sense(rule)
    return rule


def _values(text: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for part in text.upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name in _TIMES:
            raise InvalidRuleError("must not have hours, minutes or seconds: a day has one time")
        if name not in _FIELDS or name in given:
            raise InvalidRuleError(f"must have parts like FREQ=DAILY, each once: {_KNOWN}")
        given[name] = _FIELDS[name][1](name, value)
    if "FREQ" not in given:
        raise InvalidRuleError("must have a FREQ")
    return given


def _freq(name: str, value: str) -> str:
    if value not in FREQUENCIES:
        raise InvalidRuleError("must have a FREQ of YEARLY, MONTHLY, WEEKLY or DAILY")
    return value


def _until(name: str, value: str) -> Until:
    moment = None
    if _UNTIL.fullmatch(value):
        form = "%Y%m%dT%H%M%S" if "T" in value else "%Y%m%d"
        with suppress(ValueError):
            moment = datetime.strptime(value.removesuffix("Z"), form)  # noqa: DTZ007
    if moment is None:
        raise InvalidRuleError("must have an UNTIL like 20261231 or 20261231T090000Z")
    if "T" not in value:
        return moment.date()
    return moment.replace(tzinfo=UTC) if value.endswith("Z") else moment


def _number(name: str, value: str, lowest: int, highest: int) -> int:
    number = int(value) if _NUMBER.fullmatch(value) else 0
    if not number or not lowest <= number <= highest:
        bounds = f"{lowest} to {highest}" + (", not 0" if lowest < 0 else "")
        raise InvalidRuleError(f"must have whole numbers from {bounds} in {name}")
    return number


def _one(highest: int) -> Callable[[str, str], int]:
    return lambda name, value: _number(name, value, 1, highest)


def _some(lowest: int, highest: int) -> Callable[[str, str], Numbers]:
    def numbers(name: str, value: str) -> Numbers:
        found = {_number(name, one, lowest, highest) for one in value.split(",")}
        return tuple(sorted(found))

    return numbers


def _days(name: str, value: str) -> tuple[Day, ...]:
    return tuple(sorted({_day(one) for one in value.split(",")}))


def _day(text: str) -> Day:
    found = _DAY.fullmatch(text)
    if not found or (found[1] and not 1 <= abs(int(found[1])) <= MAX_ORDINAL):
        raise InvalidRuleError("must have weekdays like MO, 2TU or -1FR in BYDAY")
    return int(found[1] or 0), WEEKDAYS.index(found[2])


def _wkst(name: str, value: str) -> int:
    if value not in WEEKDAYS:
        raise InvalidRuleError("must have a weekday like MO in WKST")
    return WEEKDAYS.index(value)


_FIELDS: dict[str, tuple[str, Callable[[str, str], object]]] = {
    "FREQ": ("freq", _freq),
    "UNTIL": ("until", _until),
    "COUNT": ("count", _one(MAX_COUNT)),
    "INTERVAL": ("interval", _one(MAX_INTERVAL)),
    "BYMONTH": ("by_month", _some(1, 12)),
    "BYWEEKNO": ("by_week_no", _some(-53, 53)),
    "BYYEARDAY": ("by_year_day", _some(-366, 366)),
    "BYMONTHDAY": ("by_month_day", _some(-31, 31)),
    "BYDAY": ("by_day", _days),
    "BYSETPOS": ("by_set_pos", _some(-366, 366)),
    "WKST": ("wkst", _wkst),
}
_KNOWN = ", ".join(_FIELDS)


def _require_sense(rule: Rule) -> None:
    """What RFC 5545, 3.3.10, forbids together."""
    ordinals = [abs(nth) for nth, _ in rule.by_day if nth]
    has_months = rule.freq == "MONTHLY" or bool(rule.by_month)
    is_long = rule.freq in {"YEARLY", "MONTHLY"}
    others = (rule.by_month, rule.by_week_no, rule.by_year_day, rule.by_month_day, rule.by_day)
    wrong = {
        "must not have both COUNT and UNTIL": rule.count and rule.until,
        "must be YEARLY to have BYWEEKNO or BYYEARDAY": (
            rule.freq != "YEARLY" and (rule.by_week_no or rule.by_year_day)
        ),
        "must not be WEEKLY and have BYMONTHDAY": rule.freq == "WEEKLY" and rule.by_month_day,
        "must be MONTHLY or YEARLY, without BYWEEKNO, to number weekdays in BYDAY": (
            ordinals and (not is_long or rule.by_week_no)
        ),
        "must number weekdays of a month in BYDAY from 1 to 5": (
            has_months and max(ordinals, default=0) > 5
        ),
        "must have another BY… beside BYSETPOS": rule.by_set_pos and not any(others),
    }
    for message, is_wrong in wrong.items():
        if is_wrong:
            raise InvalidRuleError(message)
