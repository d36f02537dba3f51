"""Filters for what is late, untagged, without a tag, or was done since: alone and together."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Connection

from backend.queries import filters
from backend.tests.support.api import Api
from backend.tests.support.tags import tag_of

Find = Callable[..., list[str]]


def found(api: Api, **parameters: object) -> list[str]:
    response = api.list(urlencode(parameters, doseq=True))
    assert response.status_code == 200, response.text
    return [task["title"] for task in response.json()]


@pytest.fixture
def find(api: Api) -> Find:
    """The titles that a list with these parameters answers."""
    return partial(found, api)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the clock by which something is late."""

    def stand_at(moment: str) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return datetime.fromisoformat(moment).astimezone(tz)

        monkeypatch.setattr(filters, "datetime", Clock)

    return stand_at


@pytest.mark.requirement("FR-40")
def test_overdue_finds_open_tasks_whose_instant_has_passed(
    api: Api, find: Find, at: Callable[[str], None]
) -> None:
    contents: dict[str, dict[str, object]] = {
        "late": {"due_at": "2026-11-21T07:59:59.999999Z"},
        "now": {"due_at": "2026-11-21T08:00:00Z"},
        "done": {"due_at": "2026-11-01T08:00:00Z", "completed": True},
        "never": {},
    }
    for title, content in contents.items():
        api.made(title=title, **content)
    at("2026-11-21T08:00:00+00:00")
    assert find(overdue="true") == ["late"]
    assert find(overdue="false") == ["now", "done", "never"]
    at("2026-11-21T08:00:00.000001+00:00")
    assert find(overdue="true") == ["late", "now"]


@pytest.mark.requirement("FR-40")
@pytest.mark.parametrize(
    ("zone", "days"),
    [("UTC", 1), ("Pacific/Kiritimati", 2), ("Pacific/Pago_Pago", 1), ("America/New_York", 1)],
)
def test_a_day_is_overdue_when_it_has_passed_in_the_zone(
    api: Api, find: Find, at: Callable[[str], None], zone: str, days: int
) -> None:
    for day in ("20", "21", "22"):
        api.made(title=day, due_date=f"2026-11-{day}")
    at("2026-11-21T12:00:00+00:00")
    assert find(overdue="true", time_zone=zone) == ["20", "21", "22"][:days]


@pytest.mark.requirement("FR-40", "FR-17")
def test_a_list_that_time_changes_has_no_tag_and_is_always_read(api: Api) -> None:
    task = api.made()
    known = {"If-None-Match": tag_of(task["revision"])}
    assert api.list("", known).status_code == 304
    answer = api.list("overdue=false", known)
    assert (answer.status_code, len(answer.json())) == (200, 1)
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert api.list("overdue=false", {"If-None-Match": "*"}).status_code == 200
    assert api.list("overdue=false", {"If-None-Match": "40"}).status_code == 400


@pytest.mark.requirement("FR-40")
def test_pages_of_what_is_overdue_follow_each_other(api: Api) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    for number in range(5):
        api.made(title=str(number), due_date=yesterday)
    page = api.list("overdue=true&limit=2&sort=due")
    titles = [task["title"] for task in page.json()]
    while "next" in page.links:
        page = api.client.get(page.links["next"]["url"])
        titles += [task["title"] for task in page.json()]
    assert titles == list("01234")


@pytest.mark.requirement("FR-40")
def test_tasks_without_tags_and_without_certain_tags(api: Api, find: Find) -> None:
    for tags in ([], ["a"], ["b"], ["a", "b", "c"], ["spa\u0308ter"]):
        api.made(title="".join(tags) or "none", tags=tags)
    late = "später"
    assert find(untagged="true") == ["none"]
    assert find(untagged="false") == ["a", "b", "abc", "spa\u0308ter".replace("a\u0308", "ä")]
    assert find(without_tag="a") == ["none", "b", late]
    assert find(without_tag=["a", "b"]) == ["none", late]
    assert find(without_tag="spa\u0308ter") == ["none", "a", "b", "abc"]
    assert find(without_tag="A") == ["none", "a", "b", "abc", late]
    assert find(tag="a", without_tag="c") == ["a"]
    assert find(untagged="true", without_tag="a") == ["none"]
    assert find(untagged="true", tag="a") == []


@pytest.mark.requirement("FR-40")
def test_completed_since_is_inclusive_and_finds_no_open_task(
    api: Api, find: Find, below: Connection
) -> None:
    task = api.made(title="done", completed=True)
    api.made(title="open")
    below.exec_driver_sql(
        "UPDATE tasks SET completed_at = '2026-11-21T07:45:33.258970Z' "
        f"WHERE user_id = 1 AND id = {task['id']}"
    )
    assert find(completed_since="2026-11-21T07:45:33.258970Z") == ["done"]
    assert find(completed_since="2026-11-21T13:30:33.258970+05:45") == ["done"]
    assert find(completed_since="2026-11-21T07:45:33.258971Z") == []
    assert find(completed_since="0001-01-01T00:00:00Z") == ["done"]


@pytest.mark.requirement("FR-40", "FR-19")
def test_what_is_overdue_can_be_trashed_and_restored_at_once(api: Api, find: Find) -> None:
    api.made(title="late", due_date=date(2000, 1, 1).isoformat())
    api.made(title="far", due_date="9999-12-31")
    assert api.delete_all("overdue=true").status_code == 204
    assert find() == ["far"]
    answer = api.client.post(api.surface.restore(1, "overdue=true&time_zone=Asia/Kathmandu"))
    assert answer.json() == {"restored": 1}
    assert find() == ["late", "far"]


@pytest.mark.requirement("FR-40")
@pytest.mark.parametrize(
    "query",
    [
        *("overdue=1", "overdue=", "untagged=yes", "untagged=true&untagged=true", "without_tag="),
        *("completed_since=now", "completed_since=2026-11-21", "overdue=true&overdue=true"),
    ],
)
def test_a_malformed_value_of_these_filters_is_refused(api: Api, query: str) -> None:
    assert api.list(query).status_code == 400
    assert api.delete_all(query).status_code == 400
