"""Orders of a list, and pages of each: every task once, whatever the others write meanwhile."""

from collections.abc import Callable, Iterator
from functools import cmp_to_key
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine

from backend.app import create_app
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.api import Api
from backend.tests.support.databases import cloned, settings_for
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import Recorder, RecordingClient
from backend.tests.support.surfaces import FLAT, PRIMARY, Surface

Task = dict[str, Any]
HIGHEST, LOWEST = 2**63 - 1, -(2**63)
TASKS: list[Task] = [
    {"title": "b", "order": None, "due_date": "2026-11-21", "priority": "low"},
    {"title": "B", "order": HIGHEST, "due_at": "2026-11-21T00:00:00Z", "completed": True},
    {"title": "a", "order": LOWEST, "due_at": "9999-12-31T23:59:59.999999Z", "priority": "high"},
    {"title": "Ä", "order": None, "priority": "high"},
    {"title": "ß", "order": HIGHEST - 1, "due_date": "9999-12-31", "completed": True},
    {"title": "ss", "order": 0, "due_date": "0001-01-01", "priority": "medium"},
    {"title": "a", "order": HIGHEST, "completed": True},
    {"title": "😀", "order": -1, "due_at": "2026-11-20T23:59:59.999999Z", "priority": "low"},
    {"title": "\uffff", "order": LOWEST, "due_at": "0001-01-01T00:00:00Z", "completed": True},
]
RANKS = {"none": 0, "low": 1, "medium": 2, "high": 3}


def due(task: Task) -> str | None:
    """Comparable as text: all in UTC and with microseconds."""
    moment: str | None = task["due_at"] or (task["due_date"] and f"{task['due_date']}T00:00:00Z")
    return moment and moment.replace("Z", "" if "." in moment else ".000000")


KEYS: dict[str, Callable[[Task], Any]] = {
    "created_at": lambda task: task["created_at"],
    "updated_at": lambda task: task["updated_at"],
    "due": due,
    "priority": lambda task: RANKS[task["priority"]],
    "order": lambda task: task["order"],
    "title": lambda task: task["title"].casefold(),
    "completed": lambda task: task["completed"],
}
SORTS = [f"{sign}{key}" for key in KEYS for sign in ("", "-")]
MIXED = [
    *("completed,-due,title", "-priority,due", "order,-priority", "-order,-due,-title"),
    *("-completed,order,-created_at", "title,completed", "priority,-order,due,-title,completed"),
    "-completed,-priority,-order,-due,-title,-updated_at,-created_at",
]


def in_order(tasks: list[Task], sort: str) -> list[Task]:
    """Reckoned here: null last in both directions, then the id."""

    def compare(one: Task, other: Task) -> int:
        for term in sort.split(","):
            key = KEYS[term.removeprefix("-")]
            left, right = key(one), key(other)
            if left == right:
                continue
            if left is None or right is None:
                return 1 if left is None else -1
            return (1 if left > right else -1) * (-1 if term.startswith("-") else 1)
        return 1 if one["id"] > other["id"] else -1

    return sorted(tasks, key=cmp_to_key(compare))


def walked(client: RecordingClient, url: str) -> Iterator[list[Task]]:
    """The pages, each fetched when it is asked for."""
    while url:
        page = client.get(url)
        assert page.status_code == 200, page.text
        yield page.json()
        url = page.links.get("next", {}).get("url", "")


@pytest.fixture(scope="module")
def filled(cluster: Cluster, template: str) -> Iterator[RecordingClient]:
    """The service with TASKS, some created and some updated at the same time; only read."""
    with cloned(cluster, template) as url, RecordingClient(create_app(settings_for(url))) as client:
        client.recorder = Recorder(client.app.state.runtime.engine)
        for task in TASKS:
            Api(client, PRIMARY).made(**task)
        with create_engine(url, poolclass=NullPool).begin() as connection:
            for column, ties in (("created_at", "mod(id, 3)"), ("updated_at", "id / 4")):
                connection.exec_driver_sql(
                    f"UPDATE tasks SET {column} = '2026-01-01Z'::timestamptz "
                    f"+ ({ties}) * interval '1.000001 second' WHERE user_id = 1"
                )
        yield client


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("sort", [*SORTS, *MIXED])
def test_a_sort_orders_by_its_keys_and_then_by_id(filled: RecordingClient, sort: str) -> None:
    tasks = filled.get(FLAT.tasks(1)).json()
    assert len(tasks) == len(TASKS)
    assert filled.get(PRIMARY.tasks(1, f"sort={sort}")).json() == in_order(tasks, sort)


