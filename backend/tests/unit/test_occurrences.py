"""When a task is due again: RFC 5545's own examples, ends of months, and changes of the clocks."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.models.occurrences import Due, following, occurs
from backend.models.recurrence import InvalidRuleError, parsed
from backend.tests.support.rfc_5545 import OF_THE_RFC, OTHERS
from backend.tests.support.rules import rules_of

NEW_YORK = "America/New_York"


def listed(text: str) -> list[date]:
    """Each day has its end, and the rest of the one before."""
    found: list[str] = []
    for one in text.split():
        if one != ".":
            found.append((found[-1] if found else "")[: 8 - len(one)] + one)
    return [datetime.strptime(one, "%Y%m%d").date() for one in found]  # noqa: DTZ007


def nine(day: date, zone: str = NEW_YORK) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.requirement("FR-70")
@pytest.mark.parametrize("rule", [*OF_THE_RFC, *OTHERS])
def test_a_task_is_due_again_when_the_rfc_says(rule: str) -> None:
    text = {**OF_THE_RFC, **OTHERS}[rule]
    expected = listed(text)
    repeat, at, found = str(parsed(rule)), Due(at=nine(expected[0])), [expected[0]]
    of_days, day = repeat, Due(day=expected[0])
    while len(found) < len(expected) + text.endswith("."):
        after = following(repeat, at, NEW_YORK)
        as_day = following(of_days, day, NEW_YORK)
        if after is None:
            assert as_day is None or rule.endswith("085959")  # a day has no time
            break
        assert as_day is not None
        (at, repeat), (day, of_days) = after, as_day
        assert at.at is not None
        local = at.at.astimezone(ZoneInfo(NEW_YORK))
        assert (local.hour, local.minute, local.date()) == (9, 0, day.day)
        found.append(local.date())
    assert found == expected


CLOCKS = {
    "09:00 stays 09:00": ("2026-03-28T09:00", "2026-03-29T07:00Z", "2026-03-30T07:00Z"),
    "skipped: the offset of before": ("2026-03-28T02:30", "2026-03-29T01:30Z", "2026-03-30T00:30Z"),
    "twice: the first": ("2026-10-24T02:30", "2026-10-25T00:30Z", "2026-10-26T01:30Z"),
}


@pytest.mark.requirement("FR-70")
@pytest.mark.parametrize("case", CLOCKS)
def test_the_clock_on_the_wall_counts_where_clocks_change(case: str) -> None:
    """RFC 5545, 3.3.5; and a time that was skipped once is not lost for the days after."""
    begin, *expected = CLOCKS[case]
    berlin = ZoneInfo("Europe/Berlin")
    due = Due(at=datetime.fromisoformat(begin).replace(tzinfo=berlin).astimezone(UTC))
    for moment in expected:
        after = following("FREQ=DAILY", due, "Europe/Berlin")
        assert after is not None
        due = after.due
        assert due.at == datetime.fromisoformat(moment)


@pytest.mark.requirement("FR-70")
def test_a_skipped_time_is_forgotten_where_the_due_is_another_by_now() -> None:
    wall = datetime(2026, 3, 29, 2, 30)  # noqa: DTZ001
    other = Due(at=datetime(2026, 3, 29, 10, tzinfo=UTC), wall=wall)
    after = following("FREQ=DAILY", other, "Europe/Berlin")
    assert after is not None
    assert after.due.at == datetime(2026, 3, 30, 10, tzinfo=UTC)


@pytest.mark.requirement("FR-70")
def test_from_completion_the_day_counts_and_the_time_of_the_due_stays() -> None:
    done = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # the first of December in Berlin
    for due, zone, expected in (
        (Due(day=date(2026, 11, 1)), None, Due(day=date(2026, 12, 5))),
        (Due(day=date(2026, 11, 1)), "Europe/Berlin", Due(day=date(2026, 12, 6))),
        (Due(), "Europe/Berlin", Due(day=date(2026, 12, 6))),
        (Due(at=nine(date(2026, 11, 1), "Europe/Berlin")), "Europe/Berlin",
         Due(at=datetime(2026, 12, 6, 8, tzinfo=UTC))),
    ):  # fmt: skip
        after = following("FREQ=DAILY;INTERVAL=5", due, zone, done)
        assert after is not None
        assert after.due == expected


APIA = {  # which left out the 30th of December 2011
    "a day that the clocks skip, once": (
        "FREQ=DAILY", "2011-12-28T09:00-10:00",
        ("2011-12-29T19:00Z", "2011-12-30T19:00Z", "2011-12-31T19:00Z"),
    ),
    "and no other for it": (
        "FREQ=WEEKLY;BYDAY=FR", "2011-12-23T09:00-10:00",
        ("2011-12-30T19:00Z", "2012-01-05T19:00Z"),
    ),
    "COUNT counts it once": ("FREQ=DAILY;COUNT=3", "2011-12-29T09:00-10:00", ("2011-12-30T19:00Z",
        "2011-12-31T19:00Z")),
}  # fmt: skip


@pytest.mark.requirement("FR-70")
@pytest.mark.parametrize("case", APIA)
def test_a_day_that_a_zone_leaves_out_gives_each_occurrence_once(case: str) -> None:
    repeat, begin, expected = APIA[case]
    due, found = Due(at=datetime.fromisoformat(begin)), list[datetime | None]()
    while (after := following(repeat, due, "Pacific/Apia")) and len(found) < len(expected):
        due, repeat = after
        found.append(due.at)
    assert found == [datetime.fromisoformat(moment) for moment in expected]
    assert after is None or "COUNT" not in repeat
    day = following("FREQ=DAILY", Due(day=date(2011, 12, 29)), "Pacific/Apia")
    assert day is not None
    assert day.due.day == date(2011, 12, 30)  # a day stays one, whatever the clocks do


@pytest.mark.requirement("FR-70")
@pytest.mark.parametrize("until", ["20261201T090000Z", "20261201T090000", "20261201"])
def test_until_holds_the_whole_second_that_it_names(until: str) -> None:
    for second, is_last in ((0, False), (1, True)):
        due = Due(at=datetime(2026, 11, 30, 9, 0, second, 999_999, tzinfo=UTC))
        after = following(f"FREQ=DAILY;UNTIL={until}", due, None)
        assert (after is None) == (is_last and until != "20261201")


REFUSED = (
    *("", "x", "FREQ", "FREQ=", "FREQ=HOURLY", "FREQ=SECONDLY", "INTERVAL=2", "FREQ=DAILY;"),
    *("FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;BYMINUTE=1", "FREQ=DAILY;X=1"),
    *("FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=1000000000"),
    *("FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=99999999", "FREQ=DAILY;COUNT=1;UNTIL=20261231"),
    *("FREQ=DAILY;UNTIL=2026-12-31", "FREQ=DAILY;UNTIL=20261331", "FREQ=DAILY;UNTIL=20261231T24"),
    *("FREQ=DAILY;UNTIL=20261231Z", "FREQ=DAILY;UNTIL=١٢٣٤١٢٣١", "FREQ=DAILY;BYMONTH=13"),
    *(
        "FREQ=DAILY;BYMONTH=0",
        "FREQ=DAILY;BYMONTH=",
        "FREQ=DAILY;BYMONTH=1,,2",
        "FREQ=DAILY;WKST=X",
    ),
    *("FREQ=DAILY;BYDAY=1MO", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYMONTHDAY=1", "FREQ=DAILY "),
    *("FREQ=MONTHLY;BYWEEKNO=1", "FREQ=MONTHLY;BYYEARDAY=1", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO"),
    *("FREQ=MONTHLY;BYDAY=6MO", "FREQ=YEARLY;BYDAY=54MO", "FREQ=YEARLY;BYDAY=0MO", "FREQ=DAILY\n"),
    *("FREQ=MONTHLY;BYDAY=MON", "FREQ=DAILY;BYSETPOS=1", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367"),
    *("FREQ=YEARLY;BYEASTER=1", "DTSTART:20261201\nRRULE:FREQ=DAILY", "FREQ=DAILY;BYMONTHDAY=1.0"),
)
SPELLED = {
    "rrule:freq=weekly;byday=we,mo,mo;interval=1;wkst=mo": "FREQ=WEEKLY;BYDAY=MO,WE",
    "INTERVAL=02;FREQ=DAILY;COUNT=007": "FREQ=DAILY;COUNT=7;INTERVAL=2",
    "FREQ=MONTHLY;BYDAY=+1MO,-1FR;BYMONTHDAY=-1,+3,3": "FREQ=MONTHLY;"
    "BYMONTHDAY=-1,3;BYDAY=-1FR,1MO",
    "FREQ=DAILY;UNTIL=20261231t090000z": "FREQ=DAILY;UNTIL=20261231T090000Z",
    "FREQ=DAILY;UNTIL=00010101": "FREQ=DAILY;UNTIL=00010101",
    "FREQ=DAILY;UNTIL=00010101T000000": "FREQ=DAILY;UNTIL=00010101T000000",
    "FREQ=YEARLY;WKST=SU;BYSETPOS=2,-1;BYWEEKNO=20,1": "FREQ=YEARLY;BYWEEKNO=1,20;BYSETPOS=-1,2;"
    "WKST=SU",
}


@pytest.mark.requirement("FR-70")
@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_rule_for_a_task_is_refused(text: str) -> None:
    with pytest.raises(InvalidRuleError):
        parsed(text)


@pytest.mark.requirement("FR-70")
@pytest.mark.parametrize("text", SPELLED)
def test_a_rule_has_one_spelling(text: str) -> None:
    assert str(parsed(text)) == SPELLED[text]
    assert str(parsed(SPELLED[text])) == SPELLED[text]


def lists(highest: int) -> st.SearchStrategy[str]:
    numbers = st.integers(-highest, highest).filter(bool) | st.integers(1, highest)
    return st.lists(numbers, min_size=1, max_size=3).map(lambda found: ",".join(map(str, found)))


PARTS = {
    "INTERVAL": st.sampled_from(("1", "2", "3", "7", "12", "10000")),
    "COUNT": st.sampled_from(("1", "2", "1000000")),
    "BYMONTH": lists(12),
    "BYMONTHDAY": lists(31),
    "BYYEARDAY": lists(366),
    "BYWEEKNO": lists(53),
    "BYDAY": st.sampled_from(("MO", "TU,FR", "1MO", "-1FR", "5MO,2TU", "53SU")),
    "BYSETPOS": lists(5),
    "WKST": st.sampled_from(("MO", "SU")),
}
rules = rules_of(PARTS)


@pytest.mark.requirement("FR-70", "NFR-58")
@settings(max_examples=150, deadline=None, database=None)
@given(rules, st.dates(date(1, 1, 1)))
def test_any_rule_is_refused_or_goes_on_and_ends(text: str, day: date) -> None:
    try:
        rule = parsed(text)
    except InvalidRuleError:
        return
    assert parsed(str(rule)) == rule
    if not occurs(rule):
        return
    after = following(str(rule), Due(day=day), None)
    if after is not None:
        assert after.due.day is not None
        assert after.due.day > day
        assert (rule.count or 0) - 1 == (parsed(after.repeat).count or -1 + bool(rule.count))
