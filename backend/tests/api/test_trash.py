"""The trash: what is deleted is listed, restored, and thrown away by the many."""

from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.arena import Arena
from backend.tests.support.below import rows
from backend.tests.support.contents import CONTENT, FILTERS, MANY
from backend.tests.support.problems import require_problem
from backend.tests.support.surfaces import VERBS, Request, Surface
from backend.tests.support.tags import revision_of, tag_of

pytestmark = pytest.mark.requirement("FR-19")

NO_MATCH = ("tag=nowhere", "q=nothing", "due_to=1999-12-31", "tag=home&priority=none")
NO_FILTERS = (
    "deleted=true deleted=false sort=title limit=1 cursor=x count=true completd=true completed=1 "
    "completed=true&completed=false tag= due_from=now"
)
MAY_CHANGE_NOTHING = {"restore", "patch"}  # of a live task; to the title that it has already
WRITES = ("toggle", "patch", "toggle", "restore", "patch", "toggle", "create", "toggle", "trash")


@pytest.fixture
def many(api: Api) -> dict[str, dict[str, Any]]:
    """Tasks of many kinds by the first letter of their titles, another (z) in the trash."""
    made = {title[0]: api.made(title=title, **MANY[title]) for title in MANY}
    trashed = api.made(title="z old", **MANY["c urgent"])
    assert api.delete(trashed["id"]).status_code == 204
    return made


def titles(response: Any) -> str:
    """The first letters of the titles of a list."""
    assert response.status_code == 200, response.text
    return "".join(task["title"][0] for task in response.json())


def trash(api: Api, query: str = "") -> None:
    response = api.delete_all(query)
    assert (response.status_code, response.content) == (204, b""), response.text


def told(api: Api, request: Request) -> Any:
    """The task that was answered; None for no content or a task that is missing meanwhile."""
    response = api.send(request)
    assert response.status_code in {200, 201, 204, 404}, response.text
    return response.json() if response.status_code in {200, 201} else None


def in_order(answer: tuple[str, str, Any]) -> tuple[int, bool]:
    """A write that changed nothing tells of the change before it."""
    verb, _, task = answer
    return int(task["revision"]), verb in MAY_CHANGE_NOTHING


def without_change(task: dict[str, Any]) -> dict[str, Any]:
    return {name: task[name] for name in task.keys() - {"revision", "updated_at"}}


@pytest.mark.usefixtures("many")
def test_the_trash_is_listed_by_every_filter(api: Api) -> None:
    trash(api)
    for title, content in MANY.items():
        api.made(title=title, **content)
    for query, letters in FILTERS.items():
        old = "z" if "c" in letters else ""
        assert titles(api.list(f"{query}&deleted=true")) == letters + old
        assert titles(api.list(f"{query}&deleted=false")) == letters
        assert titles(api.list(query)) == letters


@pytest.mark.usefixtures("many")
def test_the_trash_is_sorted_counted_and_read_page_by_page(api: Api) -> None:
    trash(api)
    api.made(title="live")
    orders = {"-title": "zedcba", "priority,title": "abedcz", "due,title": "deabcz"}
    for sort, letters in orders.items():
        url, seen = api.tasks(f"deleted=true&count=true&limit=4&sort={sort}"), ""
        while url:
            page = api.client.get(url)
            assert page.headers["x-total-count"] == "6"
            seen, url = seen + titles(page), page.links.get("next", {}).get("url", "")
        assert seen == letters


def test_restoring_gives_the_same_task_back_and_is_repeatable(
    arena: Arena, surface: Surface
) -> None:
    api = arena.api(surface)
    made = [api.made(title=title, **MANY[title]) for title in MANY]
    trash(api)
    for task in made:
        for restored in [api.restore(task["id"]).json() for _ in range(3)]:
            assert without_change(restored) == without_change(task)
            assert restored["revision"] > task["revision"]
        assert api.read(task["id"]).json() == restored
    assert titles(api.list()) == "abcde"
    assert titles(api.list(deleted=True)) == ""


def test_what_was_trashed_with_many_is_missing(api: Api, many: dict[str, dict[str, Any]]) -> None:
    trash(api)
    for task, verb in product(many.values(), set(VERBS) - {"restore"}):
        response = api.do(verb, task["id"])
        assert response.status_code == 404
        assert verb == "head" or response.json()["code"] == "task_not_found"