@pytest.mark.requirement("FR-16")
def test_without_a_sort_the_oldest_comes_first(filled: RecordingClient, surface: Surface) -> None:
    tasks = filled.get(surface.tasks(1)).json()
    assert tasks == in_order(tasks, "created_at")
    assert tasks == filled.get(surface.tasks(1, "sort=created_at")).json()


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("sort", [*SORTS, *MIXED])
def test_pages_of_every_size_are_the_list(filled: RecordingClient, sort: str) -> None:
    whole = filled.get(PRIMARY.tasks(1, f"sort={sort}")).json()
    for limit in range(1, len(TASKS) + 1) if "," not in sort else (1, 4):
        surface = (PRIMARY, FLAT)[limit % 2]
        pages = list(walked(filled, surface.tasks(1, f"sort={sort}&limit={limit}")))
        assert list(chain(*pages)) == whole, limit
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert 1 <= len(pages[-1]) <= limit


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("sort", ["due", "-order,title"])
def test_filtered_pages_are_the_filtered_list(filled: RecordingClient, sort: str) -> None:
    query = f"completed=true&count=true&due_to=9999-12-31&sort={sort}"
    whole = filled.get(PRIMARY.tasks(1, query)).json()
    assert len(whole) == 3
    assert list(chain(*walked(filled, PRIMARY.tasks(1, f"{query}&limit=1")))) == whole


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
def test_by_creation_no_task_is_skipped_or_comes_twice_while_others_write(
    live: RecordingClient, surface: Surface, sort: str
) -> None:
    before = [Api(live, surface).made(title=str(number))["id"] for number in range(12)]
    ahead, behind = (before, before[::-1]) if sort.startswith("-") else (before[::-1], before)
    kept = set(before) - {behind[0], ahead[1]}
    seen: list[object] = []
    for number, page in enumerate(walked(live, surface.tasks(1, f"sort={sort}&limit=2"))):
        seen += [task["id"] for task in page]
        if number < 3:
            Api(live, surface).made(title="new")
        if number == 1:
            for task_id in (behind[0], ahead[1]):
                assert live.delete(surface.task(1, task_id)).status_code == 204
    assert len(seen) == len(set(seen))
    assert kept <= set(seen)
    assert ahead[1] not in seen
    assert len(set(seen) - set(before)) == (0 if sort.startswith("-") else 3)


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("sort", ["title", "-order", "updated_at", "priority,due"])
def test_by_a_key_that_others_change_each_task_left_alone_comes_once(
    live: RecordingClient, surface: Surface, sort: str
) -> None:
    tasks = [Api(live, surface).made(title=f"{n:02}", order=n, priority="low") for n in range(10)]
    moved, alone = tasks[3:7:3], [task["id"] for task in tasks[:3] + tasks[4:6] + tasks[7:]]
    ends: list[Task] = [
        {"title": "00", "order": -1, "priority": "none", "due_date": "2026-11-21"},
        {"title": "99", "order": 99, "priority": "high", "due_date": None},
    ]
    seen: list[int] = []
    for number, page in enumerate(walked(live, surface.tasks(1, f"sort={sort}&limit=2"))):
        seen += [task["id"] for task in page]
        for task in moved if number < 8 else []:
            live.patch(surface.task(1, task["id"]), json=ends[number % 2])
    assert sorted(task_id for task_id in seen if task_id in alone) == alone


@pytest.mark.requirement("FR-16", "FR-12")
@pytest.mark.parametrize(
    "sort",
    [
        *("", ",", "due,", ",due", "due,,title", "due,due", "due,-due", "-", "--due", "%2Bdue"),
        *("Due", "%20due", "due%20", "id", "revision", "title_folded", "deleted_at", "due%00"),
        *("due;title", "due%20desc", "mark7fe3", "due," * 900, "-due,title,-due"),
    ],
)
def test_an_unknown_or_repeated_sort_key_is_refused(client: RecordingClient, sort: str) -> None:
    response = client.get(FLAT.tasks(1, f"sort={sort}"))
    problem = require_problem(response, 400, "validation_error", "title_folded")
    assert [error["loc"] for error in problem["errors"]] == ["query.sort"]
    assert client.recorder.statements == []


def cursor_of(api: Api, query: str, owner: int = 1) -> str:
    link: str = api.of(owner).list(f"{query}&limit=1").links["next"]["url"]
    return link.partition("cursor=")[2]


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize(
    ("query", "other"),
    [
        *(("sort=due", "sort=-due"), ("sort=due", "sort=due,title"), ("sort=due", "")),
        *(("", "sort=-created_at"), ("", "deleted=true"), ("", "completed=false"), ("", "tag=a")),
        *(("completed=true", ""), ("q=a", "q=b"), ("q=a", ""), ("", "priority=low")),
        *(("due_to=9999-12-31", "due_to=9999-12-30"), ("", "updated_since=2026-01-01T00:00:00Z")),
    ],
)
def test_a_cursor_belongs_to_its_filters_and_its_sort(
    filled: RecordingClient, query: str, other: str
) -> None:
    cursor = cursor_of(Api(filled, PRIMARY), query)
    assert filled.get(PRIMARY.tasks(1, f"{query}&cursor={cursor}")).status_code == 200
    refused = filled.get(FLAT.tasks(1, f"{other}&cursor={cursor}"))
    require_problem(refused, 400, "invalid_cursor", cursor)
    assert filled.recorder.statements == []


@pytest.mark.requirement("FR-16", "FR-08")
@pytest.mark.parametrize("sort", ["created_at", "-due,title"])
def test_a_cursor_serves_both_surfaces_and_any_limit(filled: RecordingClient, sort: str) -> None:
    whole = filled.get(PRIMARY.tasks(1, f"sort={sort}")).json()
    for here, there in ((PRIMARY, FLAT), (FLAT, PRIMARY)):
        cursor = cursor_of(Api(filled, here), f"sort={sort}")
        query = f"limit=3&count=true&cursor={cursor}&sort={sort}"
        assert filled.get(there.tasks(1, query)).json() == whole[1:4]
        assert filled.get(there.tasks(2, query)).json()["code"] == "invalid_cursor"
