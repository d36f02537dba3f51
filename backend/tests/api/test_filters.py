"""Which tasks a list is about: each filter alone, and all of them together."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlencode

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY, Surface

DAYS = [  # zone, day, its first instant, the first one of the next day
    ("UTC", "2026-11-21", "2026-11-21T00:00", "2026-11-22T00:00"),
    ("Europe/Berlin", "2026-11-21", "2026-11-20T23:00", "2026-11-21T23:00"),
    ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
    ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
    ("America/New_York", "2026-03-08", "2026-03-08T05:00", "2026-03-09T04:00"),
    ("America/New_York", "2026-11-01", "2026-11-01T04:00", "2026-11-02T05:00"),
    ("Asia/Kathmandu", "2026-11-21", "2026-11-20T18:15", "2026-11-21T18:15"),
    ("Pacific/Apia", "2026-11-21", "2026-11-20T11:00", "2026-11-21T11:00"),
    ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", "2011-12-31T10:00"),
    ("America/Havana", "2026-03-08", "2026-03-08T05:00", "2026-03-09T04:00"),  # begins at 01:00
    ("America/Havana", "2026-11-01", "2026-11-01T04:00", "2026-11-02T05:00"),  # 00:00 comes twice
    ("America/Sao_Paulo", "2019-02-16", "2019-02-16T02:00", "2019-02-17T03:00"),  # 23:00 does
]
ENDS = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")
EDGES = [  # zone, what is due on the first day of all, and on the last
    ("UTC", ["first", "first day"], ["last", "last day"]),
    ("Etc/GMT+12", ["first day"], ["last", "last day"]),
    ("Etc/GMT-14", ["first", "first day"], ["last day"]),
]
Add = Callable[..., dict[str, object]]
Find = Callable[..., list[str]]


def found(api: Api, **parameters: object) -> list[str]:
    response = api.list(urlencode(parameters, doseq=True))
    assert response.status_code == 200, response.text
    return [task["title"] for task in response.json()]


@pytest.fixture
def add(api: Api) -> Add:
    """Creates a task with this title and content."""
    return lambda title, **content: api.made(title=title, **content)


@pytest.fixture
def find(api: Api) -> Find:
    """The titles that a list with these parameters answers."""
    return partial(found, api)


def before(instant: str) -> str:  # by a microsecond
    return (datetime.fromisoformat(f"{instant}+00:00") - timedelta(microseconds=1)).isoformat()


def one_day(day: str, zone: str) -> dict[str, str]:
    return {"due_from": day, "due_to": day, "time_zone": zone}


@pytest.mark.requirement("FR-16")
def test_completed_tells_open_tasks_from_done_ones(add: Add, find: Find) -> None:
    add("open")
    add("done", completed=True)
    assert (find(completed="false"), find(completed="true")) == (["open"], ["done"])


@pytest.mark.requirement("FR-16")
def test_several_priorities_find_tasks_of_any(add: Add, find: Find) -> None:
    every = ["none", "low", "medium", "high"]
    for priority in every:
        add(priority, priority=priority)
        assert find(priority=priority) == [priority]
    assert find(priority=["high", "low", "high"]) == ["low", "high"]
    assert find(priority=every) == every


@pytest.mark.requirement("FR-16")
def test_several_tags_find_tasks_with_all(add: Add, find: Find) -> None:
    for tags in ([], ["a"], ["b"], ["b", "c", "a"]):
        add("".join(tags) or "none", tags=tags)
    assert find(tag="a") == ["a", "bca"]
    assert find(tag=["a", "b"]) == ["bca"]
    assert find(tag=["a", "a"]) == ["a", "bca"]
    assert find(tag=["a", "d"]) == []


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("tag", ["später", "a,b", '"', "{a}", "NULL", "\\", "%", "'", "😀" * 50])
def test_a_tag_is_found_as_it_is(add: Add, find: Find, tag: str) -> None:
    add("tagged", tags=[tag, "other"])
    add("alike", tags=[f"{tag[:40]}x", "a", "b"])
    assert find(tag=tag) == ["tagged"]
    assert find(tag=[tag, "OTHER"]) == find(tag=[tag, "b"]) == []


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize(("zone", "day", "first", "end"), DAYS, ids=str)
def test_the_zone_places_an_instant_on_its_day(
    client: RecordingClient, zone: str, day: str, first: str, end: str
) -> None:
    instants = [before(first), f"{first}:00Z", before(end), f"{end}:00Z", None]
    for title, due_at in zip(["before", "first", "last", "after", "no"], instants, strict=True):
        Api(client, PRIMARY).made(title=title, due_at=due_at)
    find = partial(found, Api(client, PRIMARY), time_zone=zone)
    assert find(due_from=day, due_to=day) == ["first", "last"]
    assert find(due_from=day) == ["first", "last", "after"]
    assert find(due_to=day) == ["before", "first", "last"]


@pytest.mark.requirement("FR-16")
def test_a_day_that_a_zone_left_out_has_no_instant(add: Add, find: Find) -> None:
    add("before", due_at="2011-12-30T09:59:59.999999Z")
    add("after", due_at="2011-12-30T10:00:00Z")
    add("day", due_date="2011-12-30")
    assert find(**one_day("2011-12-30", "Pacific/Apia")) == ["day"]
    assert find(**one_day("2011-12-30", "UTC")) == ["before", "after", "day"]


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_day_is_the_same_day_in_every_zone(add: Add, find: Find, zone: str) -> None:
    days = [f"2026-11-{day}" for day in (20, 21, 22)]
    for day in days:
        add(day, due_date=day)
        assert find(**one_day(day, zone)) == [day]
    assert find(due_from=days[1], time_zone=zone) == days[1:]
    assert find(due_to=days[1], time_zone=zone) == days[:2]
    assert find(due_from=days[2], due_to=days[0], time_zone=zone) == []


@pytest.mark.requirement("FR-16")
def test_today_is_one_query(add: Add, find: Find) -> None:
    for title, due_at in (("early", "21T00:30:00"), ("late", "21T23:30:00"), ("no", "22T00:00:00")):
        add(title, due_at=f"2026-11-{due_at}+01:00")
    add("day", due_date="2026-11-21")
    add("done", due_date="2026-11-21", completed=True)
    today = one_day("2026-11-21", "Europe/Berlin")
    assert find(**today, completed="false", sort="due") == ["early", "day", "late"]
    assert find(**today, q="day") == ["day"]


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize(("zone", "in_first", "in_last"), EDGES)
def test_time_has_two_ends_in_every_zone(
    add: Add, find: Find, zone: str, in_first: list[str], in_last: list[str]
) -> None:
    first, last = (end[:10] for end in ENDS)
    add("first", due_at=ENDS[0])
    add("first day", due_date=first)
    add("last", due_at=ENDS[1])
    add("last day", due_date=last)
    assert (find(**one_day(first, zone)), find(**one_day(last, zone))) == (in_first, in_last)
    assert find(due_from=first, due_to=last, time_zone=zone) == [*in_first, *in_last]


@pytest.mark.requirement("FR-16")
def test_updated_since_is_inclusive_to_the_microsecond(
    add: Add, find: Find, below: Connection
) -> None:
    task = add("changed")
    below.exec_driver_sql(
        "UPDATE tasks SET updated_at = '2026-11-21T07:45:33.258970Z' "
        f"WHERE user_id = 1 AND id = {task['id']}"
    )
    for since in (
        *("2026-11-21T07:45:33.258970Z", "2026-11-21t07:45:33.25897z", ENDS[0]),
        *("2026-11-21T13:30:33.258970+05:45", "2026-11-20T19:45:33.258970-12:00"),
    ):
        assert find(updated_since=since) == ["changed"], since
    for since in ("2026-11-21T07:45:33.258971Z", "2026-11-21T08:45:33.258971+01:00", ENDS[1]):
        assert find(updated_since=since) == [], since


@pytest.mark.requirement("FR-16", "FR-19")
def test_updated_since_finds_what_was_changed_since(
    live: RecordingClient, surface: Surface
) -> None:
    find = partial(found, Api(live, surface))
    tasks = [Api(live, surface).made(title=str(number)) for number in range(3)]
    changed = live.patch(surface.task(1, tasks[0]["id"]), json={"title": "new"}).json()
    assert find(updated_since=tasks[1]["updated_at"]) == ["new", "1", "2"]
    assert find(updated_since=changed["updated_at"]) == ["new"]
    live.delete(surface.task(1, tasks[2]["id"]))
    assert find(updated_since=changed["updated_at"], deleted="true") == ["2"]


@pytest.mark.requirement("FR-16", "FR-19")
def test_deleted_lists_the_trash_and_nothing_else(api: Api, add: Add, find: Find) -> None:
    _, *tasks = [add(name, tags=[name]) for name in ("kept", "a", "b")]
    for task in tasks:
        api.delete(task["id"])
    assert find(deleted="true") == ["a", "b"]
    assert find(deleted="false") == find() == ["kept"]
    assert (find(deleted="true", tag="b"), find(tag="b")) == (["b"], [])
    api.restore(tasks[0]["id"])
    assert (find(deleted="true"), find()) == (["b"], ["kept", "a"])


@pytest.mark.requirement("FR-16")
def test_all_filters_hold_at_once(add: Add, find: Find) -> None:
    def rent(**other: object) -> dict[str, object]:
        at = "2026-11-21T12:00:00Z"
        content = {"completed": True, "priority": "high", "tags": ["home", "money"], "due_at": at}
        return add("Pay the rent", **content | other)

    match = rent()
    rent(completed=False)
    rent(priority="low")
    rent(tags=["home"])
    rent(due_at="2026-11-20T23:59:59Z")
    rent(due_at="2026-11-22T00:00:00Z")
    rent(description="but not the bill")
    wanted = {
        "completed": "true",
        "priority": ["high", "medium"],
        "tag": ["money", "home"],
        "q": "RENT pay",
        "updated_since": match["updated_at"],
        **one_day("2026-11-21", "UTC"),
    }
    assert find(**wanted) == ["Pay the rent"] * 2
    assert find(**wanted | {"q": "bill rent"}) == ["Pay the rent"]
    for name in ("completed", "priority", "tag", "due_from", "due_to"):
        looser = {key: value for key, value in wanted.items() if key != name}
        assert len(find(**looser)) == 3, name


@pytest.mark.requirement("FR-16")
def test_the_total_counts_all_matches_of_all_pages(api: Api, add: Add) -> None:
    for number in range(7):
        add(str(number), completed=number % 2 == 0)
    pages = [api.list("completed=true&limit=3&count=true")]
    while "next" in pages[-1].links:
        pages.append(api.client.get(pages[-1].links["next"]["url"]))
    assert [[task["title"] for task in page.json()] for page in pages] == [["0", "2", "4"], ["6"]]
    assert [page.headers["x-total-count"] for page in pages] == ["4", "4"]
    assert "x-total-count" not in api.list("completed=true").headers
    nothing = api.list("completed=true&tag=a&count=true&limit=1&sort=-due")
    assert (nothing.status_code, nothing.json()) == (200, [])
    assert nothing.headers["x-total-count"] == "0"
    assert "link" not in nothing.headers
