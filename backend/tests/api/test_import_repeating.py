"""How a task repeats comes in from other programs' calendars."""

import pytest

from backend.tests.support.api import Api

RRULES = {
    "DUE;TZID=Europe/Berlin:20261130T090000\r\nRRULE:FREQ=WEEKLY;BYDAY=WE,MO": (
        *("FREQ=WEEKLY;BYDAY=MO,WE", "Europe/Berlin"),
    ),
    "DUE;VALUE=DATE:20261130\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1": (
        *("FREQ=MONTHLY;BYMONTHDAY=-1", None),
    ),
    "DUE:20261130T090000Z\r\nRRULE:FREQ=HOURLY": (None, None),
    "DUE:20261130T090000Z\r\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30": (None, None),
}


@pytest.mark.requirement("FR-70", "FR-52")
@pytest.mark.parametrize("lines", RRULES)
def test_a_rule_comes_in_with_the_zone_of_its_due_or_is_reported(api: Api, lines: str) -> None:
    todo = f"BEGIN:VTODO\r\nUID:a\r\nSUMMARY:x\r\n{lines}\r\nEND:VTODO"
    file = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{todo}\r\nEND:VCALENDAR\r\n"
    url = api.surface.under(api.owner, "import", "format=ics")
    report = api.client.post(url, content=file, headers={"Content-Type": "text/calendar"})
    assert report.status_code == 200, report.text
    [task] = api.list().json()
    assert (task["repeat"], task["repeat_zone"]) == RRULES[lines]
    reported = {one["what"] for one in report.json()["not_carried_over"]}
    assert ("repeat" in reported) == (task["repeat"] is None)