@pytest.mark.parametrize("query", FILTERS)
def test_trashing_many_takes_just_what_matches_each_with_a_number_of_its_own(
    api: Api, query: str, many: dict[str, dict[str, Any]]
) -> None:
    url = api.tasks("deleted=true")
    before = api.client.get(url)
    [old], last = before.json(), revision_of(before.headers["etag"])
    trash(api, query)
    live, trashed = api.list(), api.client.get(url)
    matching = [many[letter] for letter in FILTERS[query]]
    assert live.json() == [task for task in many.values() if task not in matching]
    assert trashed.json()[-1] == old
    assert list(map(without_change, trashed.json()[:-1])) == list(map(without_change, matching))
    numbers = sorted(task["revision"] for task in trashed.json()[:-1])
    assert len(set(numbers)) == len(matching)
    assert numbers[0] > last
    assert live.headers["etag"] == trashed.headers["etag"] == tag_of(numbers[-1])


@pytest.mark.usefixtures("many")
def test_trashing_what_is_not_there_changes_nothing(api: Api, below: Connection) -> None:
    before = rows(below)
    for query, owner in [*((query, 1) for query in NO_MATCH), ("", 3)]:
        trash(api.of(owner), query)
        assert rows(below) == before
    trash(api)
    before = rows(below)
    trash(api)
    assert rows(below) == before


@pytest.mark.usefixtures("many")
def test_trashing_many_refuses_what_is_no_filter(api: Api, below: Connection) -> None:
    before = rows(below)
    for query in NO_FILTERS.split():
        response = api.delete_all(query)
        require_problem(response, 400, "validation_error")
    require_problem(api.client.delete("/api/v1/tasks"), 400, "validation_error")
    assert rows(below) == before


@pytest.mark.threat(21)
@pytest.mark.usefixtures("many")
def test_trashing_many_leaves_other_owners_alone(api: Api, below: Connection) -> None:
    api.of(2).create(**CONTENT)
    before = rows(below, 2)
    for query in FILTERS:
        trash(api, query)
    assert titles(api.list()) == ""
    assert rows(below, 2) == before


@pytest.mark.parametrize("query", ["completed=true", "q=1", ""])
def test_trashing_many_while_others_write_loses_no_change(
    arena: Arena, surface: Surface, query: str
) -> None:
    """Replays all answers in the order of their numbers: each change built on the one before."""
    api = arena.api(surface)
    made = [api.made(title="0", completed=n % 2 == 1) for n in range(8)]
    state = {task["id"]: task for task in made}
    ids = list(state)

    def write(number: int) -> tuple[str, str, Any]:
        verb, task_id = WRITES[number % len(WRITES)], ids[number % len(ids)]
        request = {
            **api.verbs(task_id),
            "create": surface.create(api.owner, title=str(number)),
            "patch": Request("PATCH", api.task(task_id), {"title": str(number)}),
            "trash": Request("DELETE", api.tasks(query)),
        }[verb]
        return verb, str(number), told(api, request)

    rounds = [arena.at_once(api.owner, 18, write) for _ in range(3)]
    answers = [answer for each in rounds for answer in each if answer[2]]
    revisions = []
    for verb, title, task in sorted(answers, key=in_order):
        before = state.get(task["id"], {**task, "completed": False, "title": title})
        if verb in MAY_CHANGE_NOTHING and task == before:
            continue
        revisions.append(task["revision"])
        assert task["completed"] == (before["completed"] != (verb == "toggle"))
        assert task["title"] == (title if verb in {"create", "patch"} else before["title"])
        assert task["created_at"] == before["created_at"]
        state[task["id"]] = task
    live, trashed = (api.list(deleted=which).json() for which in (False, True))
    assert {task["id"] for task in live + trashed} == state.keys()
    assert live == [state[task["id"]] for task in live]
    for task in trashed:
        assert without_change(task) == without_change(state[task["id"]])
        assert task["revision"] > state[task["id"]]["revision"]
        assert task["completed"] or query != "completed=true"
        assert "1" in task["title"] or query != "q=1"
    numbers = [task["revision"] for task in trashed] + revisions
    assert len(numbers) == len(set(numbers))


@pytest.mark.requirement("FR-19")
@pytest.mark.parametrize("query", ["q=", "q=%20"])
def test_an_empty_search_trashes_nothing(api: Api, query: str) -> None:
    api.create(title="kept")
    require_problem(api.delete_all(query), 400, "validation_error")
    assert len(api.list(query).json()) == 1
