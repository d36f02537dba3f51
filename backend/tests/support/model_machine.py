"""Service and model side by side: a request is sent, its answer compared with what was foretold."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.model import (
    Content,
    Refused,
    Task,
    answered,
    require_valid,
    stored,
)
from backend.tests.support.model_owner import Owner
from backend.tests.support.model_queries import Condition, Query
from backend.tests.support.model_series import following
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY, Request, Surface
from backend.tests.support.tags import tag_of

OWNERS = (1, 2**63 - 1)
_MISSING = [2**63 - 1, 10**9]
_STEPS_BETWEEN_LISTS = 33
T = TypeVar("T")


@dataclass
class Service:
    """What all examples of a run share."""

    client: RecordingClient
    below: Connection
    steps: int = 0
    seen: Counter[object] = field(default_factory=Counter)


class Place(NamedTuple):
    """Whose tasks, and on which surface."""

    owner: int
    surface: Surface


class Aim(NamedTuple):
    """Which of the tasks that are there by then, and on what condition."""

    place: Place
    kind: str
    number: int
    condition: Condition


class Page(NamedTuple):
    """A link that came with a page, and the task at the page's end as it was."""

    place: Place
    query: Query
    link: str
    last: Task


def task_of(response: Any, status: int = 200) -> Task:
    """The task in an answer."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    task = answered(response.json())
    assert response.headers["etag"] == tag_of(task.revision)
    return task


class ModelMachine(RuleBasedStateMachine):
    """A service and two owners; the rules are for a subclass."""

    service: Service

    def __init__(self) -> None:
        super().__init__()
        tables = "tasks, task_lists, idempotency_keys"
        self.service.below.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY")
        self.owners = {number: Owner(number) for number in OWNERS}
        self.pages: list[Page] = []
        self.steps = -1

    @invariant()
    def nothing_else_has_changed(self) -> None:
        """What is stored of both owners is what the model has; now and then the lists are, too."""
        known = {one.number: (one.revision, one.tasks) for one in self.owners.values()}
        written = {number: kept for number, kept in known.items() if kept[0]}
        assert stored(self.service.below) == written
        self.steps += 1
        if self.steps % _STEPS_BETWEEN_LISTS == 0:
            for owner in OWNERS:
                self.walk(Place(owner, PRIMARY), Query({}))
                self.walk(Place(owner, PRIMARY), Query({"deleted": True}))

    def teardown(self) -> None:
        self.service.steps += self.steps

    def send(self, request: Request, headers: Mapping[str, str] | None = None) -> Any:
        response = Api(self.service.client, PRIMARY).send(request, headers)
        self.service.seen[response.status_code] += 1
        note(f"{request} {headers} -> {response.status_code} {response.headers} {response.text}")
        return response

    def foretold(self, response: Any, told: Callable[[], T]) -> T | None:
        """What the model makes of a request, unless both refuse it, and alike."""
        try:
            return told()
        except Refused as refused:
            status, code = refused.args
        if response.request.method == "HEAD":
            assert (response.status_code, response.content) == (status, b"")
        else:
            require_problem(response, status, code)
        return None

    def target(self, aim: Aim) -> tuple[Owner, int, int]:
        """The owner, the id of such a task, and its revision if it is the owner's."""
        own = self.owners[aim.place.owner]
        [other] = [one for one in self.owners.values() if one is not own]
        pools = {"live": own.ids(), "trashed": own.ids(trashed=True), "foreign": other.ids()}
        ids = pools.get(aim.kind, _MISSING) or own.ids() or _MISSING
        task_id = ids[aim.number % len(ids)]
        return own, task_id, own.tasks[task_id].revision if task_id in own.tasks else 1

    def plan(
        self,
        aim: Aim,
        request: tuple[str, str, Any],
        change: Callable[[Content], Content],
        *,
        media_type: str = "application/json",
        find: Callable[[Owner, int], Task] = Owner.live,
    ) -> tuple[Any, Owner, Task, Content] | None:
        """Send a method, an action and a body to the task on its condition.

        Gives the answer, the owner, the task before and the content to be; None if both refuse.
        """
        owner, task_id, revision = self.target(aim)
        method, action, body = request
        headers = aim.condition.header("If-Match", revision) | {"Content-Type": media_type}
        url = aim.place.surface.task(owner.number, task_id, action)
        response = self.send(Request(method, url, body), headers)

        def told() -> tuple[Any, Owner, Task, Content]:
            aim.condition.require_valid()
            require_valid(body or {})
            before = find(owner, task_id)
            aim.condition.require_match()
            content = change(before.content)
            if content.parent_id != before.content.parent_id:
                owner.require_parent(task_id, content.parent_id)
            return response, owner, before, content

        return self.foretold(response, told)

    def write(
        self,
        aim: Aim,
        request: tuple[str, str, Any],
        change: Callable[[Content], Content],
        **more: Any,
    ) -> None:
        """A plan whose answer is the task as it is then."""
        if plan := self.plan(aim, request, change, **more):
            response, owner, before, content = plan
            owner.change(before, content, task_of(response))
            self.follow(owner, before)

    def follow(self, owner: Owner, before: Task) -> None:
        """Where a repeating task was completed by that, and is not followed yet, one follows."""
        done = owner.tasks[before.id]
        if before.content.completed or not done.content.completed or owner.is_followed(before.id):
            return
        if content := following(done.content, done.updated_at):
            [after] = self.stored_tasks(owner, self.stored_ids(owner) - owner.tasks.keys())
            owner.follow(done, content, after)
            self.service.seen["next"] += 1

    def moved_to_trash(self, owner: Owner, ids: set[int], response: Any) -> None:
        """A deletion was answered; the new revisions are in no answer."""
        assert (response.status_code, response.content) == (204, b"")
        family = owner.family(ids, trashed=True)
        self.service.seen["along"] += len(family)
        owner.move(self.stored_tasks(owner, ids | family), trashed=True)

    def moved_out_of_trash(self, owner: Owner, ids: set[int], response: Any) -> None:
        """A restore of many was answered with their number."""
        family = owner.family(ids, trashed=False)
        self.service.seen["back"] += len(family)
        everything = ids | family
        assert (response.status_code, response.json()) == (200, {"restored": len(everything)})
        owner.move(self.stored_tasks(owner, everything), trashed=False)

    def stored_ids(self, owner: Owner) -> set[int]:
        _, found = stored(self.service.below).get(owner.number, (0, {}))
        return {*found}

    def stored_tasks(self, owner: Owner, ids: set[int]) -> list[Task]:
        _, found = stored(self.service.below).get(owner.number, (0, {}))
        return [found[task_id] for task_id in ids]

    def require_page(
        self, response: Any, owner: Owner, query: Query, rest: list[Task]
    ) -> str | None:
        """A page of what is left to list; answers the link to the next, if there is more."""
        assert response.status_code == 200, response.text
        self.service.seen["pages"] += 1
        if response.request.method == "HEAD":
            assert response.content == b""
        else:
            trashed = query.filters.get("deleted", False)
            listed = [answered(task, trashed=trashed) for task in response.json()]
            assert listed == rest[: query.page_size]
        etag = None if query.follows_the_clock else tag_of(owner.revision)
        assert response.headers.get("etag") == etag
        total = str(len(query.all(owner.tasks.values()))) if query.count else None
        assert response.headers.get("x-total-count") == total
        link: str | None = response.links.get("next", {}).get("url")
        assert (link is not None) == (len(rest) > query.page_size)
        return link

    def walk(self, place: Place, query: Query, response: Any = None) -> None:
        """Follow the links from the first page to the last."""
        owner = self.owners[place.owner]
        rest = query.all(owner.tasks.values())
        url = place.surface.tasks(place.owner, str(query))
        response = response or self.send(Request("GET", url))
        while link := self.require_page(response, owner, query, rest):
            last, rest = rest[query.page_size - 1], rest[query.page_size :]
            self.pages.append(Page(place, query, link, last))
            response = self.send(Request("GET", link))
            self.service.seen["followed"] += 1
