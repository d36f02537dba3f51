"""How tasks repeat in other programs: what of it becomes a rule here, and what is reported."""

import json
from typing import Any

import pytest

from backend.tests.support.files import left_out, records, shown

pytestmark = pytest.mark.requirement("FR-77")


@pytest.mark.parametrize(
    ("rule", "due", "zone", "repeat"),
    [
        ("RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO", "2026-12-01T09:30:00+0000", "UTC", True),
        ("RRULE:FREQ=DAILY;INTERVAL=1;TT_SKIP=WEEKEND", "2026-12-01T09:30:00+0000", "UTC", False),
        ("ERULE:NAME=CUSTOM;BYDATE=20261201", "2026-12-01T09:30:00+0000", "UTC", False),
        ("FREQ=DAILY", "", "UTC", False),
        ("FREQ=DAILY", "2026-12-01T09:30:00+0000", "Nowhere", False),
    ],
)
def test_a_rule_of_ticktick_that_a_task_can_have_is_carried(
    rule: str, due: str, zone: str, repeat: bool
) -> None:
    file = f'Title,List Name,Repeat,Due Date,Timezone\na,b,"{rule}",{due},{zone}\n'
    [record] = records("ticktick", file)
    assert record.values["repeat"] == ("FREQ=WEEKLY;BYDAY=MO" if repeat else None)
    assert left_out("ticktick", file).keys() == (set() if repeat else {"repeat"})


PATTERN = "20261101T090000Z"


def instance(uuid: str, due: str, **more: Any) -> dict[str, Any]:
    known = {"uuid": uuid, "description": uuid, "status": "pending", "recur": "weekly"}
    return {**known, "parent": "p", "due": due, **more}


@pytest.mark.parametrize("backwards", [False, True])
def test_of_the_instances_of_taskwarrior_the_last_open_one_repeats(backwards: bool) -> None:
    pattern = {"uuid": "p", "description": "x", "status": "recurring", "recur": "weekly"}
    tasks = [
        {**pattern, "due": PATTERN, "mask": "+--"},
        instance("done", PATTERN, status="completed", end="20261102T090000Z"),
        instance("late", "20261108T090000Z"),
        instance("next", "20261115T090000Z", status="waiting"),
        {**pattern, "uuid": "alone"},
        instance("torn", "20261108T090000Z", parent=None),
    ]
    file = json.dumps(tasks[::-1] if backwards else tasks).replace("}, {", "},\n{")
    found = {one.uid: shown(one) for one in records("taskwarrior", file, "Europe/Berlin")}
    assert found.keys() == {"done", "late", "next", "torn"}
    rules = {uid: task.get("repeat") for uid, task in found.items()}
    assert rules == {"done": None, "late": None, "next": "FREQ=WEEKLY", "torn": None}
    assert (found["next"]["repeat_from"], found["next"]["repeat_zone"]) == ("due", "Europe/Berlin")
    lines = ([4, 6], [1, 2]) if backwards else ([1, 3], [5, 6])
    told = dict(zip(("pattern", "repeat"), lines, strict=True))
    assert left_out("taskwarrior", file) == told


SPANS = {
    **dict.fromkeys(("daily", "day", "1d", "P1D"), "FREQ=DAILY"),
    "weekdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    **dict.fromkeys(("biweekly", "fortnight", "2wks", "2weeks", "P2W"), "FREQ=WEEKLY;INTERVAL=2"),
    **dict.fromkeys(("monthly", "P1M", "1m"), "FREQ=MONTHLY"),
    **dict.fromkeys(("quarterly", "P3M"), "FREQ=MONTHLY;INTERVAL=3"),
    **dict.fromkeys(("yearly", "annual"), "FREQ=YEARLY"),
    "3days": "FREQ=DAILY;INTERVAL=3",
    "Semiannual": "FREQ=MONTHLY;INTERVAL=6",
    **dict.fromkeys(("6mo", "2yrs", "PT1H", "0d", "99999d", "now", "3ms"), None),
}


def rule_of(**more: Any) -> Any:
    file = json.dumps(instance("a", **{"due": "20261128T090000Z", **more}))
    [record] = records("taskwarrior", file)
    assert ("repeat" in left_out("taskwarrior", file)) == (record.values["repeat"] is None)
    return record.values["repeat"], record.values["repeat_from"]


def test_a_span_of_taskwarrior_is_a_rule_where_that_says_the_same() -> None:
    for recur, rule in SPANS.items():
        assert rule_of(recur=recur) == (rule, "due"), recur
        in_short_months = rule_of(recur=recur, due="20261130T090000Z")[0]
        assert in_short_months == (None if rule and rule[5] in "MY" else rule)
    assert rule_of(rtype="chained") == ("FREQ=WEEKLY", "completion")
    for more in ({"until": "20270101T000000Z"}, {"rtype": "odd"}, {"due": ""}):
        assert rule_of(**more)[0] is None


def test_a_plain_interval_of_todo_txt_is_a_rule() -> None:
    for word, rule in {
        "rec:1w": ("FREQ=WEEKLY", "completion"),
        "rec:+10d": ("FREQ=DAILY;INTERVAL=10", "due"),
        "rec:+3m": ("FREQ=MONTHLY;INTERVAL=3", "due"),
        "rec:1y": ("FREQ=YEARLY", "completion"),
    }.items():
        [record] = records("todotxt", f"Water {word} due:2026-12-01", "Europe/Berlin")
        assert (record.values["repeat"], record.values["repeat_from"]) == rule
        assert (record.values["repeat_zone"], record.values["title"]) == ("Europe/Berlin", "Water")
    for word in ("rec:1b", "rec:w", "rec:0d", "rec:99999y"):
        assert left_out("todotxt", f"Water {word}") == {"repeat": [1]}
        assert "repeat" not in records("todotxt", f"Water {word}")[0].values
